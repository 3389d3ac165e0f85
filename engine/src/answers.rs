//! What did the user decide that no event tells?
//!
//! Actions to add, of services whose events name none, and values for placeholders. Typed on the
//! command line or read from a file; either way each action is one that AWS knows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::arn::Arn;
use crate::generate::{MOST_TYPES, can_be_held, limiting};
use crate::policy::{Effect, PolicyDocument, Statement};
use crate::reference::Reference;
use crate::validate::{FindingType, PolicyType, validate};

/// The user's decisions.
///
/// ```
/// # use trailwright_engine::answers::Answers;
/// # use trailwright_engine::Reference;
/// let answers: Answers = serde_json::from_str(r#"{
///     "add": ["sqs:ListQueues", {"action": "sqs:SendMessage", "resources": ["arn:aws:sqs:eu-west-1:111122223333:q"]}],
///     "set": {"BucketName": ["logs", "backups"], "Region": "eu-west-1"}
/// }"#)?;
/// assert_eq!(answers.check(Reference::bundled()), Ok(()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answers {
    /// Actions to allow besides those that were used.
    pub add: Vec<Addition>,
    /// Values of placeholders, by their names.
    pub set: BTreeMap<String, Values>,
}

/// An action to allow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Addition {
    /// On the types of resource that it requires or can be limited to, as placeholders; on `*` if
    /// there are none.
    Action(String),
    /// On these resources.
    On(ActionOn),
}

/// An action on resources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionOn {
    /// `sqs:SendMessage`.
    pub action: String,
    /// ARNs, ARN patterns or `*`.
    pub resources: Vec<String>,
}

/// One value, or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Values {
    /// One.
    One(String),
    /// Several: a resource for each.
    Many(Vec<String>),
}

/// An answer that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// AWS knows no such action.
    #[error("AWS knows no action `{action}`")]
    UnknownAction {
        /// As the user gave it.
        action: String,
        /// Actions that were perhaps meant.
        alike: Vec<&'static str>,
        /// Its service, if that is known.
        service: Option<&'static str>,
    },
    /// More than one action.
    #[error("`{0}` is a pattern: name the actions one by one")]
    Pattern(String),
    /// A resource that is no ARN.
    #[error("`{resource}` is no resource for `{action}`")]
    Resource {
        /// The action.
        action: String,
        /// As the user gave it.
        resource: String,
    },
    /// No resource at all.
    #[error("`{0}` is to be added on no resource")]
    NoResource(String),
    /// An action that can be limited to more types of resource than anybody would fill in.
    #[error("`{action}` can be limited to {types} types of resource, and is given none")]
    ManyTypes {
        /// The action.
        action: String,
        /// How many there are.
        types: usize,
    },
    /// A resource that IAM would not take.
    #[error("`{resource}` is no resource that IAM takes: {why}")]
    Refused {
        /// As the user gave it.
        resource: String,
        /// What the check of policies finds.
        why: String,
    },
    /// A placeholder without a value, or with one of no characters.
    #[error("the placeholder `{0}` is given no value")]
    NoValue(String),
    /// A name that no placeholder can have.
    #[error("`{0}` is no name of a placeholder")]
    Name(String),
    /// A character that no policy can hold.
    #[error("`{text}` has the character {}, and IAM takes those up to U+00FF in a policy", named(*sign))]
    Character {
        /// As the user gave it.
        text: String,
        /// The first such character.
        sign: char,
    },
    /// A text of a form that is not understood.
    #[error("expected {expected}, got `{text}`")]
    Form {
        /// What would be.
        expected: &'static str,
        /// As the user gave it.
        text: String,
    },
}

/// Names that a hint suggests.
const SUGGESTIONS: usize = 3;

