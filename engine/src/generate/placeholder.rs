//! Which placeholders does a document have, and what do the answers put in their place?
//!
//! `${BucketName}` in a template of the reference is a placeholder. `${aws:username}`, with a
//! colon, is a policy variable, and `${*}` a star.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::pattern::{Piece, pieces};
use crate::policy::{OneOrMany, Resources, Statement};

/// A placeholder that nobody gave a value for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unfilled {
    /// Its name, without `${` and `}`.
    pub name: String,
    /// Names of the statements in which it stands.
    pub statements: Vec<String>,
}

/// The names of the placeholders in a resource, in order.
pub fn placeholders(resource: &str) -> Vec<&str> {
    let pieces = pieces(resource).into_iter();
    pieces
        .filter_map(|piece| match piece {
            Piece::Variable(variable) if !variable.key.contains(':') => Some(variable.key),
            _ => None,
        })
        .collect()
}

/// What became of placeholders and values.
pub(super) struct Filled {
    /// Placeholders that nobody gave a value for.
    pub(super) unfilled: Vec<Unfilled>,
    /// Names of values that no placeholder has.
    pub(super) unused: Vec<String>,
}

/// Puts values in the place of placeholders, each with each other, and tells what is left.
pub(super) fn fill(statements: &mut [Statement], values: &BTreeMap<&str, &[String]>) -> Filled {
    let mut left: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut unused: BTreeSet<&str> = values.keys().copied().collect();
    for statement in statements {
        let Some(Resources::Resource(resources)) = &statement.resources else {
            continue;
        };
        for name in resources.values().iter().flat_map(|it| placeholders(it)) {
            unused.remove(name);
        }
        let filled: BTreeSet<String> = resources
            .values()
            .iter()
            .flat_map(|resource| filled(resource, values))
            .collect();
        let sid = statement.sid.clone().unwrap_or_default();
        for name in filled.iter().flat_map(|resource| placeholders(resource)) {
            let statements = left.entry(name.to_owned()).or_default();
            statements.insert(sid.clone());
        }
        // `*` covers all that stands beside it.
        let filled = match filled.contains("*") {
            true => BTreeSet::from(["*".to_owned()]),
            false => filled,
        };
        statement.resources = Some(Resources::Resource(OneOrMany::from_iter(filled)));
    }
    Filled {
        unfilled: left
            .into_iter()
            .map(|(name, statements)| Unfilled {
                name,
                statements: statements.into_iter().collect(),
            })
            .collect(),
        unused: unused.into_iter().map(ToOwned::to_owned).collect(),
    }
}

/// The resource with each combination of the values.
fn filled(resource: &str, values: &BTreeMap<&str, &[String]>) -> Vec<String> {
    let names: BTreeSet<&str> = placeholders(resource).into_iter().collect();
    let mut filled = vec![resource.to_owned()];
    for name in names {
        let Some(values) = values.get(name) else {
            continue;
        };
        let placeholder = format!("${{{name}}}");
        filled = filled
            .iter()
            .flat_map(|resource| {
                values
                    .iter()
                    .map(|value| resource.replace(&placeholder, value))
            })
            .collect();
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_makes_a_resource_and_the_rest_is_told() {
        let resource = "arn:aws:s3:::${BucketName}/${aws:username}/${*}/${ObjectName}";
        let mut statements = [Statement::allow(
            "A",
            "s3:GetObject".into(),
            resource.into(),
        )];
        let values = ["a", "b"].map(ToOwned::to_owned).to_vec();
        let none = ["x".to_owned()];
        let values = BTreeMap::from([("BucketName", &values[..]), ("Bucket", &none)]);
        let Filled { unfilled, unused } = fill(&mut statements, &values);
        let resources: Vec<&str> = statements
            .iter()
            .filter_map(|it| it.resources.as_ref())
            .flat_map(|it| it.patterns().0)
            .map(String::as_str)
            .collect();
        assert_eq!(
            resources,
            [
                "arn:aws:s3:::a/${aws:username}/${*}/${ObjectName}",
                "arn:aws:s3:::b/${aws:username}/${*}/${ObjectName}",
            ]
        );
        let object = Unfilled {
            name: "ObjectName".to_owned(),
            statements: vec!["A".to_owned()],
        };
        assert_eq!(unfilled, [object]);
        assert_eq!(unused, ["Bucket"]);
    }
}
