//! What does an IAM policy document look like?
//!
//! The JSON grammar of identity policies, nothing more.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The grammar's version; the older one knows no policy variables.
pub const VERSION: &str = "2012-10-17";

/// An IAM policy document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyDocument {
    /// Always [`VERSION`] in documents of ours.
    pub version: String,
    /// Its statements.
    pub statement: Vec<Statement>,
}

/// One statement of a policy document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    /// Its name: letters and digits, unique in the document.
    pub sid: String,
    /// Allow or Deny.
    pub effect: Effect,
    /// Actions, sorted.
    pub action: OneOrMany,
    /// Resources, sorted.
    pub resource: OneOrMany,
    /// Operator, key and values that must hold as well.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub condition: BTreeMap<String, BTreeMap<String, OneOrMany>>,
}

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// Grants.
    Allow,
    /// Takes away, whatever else grants.
    Deny,
}

/// IAM writes a single value plain and several as an array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

impl PolicyDocument {
    /// A document of these statements.
    pub fn new(statement: Vec<Statement>) -> Self {
        Self {
            version: VERSION.to_owned(),
            statement,
        }
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
