//! What document does a text hold, and if none, where does it go wrong?

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Actions, Condition, Effect, OLD_VERSION, OneOrMany, PolicyDocument, PrincipalSet, Principals,
    Resources, Statement, VERSION,
};
use crate::spanned::{self, Kind, Member, Node, Position};

/// A text that is no policy document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}, at {path} (line {line}, column {column})")]
pub struct PolicyError {
    /// What is wrong.
    pub message: String,
    /// The element: `Statement[0].Action`, or `the document`.
    pub path: String,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
}

pub(super) fn document(text: &str) -> Result<PolicyDocument, PolicyError> {
    let fault = |fault: Fault| {
        let at = spanned::position(text, fault.at);
        PolicyError {
            message: fault.message,
            path: match fault.path.strip_prefix('.') {
                Some(path) => path.to_owned(),
                None => "the document".to_owned(),
            },
            line: at.line,
            column: at.column + 1,
        }
    };
    let root = spanned::parse(text).map_err(|error| {
        fault(Fault {
            message: error.message,
            path: String::new(),
            at: error.at,
        })
    })?;
    read_document(&root).map_err(fault)
}

/// Where in the text of a document its statement of this index begins.
pub fn statement_position(text: &str, index: usize) -> Option<Position> {
    let root = spanned::parse(text).ok()?;
    let mut members = root.members()?.iter();
    let statements = &members.find(|member| member.key == "Statement")?.value;
    let node = match &statements.kind {
        Kind::Array(items) => items.get(index)?,
        _ => statements,
    };
    Some(spanned::position(text, node.start))
}

/// An error before its place is known as line and column. The path grows as the error goes up.
struct Fault {
    message: String,
    path: String,
    at: usize,
}

impl Fault {
    fn at(node: &Node, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            path: String::new(),
            at: node.start,
        }
    }

    fn expected(expected: &str, node: &Node) -> Self {
        Self::at(node, format!("expected {expected}, got {}", node.what()))
    }

    fn inside(self, step: impl std::fmt::Display) -> Self {
        Self {
            path: format!("{step}{}", self.path),
            ..self
        }
    }
}

/// The members of `node` by key, all of them in `known`, none twice.
struct Elements<'a> {
    of: &'a Node,
    members: &'a [Member],
}

impl<'a> Elements<'a> {
    fn read(of: &'a Node, known: &[&str]) -> Result<Self, Fault> {
        let members = members(of)?;
        for member in members {
            if !known.contains(&member.key.as_str()) {
                return Err(Fault {
                    message: format!(
                        "unknown element `{}`, expected one of {}",
                        member.key,
                        known.join(", ")
                    ),
                    path: String::new(),
                    at: member.key_start,
                });
            }
        }
        Ok(Self { of, members })
    }

    fn get<T>(
        &self,
        key: &str,
        read: impl FnOnce(&'a Node) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        let found = self.members.iter().find(|member| member.key == key);
        found
            .map(|member| read(&member.value).map_err(|fault| fault.inside(format!(".{key}"))))
            .transpose()
    }

    /// One of two elements of which at most one may be there.
    fn either<T>(
        &self,
        (first, of_first): (&str, fn(OneOrMany) -> T),
        (second, of_second): (&str, fn(OneOrMany) -> T),
    ) -> Result<Option<T>, Fault> {
        let both = (self.get(first, strings)?, self.get(second, strings)?);
        match both {
            (Some(_), Some(_)) => Err(self.both(first, second)),
            (Some(values), None) => Ok(Some(of_first(values))),
            (None, Some(values)) => Ok(Some(of_second(values))),
            (None, None) => Ok(None),
        }
    }

    fn both(&self, first: &str, second: &str) -> Fault {
        Fault::at(self.of, format!("{first} and {second} exclude each other"))
    }

    fn missing(&self, what: &str) -> Fault {
        Fault::at(self.of, format!("missing {what}"))
    }
}

fn read_document(root: &Node) -> Result<PolicyDocument, Fault> {
    let elements = Elements::read(root, &["Version", "Id", "Statement"])?;
    let version = elements.get("Version", |node| match string(node)? {
        version if version == VERSION || version == OLD_VERSION => Ok(version),
        other => Err(Fault::at(
            node,
            format!("unknown version `{other}`, expected `{VERSION}` or `{OLD_VERSION}`"),
        )),
    })?;
    Ok(PolicyDocument {
        version,
        id: elements.get("Id", string)?,
        statement: elements
            .get("Statement", statements)?
            .ok_or_else(|| elements.missing("Statement"))?,
    })
}

fn statements(node: &Node) -> Result<Vec<Statement>, Fault> {
    match &node.kind {
        Kind::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| statement(item).map_err(|it| it.inside(format!("[{index}]"))))
            .collect(),
        Kind::Object(_) => Ok(vec![statement(node)?]),
        _ => Err(Fault::expected("a statement or an array of them", node)),
    }
}

