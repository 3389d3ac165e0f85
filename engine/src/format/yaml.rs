//! How is a document written in YAML, so that every reader takes strings for strings?
//!
//! `2012-10-17` is a date to YAML 1.1, `on` a truth value, `*` an alias: what could be taken for
//! anything else is quoted.

use crate::policy::{Actions, OneOrMany, PolicyDocument, Resources, Statement};

/// A part of a YAML document.
pub(super) enum Node {
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn map<const N: usize>(members: [(&str, Node); N]) -> Self {
        let members = members.into_iter();
        Self::Map(members.map(|(key, node)| (key.to_owned(), node)).collect())
    }

    /// The whole document.
    pub(super) fn to_text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out
    }

    /// Writes a block that begins at the start of a line, or for a text what is left of a line.
    fn write(&self, out: &mut String, depth: usize) {
        match self {
            Self::Text(text) => {
                out.push_str(&scalar(text));
                out.push('\n');
            }
            Self::List(nodes) => {
                for node in nodes {
                    indent(out, depth);
                    out.push_str("- ");
                    match node {
                        Self::Text(_) => node.write(out, depth),
                        // The first member stands behind the dash.
                        _ => {
                            let mut inner = String::new();
                            node.write(&mut inner, depth + 1);
                            out.push_str(inner.trim_start_matches(' '));
                        }
                    }
                }
            }
            Self::Map(members) => {
                for (key, node) in members {
                    indent(out, depth);
                    out.push_str(&scalar(key));
                    match node {
                        Self::Text(_) => {
                            out.push_str(": ");
                            node.write(out, depth);
                        }
                        Self::List(nodes) if nodes.is_empty() => out.push_str(": []\n"),
                        Self::Map(members) if members.is_empty() => out.push_str(": {}\n"),
                        _ => {
                            out.push_str(":\n");
                            node.write(out, depth + 1);
                        }
                    }
                }
            }
        }
    }
}

fn indent(out: &mut String, depth: usize) {
    out.push_str(&"  ".repeat(depth));
}

/// Words that YAML 1.1 takes for truth or nothing, in lower case.
const WORDS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];

/// A text, quoted unless it can be nothing else.
fn scalar(text: &str) -> String {
    let plain_sign = |sign: char| sign.is_ascii_alphanumeric() || "_-./:".contains(sign);
    let plain = text.starts_with(|sign: char| sign.is_ascii_alphabetic())
        && text.chars().all(plain_sign)
        && !text.ends_with(':')
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    match plain {
        true => text.to_owned(),
        false => quoted(text),
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for sign in text.chars() {
        match sign {
            '"' | '\\' => {
                out.push('\\');
                out.push(sign);
            }
            // What YAML does not take as it is, and what would break a line.
            '\0'..'\u{20}'
            | '\u{7f}'..'\u{a0}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                out.push_str(&format!("\\u{:04x}", sign as u32));
            }
            sign => out.push(sign),
        }
    }
    out.push('"');
    out
}

/// A policy document.
pub(super) fn document(document: &PolicyDocument) -> Node {
    let mut members = Vec::new();
    let mut put = |key: &str, node| members.push((key.to_owned(), node));
    if let Some(version) = &document.version {
        put("Version", Node::text(version));
    }
    let statements = document.statement.iter().map(statement);
    put("Statement", Node::List(statements.collect()));
    Node::Map(members)
}

fn statement(statement: &Statement) -> Node {
    let mut members = Vec::new();
    let mut put = |key: &str, node| members.push((key.to_owned(), node));
    if let Some(sid) = &statement.sid {
        put("Sid", Node::text(sid));
    }
    put("Effect", Node::text(format!("{:?}", statement.effect)));
    match &statement.actions {
        Actions::Action(actions) => put("Action", values(actions)),
        Actions::NotAction(actions) => put("NotAction", values(actions)),
    }
    match &statement.resources {
        Some(Resources::Resource(resources)) => put("Resource", values(resources)),
        Some(Resources::NotResource(resources)) => put("NotResource", values(resources)),
        None => {}
    }
    if !statement.condition.is_empty() {
        let operators = statement.condition.iter().map(|(operator, keys)| {
            let keys = keys.iter().map(|(key, it)| (key.clone(), values(it)));
            (operator.clone(), Node::Map(keys.collect()))
        });
        put("Condition", Node::Map(operators.collect()));
    }
    Node::Map(members)
}

fn values(values: &OneOrMany) -> Node {
    match values {
        OneOrMany::One(value) => Node::text(value),
        OneOrMany::Many(values) => Node::List(values.iter().map(Node::text).collect()),
    }
}
