//! Where in a text does each JSON value stand?
//!
//! `serde_json` decides what is JSON; `jsonc-parser` tells where its values begin and end. Every key
//! of an object is kept, also one that repeats.

use std::collections::{BTreeMap, BTreeSet};

use jsonc_parser::ast;
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

/// A JSON value and the bytes of the text that it takes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    /// As it was written.
    Number(String),
    String(String),
    Array(Vec<Node>),
    Object(Vec<Member>),
}

/// A key of an object with its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    pub(crate) key: String,
    pub(crate) key_start: usize,
    pub(crate) key_end: usize,
    pub(crate) value: Node,
}

/// A text that is not JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) message: String,
    /// The byte at which reading stopped.
    pub(crate) at: usize,
}

/// A place in a text, as IAM Access Analyzer gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, serde::Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Characters before it on its line.
    pub column: usize,
    /// Characters before it in the text.
    pub offset: usize,
}

/// The value that `text` is.
pub(crate) fn parse(text: &str) -> Result<Node, SyntaxError> {
    if let Err(error) = serde_json::from_str::<serde_json::Value>(text) {
        return Err(SyntaxError {
            at: byte_of(text, error.line(), error.column()),
            message: message_of(&error),
        });
    }
    let strict = ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let parsed =
        parse_to_ast(text, &CollectOptions::default(), &strict).map_err(|error| SyntaxError {
            at: error.range().start,
            message: error.kind().to_string(),
        })?;
    parsed.value.map(node).ok_or_else(|| SyntaxError {
        message: "expected a JSON value".to_owned(),
        at: 0,
    })
}

fn node(value: ast::Value<'_>) -> Node {
    let range = value.range();
    let kind = match value {
        ast::Value::NullKeyword(_) => Kind::Null,
        ast::Value::BooleanLit(it) => Kind::Bool(it.value),
        ast::Value::NumberLit(it) => Kind::Number(it.value.to_owned()),
        ast::Value::StringLit(it) => Kind::String(it.value.into_owned()),
        ast::Value::Array(it) => Kind::Array(it.elements.into_iter().map(node).collect()),
        ast::Value::Object(it) => Kind::Object(it.properties.into_iter().map(member).collect()),
    };
    Node {
        kind,
        start: range.start,
        end: range.end,
    }
}

fn member(property: ast::ObjectProp<'_>) -> Member {
    let range = property.name.range();
    Member {
        key: property.name.into_string(),
        key_start: range.start,
        key_end: range.end,
        value: node(property.value),
    }
}

impl Node {
    /// What the value is, in words.
    pub(crate) fn what(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "a boolean",
            Kind::Number(_) => "a number",
            Kind::String(_) => "a string",
            Kind::Array(_) => "an array",
            Kind::Object(_) => "an object",
        }
    }

    /// The text of a string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The members of an object.
    pub(crate) fn members(&self) -> Option<&[Member]> {
        match &self.kind {
            Kind::Object(members) => Some(members),
            _ => None,
        }
    }
}

/// The position of a byte of `text`.
pub(crate) fn position(text: &str, at: usize) -> Position {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Position {
        line: before.matches('\n').count() + 1,
        column: before.get(line_start..).unwrap_or_default().chars().count(),
        offset: before.chars().count(),
    }
}

/// The positions of bytes of `text`, found in one walk over it however many they are.
pub(crate) fn positions(
    text: &str,
    at: impl IntoIterator<Item = usize>,
) -> BTreeMap<usize, Position> {
    let wanted: BTreeSet<usize> = at.into_iter().collect();
    let mut wanted = wanted.into_iter().peekable();
    let mut here = Position {
        line: 1,
        column: 0,
        offset: 0,
    };
    let mut found = BTreeMap::new();
    for (at, sign) in text.char_indices() {
        while let Some(next) = wanted.next_if(|next| *next <= at) {
            found.insert(next, here);
        }
        here.offset += 1;
        here.column += 1;
        if sign == '\n' {
            here.line += 1;
            here.column = 0;
        }
    }
    found.extend(wanted.map(|next| (next, here)));
    found
}

/// `serde_json` counts lines and, on the line, bytes from 1. It names the last byte it took.
fn byte_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let mut at = (start + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The message without the position at its end, which we give ourselves.
fn message_of(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let end = format!(" at line {} column {}", error.line(), error.column());
    message.strip_suffix(&end).unwrap_or(&message).to_owned()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_value_knows_its_place() {
        let text = "{\n  \"é\": [1, \"b\"]\n}";
        let node = parse(text).unwrap();
        let list = &node.members().unwrap().first().unwrap().value;
        let Kind::Array(items) = &list.kind else {
            unreachable!()
        };
        assert_eq!(text.get(list.start..list.end), Some("[1, \"b\"]"));
        let at = position(text, items.last().unwrap().start);
        assert_eq!((at.line, at.column, at.offset), (2, 11, 13));
    }

    #[test]
    fn many_positions_are_those_of_each() {
        let text = "{\n \"é\": [1,\r\n\n \"𝄞\"]}";
        let starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        let found = positions(text, starts.clone());
        assert!(
            starts
                .clone()
                .all(|at| found.get(&at) == Some(&position(text, at)))
        );
        assert_eq!(found.len(), starts.count());
    }

    #[test]
    fn what_is_not_json_is_refused_where_it_stops() {
        for (text, at) in [
            ("{\"a\": 1,}", 8),
            ("{\"a\": 1 // no\n}", 8),
            ("{'a': 1}", 1),
            ("[1 2]", 3),
            ("", 0),
            ("{\"a\":\"\\ud800\"}", 12),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.at, at, "{text}: {}", error.message);
        }
    }

    #[test]
    fn deep_nesting_is_an_error() {
        let deep = "[".repeat(100_000);
        assert!(parse(&deep).is_err());
    }

    #[test]
    fn keys_that_repeat_are_kept() {
        let node = parse(r#"{"a": 1, "a": 2}"#).unwrap();
        assert_eq!(node.members().unwrap().len(), 2);
    }
}
