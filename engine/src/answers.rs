//! What did the user decide that no event tells?
//!
//! Actions to add, of services whose events name none, and values for placeholders. Typed on the
//! command line or read from a file; either way each action is one that AWS knows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::arn::Arn;
use crate::reference::Reference;

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
    /// On the resources that it requires, as placeholders; on `*` if it requires none.
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
        let name = name.trim_start_matches("${").trim_end_matches('}');
        if name.is_empty() || value.is_empty() {
            return Err(form());
        }
        let known = self.set.remove(name);
        let mut values = known.map_or(Vec::new(), |known| known.values().to_vec());
        values.push(value.to_owned());
        self.set.insert(name.to_owned(), Values::Many(values));
        Ok(())
    }

    /// Whether AWS knows each action, and each resource is one.
    pub fn check(&self, reference: &Reference) -> Result<(), AnswerError> {
        for addition in &self.add {
            let action = addition.action();
            if action.contains(['*', '?']) {
                return Err(AnswerError::Pattern(action.to_owned()));
            }
            known(action, reference)?;
            let Addition::On(on) = addition else { continue };
            let wrong = on.resources.iter().find(|it| !is_resource(it));
            if let Some(resource) = wrong {
                return Err(AnswerError::Resource {
                    action: action.to_owned(),
                    resource: resource.clone(),
                });
            }
        }
        Ok(())
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
            Self::Resource { .. } => "give an ARN, or * for all".to_owned(),
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
        assert_eq!(adding("sqs:SendMessage=arn:aws:sqs:eu-west-1:1:q"), Ok(()));
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
