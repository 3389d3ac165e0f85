//! What does an IAM policy document look like?
//!
//! The JSON grammar of policies, nothing more: what a document means is [`crate::evaluate`]'s to
//! say, and whether it is a good one [`crate::validate`]'s.

mod operator;
mod parse;

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

pub use operator::{Comparison, Operator, Quantifier, Test};
pub use parse::{PolicyError, statement_position};

/// The grammar's version; the older one knows no policy variables.
pub const VERSION: &str = "2012-10-17";

/// The grammar's older version, which holds where a document names none.
pub const OLD_VERSION: &str = "2008-10-17";

/// The conditions of a statement: operator, key and values.
pub type Condition = BTreeMap<String, BTreeMap<String, OneOrMany>>;

/// An IAM policy document.
///
/// Read from text it is complete: what the grammar does not know is an error that says where.
///
/// ```
/// # use trailwright_engine::PolicyDocument;
/// let policy: PolicyDocument = r#"{
///     "Version": "2012-10-17",
///     "Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
/// }"#.parse()?;
/// assert_eq!(policy.statement.len(), 1);
/// # Ok::<(), trailwright_engine::policy::PolicyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyDocument {
    /// Always [`VERSION`] in documents of ours; without one, [`OLD_VERSION`] holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// A name that some services ask for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its statements.
    pub statement: Vec<Statement>,
}

/// One statement of a policy document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    /// Its name: letters and digits, unique in the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// Allow or Deny.
    pub effect: Effect,
    /// Whom it is about. Only the policy of a resource says so.
    #[serde(flatten)]
    pub principals: Option<Principals>,
    /// The actions it is about.
    #[serde(flatten)]
    pub actions: Actions,
    /// The resources it is about. Only a role's trust policy leaves them out.
    #[serde(flatten)]
    pub resources: Option<Resources>,
    /// What must hold as well.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub condition: Condition,
}

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Effect {
    /// Grants.
    Allow,
    /// Takes away, whatever else grants.
    Deny,
}

/// The actions of a statement, perhaps with wildcards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Actions {
    /// These.
    Action(OneOrMany),
    /// All but these.
    NotAction(OneOrMany),
}

/// The resources of a statement, perhaps with wildcards and policy variables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Resources {
    /// These.
    Resource(OneOrMany),
    /// All but these.
    NotResource(OneOrMany),
}

/// The principals of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Principals {
    /// These.
    Principal(PrincipalSet),
    /// All but these.
    NotPrincipal(PrincipalSet),
}

/// Principals, as a policy names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum PrincipalSet {
    /// A plain string. IAM takes `*` only.
    Any(String),
    /// By kind: `AWS`, `Service`, `Federated`, `CanonicalUser`.
    Of(BTreeMap<String, OneOrMany>),
}

/// IAM writes a single value plain and several as an array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// A plain string.
    One(String),
    /// An array of strings.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The values, however they are written.
    pub fn values(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

impl FromIterator<String> for OneOrMany {
    fn from_iter<I: IntoIterator<Item = String>>(values: I) -> Self {
        let mut values: Vec<String> = values.into_iter().collect();
        match (values.len(), values.pop()) {
            (1, Some(value)) => Self::One(value),
            (_, last) => Self::Many(values.into_iter().chain(last).collect()),
        }
    }
}

impl From<&str> for OneOrMany {
    fn from(value: &str) -> Self {
        Self::One(value.to_owned())
    }
}

impl Actions {
    /// The patterns, and whether the statement is about all but them.
    pub fn patterns(&self) -> (&[String], bool) {
        match self {
            Self::Action(values) => (values.values(), false),
            Self::NotAction(values) => (values.values(), true),
        }
    }
}

impl Resources {
    /// The patterns, and whether the statement is about all but them.
    pub fn patterns(&self) -> (&[String], bool) {
        match self {
            Self::Resource(values) => (values.values(), false),
            Self::NotResource(values) => (values.values(), true),
        }
    }
}

impl Statement {
    /// A statement about these actions on these resources, without a name or conditions.
    pub fn new(effect: Effect, actions: OneOrMany, resources: OneOrMany) -> Self {
        Self {
            sid: None,
            effect,
            principals: None,
            actions: Actions::Action(actions),
            resources: Some(Resources::Resource(resources)),
            condition: Condition::new(),
        }
    }

    /// A named statement that grants these actions on these resources.
    pub fn allow(sid: impl Into<String>, actions: OneOrMany, resources: OneOrMany) -> Self {
        Self {
            sid: Some(sid.into()),
            ..Self::new(Effect::Allow, actions, resources)
        }
    }

    /// The same statement, where these conditions hold.
    #[must_use]
    pub fn with_condition(self, condition: Condition) -> Self {
        Self { condition, ..self }
    }
}

impl PolicyDocument {
    /// A document of these statements.
    pub fn new(statement: Vec<Statement>) -> Self {
        Self {
            version: Some(VERSION.to_owned()),
            id: None,
            statement,
        }
    }

    /// Whether `${...}` in it is a variable. In the older grammar it is plain text.
    pub fn has_variables(&self) -> bool {
        self.version.as_deref() == Some(VERSION)
    }

    /// The document as people read it, two spaces deep, without a newline at its end.
    pub fn to_json(&self) -> String {
        // Strings and maps alone cannot fail to serialize.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Its size as IAM counts it: characters without white space.
    pub fn size(&self) -> usize {
        self.to_json()
            .chars()
            .filter(|c| !c.is_whitespace())
            .count()
    }
}

impl FromStr for PolicyDocument {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        parse::document(text)
    }
}

impl<'de> Deserialize<'de> for PolicyDocument {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(from)?;
        value.to_string().parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_document_reads_back_as_it_was_written() {
        let text = r#"{
  "Version": "2012-10-17",
  "Id": "all-of-it",
  "Statement": [
    {
      "Sid": "One",
      "Effect": "Deny",
      "Principal": {
        "AWS": "*"
      },
      "NotAction": [
        "s3:Get*",
        "s3:List*"
      ],
      "NotResource": "arn:aws:s3:::logs/*",
      "Condition": {
        "StringEquals": {
          "aws:username": [
            "a",
            "b"
          ]
        }
      }
    },
    {
      "Effect": "Allow",
      "Principal": "*",
      "Action": "sts:AssumeRole"
    }
  ]
}"#;
        let policy: PolicyDocument = text.parse().unwrap();
        assert_eq!(policy.to_json(), text);
        assert_eq!(
            serde_json::from_str::<PolicyDocument>(text).unwrap(),
            policy
        );
    }

    #[test]
    fn a_single_statement_is_a_list_of_one() {
        let policy: PolicyDocument =
            r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#
                .parse()
                .unwrap();
        let all = Statement::new(Effect::Allow, "*".into(), "*".into());
        assert_eq!((policy.version, policy.statement), (None, vec![all]));
    }
}