fn statement(node: &Node) -> Result<Statement, Fault> {
    let elements = Elements::read(
        node,
        &[
            "Sid",
            "Effect",
            "Principal",
            "NotPrincipal",
            "Action",
            "NotAction",
            "Resource",
            "NotResource",
            "Condition",
        ],
    )?;
    let principals = match (
        elements.get("Principal", principal_set)?,
        elements.get("NotPrincipal", principal_set)?,
    ) {
        (Some(_), Some(_)) => return Err(elements.both("Principal", "NotPrincipal")),
        (Some(set), None) => Some(Principals::Principal(set)),
        (None, Some(set)) => Some(Principals::NotPrincipal(set)),
        (None, None) => None,
    };
    let resources = elements.either(
        ("Resource", Resources::Resource),
        ("NotResource", Resources::NotResource),
    )?;
    if resources.is_none() && principals.is_none() {
        return Err(elements.missing("Resource or NotResource"));
    }
    Ok(Statement {
        sid: elements.get("Sid", string)?,
        effect: elements
            .get("Effect", effect)?
            .ok_or_else(|| elements.missing("Effect"))?,
        principals,
        actions: elements
            .either(
                ("Action", Actions::Action),
                ("NotAction", Actions::NotAction),
            )?
            .ok_or_else(|| elements.missing("Action or NotAction"))?,
        resources,
        condition: elements.get("Condition", condition)?.unwrap_or_default(),
    })
}

fn effect(node: &Node) -> Result<Effect, Fault> {
    match string(node)?.as_str() {
        "Allow" => Ok(Effect::Allow),
        "Deny" => Ok(Effect::Deny),
        other => Err(Fault::at(
            node,
            format!("unknown effect `{other}`, expected `Allow` or `Deny`"),
        )),
    }
}

fn principal_set(node: &Node) -> Result<PrincipalSet, Fault> {
    match &node.kind {
        Kind::String(any) => Ok(PrincipalSet::Any(any.clone())),
        Kind::Object(_) => map(node, strings).map(PrincipalSet::Of),
        _ => Err(Fault::expected("a string or an object", node)),
    }
}

fn condition(node: &Node) -> Result<Condition, Fault> {
    map(node, |keys| map(keys, values))
}

fn map<T>(
    node: &Node,
    read: impl Fn(&Node) -> Result<T, Fault>,
) -> Result<BTreeMap<String, T>, Fault> {
    let read = |Member { key, value, .. }: &Member| {
        let value = read(value).map_err(|fault| fault.inside(format!(".{key}")))?;
        Ok((key.clone(), value))
    };
    members(node)?.iter().map(read).collect()
}

/// The members of an object. IAM refuses one that gives a key twice.
fn members(node: &Node) -> Result<&[Member], Fault> {
    let members = node
        .members()
        .ok_or_else(|| Fault::expected("an object", node))?;
    let mut seen = BTreeSet::new();
    for member in members {
        if !seen.insert(member.key.as_str()) {
            return Err(Fault {
                message: format!("`{}` is given twice", member.key),
                path: String::new(),
                at: member.key_start,
            });
        }
    }
    Ok(members)
}

