//! What is wrong with a policy, or could be better?
//!
//! The findings are those of IAM Access Analyzer's ValidatePolicy, under its codes and in its form;
//! the wording is ours. `validate/codes.tsv` lists each code, and for those left out, why. A
//! permissions boundary is an identity policy, the trust policy of a role one of a resource.
//!
//! What exists is told by the [`Reference`]: an action that is newer than it does not exist here.

mod action;
mod attached;
mod condition_key;
mod condition_value;
mod control;
mod element;
mod policy_type;
mod principal;
mod redundant;
mod resource;
mod role;
mod subject;
mod tag_key;
mod trust;
mod variable;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Serialize;

use crate::reference::Reference;
use crate::spanned::{self, Position};
use subject::{Findings, Subject};

pub use policy_type::{PolicyType, ResourceType};

/// The checks, in the order of their findings.
const CHECKS: &[fn(&Subject<'_>, &mut Findings<'_>)] = &[
    element::check,         // the grammar: elements, their types, what is missing
    principal::check,       // who there can be
    action::check,          // actions that do not exist
    resource::check,        // ARNs that cannot be
    condition_key::check,   // operators and keys
    condition_value::check, // values that do not fit their operator or key
    variable::check,        // policy variables
    trust::check,           // who may assume a role
    attached::check,        // what does not suit the resource
    control::check,         // what a resource control policy must not have
    role::check,            // roles that can be passed or created too freely
    tag_key::check,         // tag conditions that a service does not know
    redundant::check,       // what can go without a loss
];

/// A text of more bytes is not looked into: the largest policy that AWS takes is a tenth of it.
pub const MAX_BYTES: usize = 256 * 1024;

/// Something about a policy that its author should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// How grave it is.
    pub finding_type: FindingType,
    /// IAM Access Analyzer's code, such as `INVALID_ACTION`.
    pub issue_code: &'static str,
    /// What it is.
    pub finding_details: String,
    /// Where in AWS's documentation the check is described.
    pub learn_more_link: String,
    /// Where in the document it is.
    pub locations: Vec<Location>,
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FindingType {
    /// The policy does not work, or not as written.
    Error,
    /// The policy may grant more than is good.
    SecurityWarning,
    /// The policy is not as AWS recommends.
    Warning,
    /// The policy could be simpler or clearer.
    Suggestion,
}

impl FindingType {
    /// Its name in words, as AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::SecurityWarning => "security warning",
            Self::Warning => "warning",
            Self::Suggestion => "suggestion",
        }
    }
}

/// A place in a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Location {
    /// The way from the document's root.
    pub path: Vec<PathElement>,
    /// The text.
    pub span: Span,
}

/// A step on the way to a place in a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PathElement {
    /// An element of an array.
    Index(usize),
    /// A key of an object, the key itself.
    Key(String),
    /// A part of a string.
    Substring {
        /// Characters before it.
        start: usize,
        /// Characters in it.
        length: usize,
    },
    /// The value of a key of an object.
    Value(String),
}

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Its first character.
    pub start: Position,
    /// The first character behind it.
    pub end: Position,
}

/// The findings on `text`. If it is no JSON, that is the only one.
///
/// ```
/// # use trailwright_engine::Reference;
/// # use trailwright_engine::validate::{PolicyType, validate};
/// let policy = r#"{"Version": "2012-10-17", "Statement": [
///     {"Effect": "Allow", "Action": "s3:GetObjects", "Resource": "*"}]}"#;
/// let findings = validate(policy, PolicyType::Identity, Reference::bundled());
/// assert_eq!(findings[0].issue_code, "INVALID_ACTION");
/// ```
pub fn validate(text: &str, policy_type: PolicyType, reference: &Reference) -> Vec<Finding> {
    let mut findings = Findings::new(text);
    if text.len() > MAX_BYTES {
        let details = format!(
            "the text is {} bytes, too many to look further: no policy has more than {MAX_BYTES}",
            text.len()
        );
        findings.add_on_all(policy_type.far_too_large(), details);
        return findings.into_list();
    }
    match spanned::parse(text) {
        Ok(root) => {
            let subject = Subject::new(text, &root, policy_type, reference);
            for check in CHECKS {
                check(&subject, &mut findings);
            }
        }
        Err(error) => findings.syntax_error(&error),
    }
    findings.into_list()
}

/// A check that IAM Access Analyzer knows.
#[derive(Debug, Clone, Copy)]
pub struct Code {
    /// Its name, such as `INVALID_ACTION`.
    pub name: &'static str,
    /// How grave its findings are.
    pub finding_type: FindingType,
    /// Why it is left out here, if it is.
    pub left_out: Option<&'static str>,
    /// What to do about a finding, where the finding itself does not say it.
    pub hint: Option<&'static str>,
    /// The part of the link that tells its kind.
    anchor: &'static str,
}

impl Code {
    /// The check called `name`.
    pub fn find(name: &str) -> Option<&'static Self> {
        CODES.get(name)
    }

    /// Where AWS describes the check.
    pub fn learn_more_link(&self) -> String {
        let slug = self.name.to_lowercase().replace('_', "-");
        format!(
            "https://docs.aws.amazon.com/IAM/latest/UserGuide/\
             access-analyzer-reference-policy-checks.html\
             #access-analyzer-reference-policy-checks-{}-{slug}",
            self.anchor
        )
    }
}

/// All checks that IAM Access Analyzer documents for policies of any type, sorted by name.
pub fn codes() -> impl Iterator<Item = &'static Code> {
    CODES.values()
}

/// All checks by name, from `validate/codes.tsv`.
static CODES: LazyLock<BTreeMap<&'static str, Code>> = LazyLock::new(|| {
    include_str!("validate/codes.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut cells = line.split('\t');
            let (name, kind, state) = (cells.next()?, cells.next()?, cells.next()?);
            let (finding_type, anchor) = match kind {
                "Error" => (FindingType::Error, "error"),
                "Security Warning" => (FindingType::SecurityWarning, "security-warning"),
                "General Warning" => (FindingType::Warning, "general-warning"),
                "Suggestion" => (FindingType::Suggestion, "suggestion"),
                _ => return None,
            };
            let note = cells.next().unwrap_or_default();
            let is_implemented = state == "implemented";
            let code = Code {
                name,
                finding_type,
                anchor,
                left_out: (!is_implemented).then_some(note),
                hint: Some(note).filter(|note| is_implemented && !note.is_empty()),
            };
            Some((name, code))
        })
        .collect()
});

#[cfg(test)]
mod tests;