impl Values {
    /// The values, however they are written.
    pub fn values(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

impl Addition {
    /// Reads `ACTION` or `ACTION=ARN`.
    pub fn parse(text: &str) -> Self {
        match text.split_once('=') {
            None => Self::Action(text.to_owned()),
            Some((action, resource)) => Self::On(ActionOn {
                action: action.to_owned(),
                resources: vec![resource.to_owned()],
            }),
        }
    }

    /// The action.
    pub fn action(&self) -> &str {
        match self {
            Self::Action(action) => action,
            Self::On(on) => &on.action,
        }
    }
}

impl Answers {
    /// Sets a placeholder by `NAME=VALUE`, besides the values that it has.
    pub fn set(&mut self, text: &str) -> Result<(), AnswerError> {
        let form = || AnswerError::Form {
            expected: "NAME=VALUE",
            text: text.to_owned(),
        };
        let (name, value) = text.split_once('=').ok_or_else(form)?;
        let name = bare(name);
        if name.is_empty() || value.is_empty() {
            return Err(form());
        }
        let known = self.set.remove(name);
        let mut values = known.map_or(Vec::new(), |known| known.values().to_vec());
        values.push(value.to_owned());
        self.set.insert(name.to_owned(), Values::Many(values));
        Ok(())
    }

    /// Whether AWS knows each action, and IAM takes each resource and value.
    pub fn check(&self, reference: &Reference) -> Result<(), AnswerError> {
        for addition in &self.add {
            check_addition(addition, reference)?;
        }
        for (name, values) in &self.set {
            let plain = |sign: char| sign.is_ascii_alphanumeric() || "-_.".contains(sign);
            if bare(name).is_empty() || !bare(name).chars().all(plain) {
                return Err(AnswerError::Name(name.clone()));
            }
            let values = values.values();
            if values.is_empty() || values.iter().any(|it| it.trim().is_empty()) {
                return Err(AnswerError::NoValue(name.clone()));
            }
            values.iter().try_for_each(|it| holdable(it))?;
        }
        Ok(())
    }

    /// The values of placeholders by their bare names.
    pub(crate) fn values(&self) -> BTreeMap<&str, &[String]> {
        let set = self.set.iter();
        set.map(|(name, values)| (bare(name), values.values()))
            .collect()
    }
}

/// The name of a placeholder, which may be written as it stands in a policy.
fn bare(name: &str) -> &str {
    name.strip_prefix("${")
        .and_then(|name| name.strip_suffix('}'))
        .unwrap_or(name)
}

fn check_addition(addition: &Addition, reference: &Reference) -> Result<(), AnswerError> {
    let action = addition.action();
    if action.contains(['*', '?']) {
        return Err(AnswerError::Pattern(action.to_owned()));
    }
    let action = known(action, reference)?;
    let Addition::On(on) = addition else {
        return limited(action, reference);
    };
    if on.resources.is_empty() {
        return Err(AnswerError::NoResource(action));
    }
    for resource in &on.resources {
        if !is_resource(resource) {
            return Err(AnswerError::Resource {
                action,
                resource: resource.clone(),
            });
        }
        holdable(resource)?;
        // A placeholder is none that IAM would take before it has a value.
        if resource.contains("${") {
            continue;
        }
        if let Some(why) = refusal(&action, resource, reference) {
            let resource = resource.clone();
            return Err(AnswerError::Refused { resource, why });
        }
    }
    Ok(())
}

/// Whether an action without a resource has few enough placeholders.
fn limited(action: String, reference: &Reference) -> Result<(), AnswerError> {
    let known = action.split_once(':');
    let known = known.and_then(|(prefix, name)| reference.action(prefix, name));
    match known.map_or(0, |it| limiting(it, reference).len()) {
        types if types > MOST_TYPES => Err(AnswerError::ManyTypes { action, types }),
        _ => Ok(()),
    }
}

/// What is wrong with a resource, if a policy with it would not work.
fn refusal(action: &str, resource: &str, reference: &Reference) -> Option<String> {
    let statement = Statement::new(Effect::Allow, action.into(), resource.into());
    let text = PolicyDocument::new(vec![statement]).to_json();
    let findings = validate(&text, PolicyType::Identity, reference).into_iter();
    let mut errors = findings.filter(|it| it.finding_type == FindingType::Error);
    errors.next().map(|it| it.finding_details)
}

/// Whether a policy can hold each character.
fn holdable(text: &str) -> Result<(), AnswerError> {
    match text.chars().find(|sign| !can_be_held(*sign)) {
        None => Ok(()),
        Some(sign) => Err(AnswerError::Character {
            text: text.to_owned(),
            sign,
        }),
    }
}

/// A character with its number, or that alone if it cannot be seen.
fn named(sign: char) -> String {
    let number = format!("U+{:04X}", u32::from(sign));
    match sign.is_control() {
        true => number,
        false => format!("`{sign}` ({number})"),
    }
}

impl AnswerError {
    /// What to do.
    pub fn hint(&self) -> String {
        match self {
            Self::UnknownAction { alike, .. } if !alike.is_empty() => {
                format!("did you mean {}", alike.join(" or "))
            }
            Self::UnknownAction {
                service: Some(service),
                ..
            } => format!("`trailwright reference actions {service}` lists what there is"),
            Self::UnknownAction { .. } => {
                "an action is SERVICE:NAME, such as sqs:SendMessage".to_owned()
            }
            Self::Pattern(_) => "an action that nobody named would be granted as well".to_owned(),
            Self::Resource { .. } | Self::NoResource(_) | Self::Refused { .. } => {
                "give an ARN, or * for all".to_owned()
            }
            Self::ManyTypes { action, .. } => {
                format!("say on which, as in `{action}=ARN`, or `{action}=*` for all")
            }
            Self::NoValue(name) => format!(
                "for example {}=logs; without it the placeholder stays open",
                bare(name)
            ),
            Self::Name(_) => {
                "the name is what stands between ${ and }, such as BucketName".to_owned()
            }
            Self::Character { .. } => {
                "write ? for that one character, or * for any: that is wider, and told".to_owned()
            }
            Self::Form { .. } => "for example BucketName=logs".to_owned(),
        }
    }
}

fn is_resource(text: &str) -> bool {
    text == "*"
        || text
            .parse::<Arn>()
            .is_ok_and(|arn| !arn.resource.is_empty())
}

/// The action as AWS spells it.
pub(crate) fn known(action: &str, reference: &Reference) -> Result<String, AnswerError> {
    let (prefix, name) = action.split_once(':').unwrap_or((action, ""));
    let service = reference.service(prefix);
    match reference.action(prefix, name) {
        Some(found) => Ok(format!("{}:{}", found.prefix, found.name)),
        None => Err(AnswerError::UnknownAction {
            action: action.to_owned(),
            alike: alike(prefix, name, reference),
            service: service.map(|service| service.prefix),
        }),
    }
}

/// Actions of a service whose names are most like `name`, the best first.
pub(crate) fn alike(prefix: &str, name: &str, reference: &Reference) -> Vec<&'static str> {
    let mut near: Vec<(f64, &'static str)> = reference
        .actions(prefix)
        .iter()
        .map(|action| (strsim::jaro_winkler(name, action.name), action.name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    near.into_iter()
        .map(|(_, name)| name)
        .take(SUGGESTIONS)
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn adding(text: &str) -> Result<(), AnswerError> {
        let add = vec![Addition::parse(text)];
        let answers = Answers {
            add,
            ..Answers::default()
        };
        answers.check(Reference::bundled())
    }

    #[test]
    fn only_actions_that_aws_knows_can_be_added() {
        assert_eq!(adding("sqs:SendMessage"), Ok(()));
        assert_eq!(adding("SQS:sendmessage"), Ok(()));
        assert_eq!(
            adding("sqs:SendMessage=arn:aws:sqs:eu-west-1:111122223333:q"),
            Ok(())
        );
        for (text, error, hint) in [
            (
                "sqs:SendMessag",
                "AWS knows no action `sqs:SendMessag`",
                "did you mean SendMessage",
            ),
            (
                "sqs:Frobnicate",
                "AWS knows no action `sqs:Frobnicate`",
                "`trailwright reference actions sqs` lists what there is",
            ),
            (
                "nosuch:X",
                "AWS knows no action `nosuch:X`",
                "an action is SERVICE:NAME, such as sqs:SendMessage",
            ),
            (
                "sqs:*",
                "`sqs:*` is a pattern: name the actions one by one",
                "an action that nobody named would be granted as well",
            ),
            (
                "ec2:CreateTags",
                "`ec2:CreateTags` can be limited to 106 types of resource, and is given none",
                "say on which, as in `ec2:CreateTags=ARN`, or `ec2:CreateTags=*` for all",
            ),
            (
                "sqs:SendMessage=queue",
                "`queue` is no resource for `sqs:SendMessage`",
                "give an ARN, or * for all",
            ),
        ] {
            let told = adding(text).unwrap_err();
            assert_eq!(told.to_string(), error);
            assert!(told.hint().starts_with(hint), "{}", told.hint());
        }
    }

    #[test]
    fn what_iam_would_not_take_is_refused_before_anything_is_written() {
        for (answers, error) in [
            (
                r#"{"add": [{"action": "s3:GetObject", "resources": []}]}"#,
                "`s3:GetObject` is to be added on no resource",
            ),
            (
                r#"{"add": [{"action": "s3:GetObject", "resources": ["arn:aws:s3:::b/日"]}]}"#,
                "`arn:aws:s3:::b/日` has the character `日` (U+65E5), and IAM takes those up to U+00FF in a policy",
            ),
            (
                r#"{"add": [{"action": "s3:GetObject", "resources": ["arn:aws:s3:::b/\u0001"]}]}"#,
                "`arn:aws:s3:::b/\u{1}` has the character U+0001, and IAM takes those up to U+00FF in a policy",
            ),
            (
                r#"{"add": [{"action": "sqs:SendMessage", "resources": ["arn:aws:sqs:eu-west-1:12:q"]}]}"#,
                "`arn:aws:sqs:eu-west-1:12:q` is no resource that IAM takes: ",
            ),
            (
                r#"{"set": {"BucketName": []}}"#,
                "the placeholder `BucketName` is given no value",
            ),
            (
                r#"{"set": {"BucketName": " "}}"#,
                "the placeholder `BucketName` is given no value",
            ),
            (
                r#"{"set": {"${BucketName": "a"}}"#,
                "`${BucketName` is no name of a placeholder",
            ),
            (r#"{"set": {"": "a"}}"#, "`` is no name of a placeholder"),
            (
                r#"{"set": {"ObjectName": ["a", "ж"]}}"#,
                "`ж` has the character `ж` (U+0436), and IAM takes those up to U+00FF in a policy",
            ),
        ] {
            let answers: Answers = serde_json::from_str(answers).unwrap();
            let told = answers.check(Reference::bundled()).unwrap_err();
            assert!(told.to_string().starts_with(error), "{told}");
            assert!(!told.hint().is_empty());
        }
        let fine = r#"{"set": {"${BucketName}": ["é", "${aws:username}"]},
            "add": [{"action": "s3:GetObject", "resources": ["arn:aws:s3:::${BucketName}/*"]}]}"#;
        let answers: Answers = serde_json::from_str(fine).unwrap();
        assert_eq!(answers.check(Reference::bundled()), Ok(()));
        assert!(answers.values().contains_key("BucketName"));
    }

    #[test]
    fn a_placeholder_takes_more_than_one_value() {
        let mut answers = Answers::default();
        answers.set("BucketName=a").unwrap();
        answers.set("${BucketName}=b=c").unwrap();
        let expected = Values::Many(vec!["a".to_owned(), "b=c".to_owned()]);
        assert_eq!(answers.set.get("BucketName"), Some(&expected));
        assert!(answers.set("BucketName").is_err());
        assert!(answers.set("=x").is_err());
    }
}