fn string(node: &Node) -> Result<String, Fault> {
    let text = node.as_str().map(ToOwned::to_owned);
    text.ok_or_else(|| Fault::expected("a string", node))
}

fn strings(node: &Node) -> Result<OneOrMany, Fault> {
    one_or_many(node, string)
}

/// The values of a condition key. Booleans and numbers stand for the strings they are written as.
fn values(node: &Node) -> Result<OneOrMany, Fault> {
    one_or_many(node, |node| match &node.kind {
        Kind::String(text) | Kind::Number(text) => Ok(text.clone()),
        Kind::Bool(value) => Ok(value.to_string()),
        _ => Err(Fault::expected("a string, number or boolean", node)),
    })
}

fn one_or_many(
    node: &Node,
    read: impl Fn(&Node) -> Result<String, Fault>,
) -> Result<OneOrMany, Fault> {
    match &node.kind {
        Kind::Array(items) => {
            let items = items.iter().enumerate();
            items
                .map(|(index, item)| read(item).map_err(|it| it.inside(format!("[{index}]"))))
                .collect::<Result<_, _>>()
                .map(OneOrMany::Many)
        }
        _ => read(node).map(OneOrMany::One),
    }
}

#[cfg(test)]
mod tests {
    use crate::PolicyDocument;

    fn error(text: &str) -> String {
        let parsed: Result<PolicyDocument, _> = text.parse();
        parsed.map_or_else(|error| error.to_string(), |_| "no error".to_owned())
    }

    #[test]
    fn an_error_says_what_and_where() {
        for (text, expected) in [
            (
                "{\n  \"Statement\": [{\"Effect\": \"Allow\", \"Action\": [\"s3:*\", 1], \"Resource\": \"*\"}]\n}",
                "expected a string, got a number, at Statement[0].Action[1] (line 2, column 56)",
            ),
            (
                r#"{"Statement": {"Effect": "allow", "Action": "*", "Resource": "*"}}"#,
                "unknown effect `allow`, expected `Allow` or `Deny`, at Statement.Effect (line 1, column 26)",
            ),
            (
                r#"{"Statement": [{"Effect": "Deny", "Action": "*"}]}"#,
                "missing Resource or NotResource, at Statement[0] (line 1, column 16)",
            ),
            (
                r#"{"Statement": [{"Effect": "Deny", "Action": "*", "NotAction": "*", "Resource": "*"}]}"#,
                "Action and NotAction exclude each other, at Statement[0] (line 1, column 16)",
            ),
            (
                r#"{"Statement": [], "statement": []}"#,
                "unknown element `statement`, expected one of Version, Id, Statement, at the document (line 1, column 19)",
            ),
            (
                r#"{"Statement": [], "Statement": []}"#,
                "`Statement` is given twice, at the document (line 1, column 19)",
            ),
            (
                r#"{"Version": "2012-10-18", "Statement": []}"#,
                "unknown version `2012-10-18`, expected `2012-10-17` or `2008-10-17`, at Version (line 1, column 13)",
            ),
            (
                r#"{"Statement": [}"#,
                "expected value, at the document (line 1, column 16)",
            ),
            (
                "[]",
                "expected an object, got an array, at the document (line 1, column 1)",
            ),
        ] {
            assert_eq!(error(text), expected);
        }
    }

    #[test]
    fn a_condition_takes_booleans_and_numbers() -> Result<(), super::PolicyError> {
        let policy: PolicyDocument =
            r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {"Bool": {"a": true}, "NumericEquals": {"b": [1.50, "2"]}}}}"#
                .parse()?;
        let condition = policy.statement.first().map(|it| &it.condition);
        assert_eq!(
            serde_json::to_string(&condition).ok().as_deref(),
            Some(r#"{"Bool":{"a":"true"},"NumericEquals":{"b":["1.50","2"]}}"#)
        );
        Ok(())
    }
}
