//! What is wrong with a query, where, and what was perhaps meant?

use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use crate::{Error, tables};

/// A place in a query: line and column, both from 1, and how many characters it has.
type Place = (usize, usize, usize);

/// Characters of a line that are shown.
const SHOWN: usize = 100;

pub(crate) fn explain(query: &str, error: DataFusionError, state: &SessionState) -> Error {
    let passed = Error::from(error);
    let Error::Query(error) = passed else {
        return passed;
    };
    let text = plain(&error);
    let (message, place, hint) = match error.find_root() {
        DataFusionError::SchemaError(known, _) => {
            let known: &SchemaError = known;
            match known {
                SchemaError::FieldNotFound {
                    field,
                    valid_fields,
                } => {
                    let names: Vec<&str> = valid_fields
                        .iter()
                        .map(|field| field.name.as_str())
                        .collect();
                    let message = format!("no column `{}`", field.name);
                    (
                        message,
                        find(query, &field.name),
                        did_you_mean(&field.name, &names),
                    )
                }
                _ => (text, None, None),
            }
        }
        _ if missing_table(&text).is_some() => {
            let full = missing_table(&text).unwrap_or_default();
            let name = full.rsplit('.').next().unwrap_or_default();
            let known: Vec<&str> = tables::VIEWS
                .iter()
                .map(|view| view.name)
                .chain([trailwright_engine::event::TABLE])
                .collect();
            (
                format!("no table `{name}`"),
                find(query, name),
                did_you_mean(name, &known),
            )
        }
        _ if named_in(&text, "Invalid function '", "'").is_some() => {
            let name = named_in(&text, "Invalid function '", "'").unwrap_or_default();
            let functions = state.scalar_functions().keys();
            let aggregates = state.aggregate_functions().keys();
            let names: Vec<&str> = functions.chain(aggregates).map(String::as_str).collect();
            (
                format!("no function `{name}`"),
                find(query, name),
                did_you_mean(name, &names),
            )
        }
        _ => {
            let place = place_in(&text);
            let message = match text.split_once(" at Line: ") {
                Some((message, _)) if place.is_some() => message.to_owned(),
                _ => text,
            };
            (message, place, None)
        }
    };
    Error::Mistake {
        message: lower_first(&message),
        shown: place.map_or(String::new(), |place| shown(query, place)),
        hint: hint.unwrap_or_else(|| {
            format!(
                "the tables are {}; their columns: DESCRIBE events",
                table_names()
            )
        }),
    }
}

/// The names of all tables, for a hint.
pub(crate) fn table_names() -> String {
    let names: Vec<&str> = std::iter::once(trailwright_engine::event::TABLE)
        .chain(tables::VIEWS.iter().map(|view| view.name))
        .collect();
    names.join(", ")
}

/// The error in one sentence, without the names of who found it.
pub(crate) fn plain(error: &DataFusionError) -> String {
    let text = error.find_root().strip_backtrace();
    let text = text.lines().next().unwrap_or_default();
    let prefixes = [
        "SQL error: ",
        "Error during planning: ",
        "Schema error: ",
        "External error: ",
        "This feature is not implemented: ",
        "Execution error: ",
        "Arrow error: ",
    ];
    let mut text = text;
    while let Some(rest) = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)) {
        text = rest;
    }
    // The parser's own error, as it would be written down in code.
    let inner = text
        .strip_prefix("ParserError(\"")
        .or_else(|| text.strip_prefix("TokenizerError(\""))
        .and_then(|rest| rest.strip_suffix("\")"));
    inner
        .unwrap_or(text)
        .replace("\\\"", "\"")
        .trim_end_matches('.')
        .to_owned()
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        // Not of words that are capitals throughout.
        (Some(first), second) if second.is_none_or(char::is_lowercase) => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}

/// The table that is not there, as a query and as `DESCRIBE` miss it.
fn missing_table(text: &str) -> Option<&str> {
    named_in(text, "table '", "' not found").or_else(|| named_in(text, "No table named '", "'"))
}

/// What stands between two pieces of a text.
fn named_in<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(name, _)| name)
}

/// `... at Line: 1, Column: 8`
fn place_in(text: &str) -> Option<Place> {
    let (_, rest) = text.rsplit_once("Line: ")?;
    let (line, rest) = rest.split_once(", Column: ")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((line.parse().ok()?, digits.parse().ok()?, 1))
}

/// The first place in a query where a name stands as a word of its own.
fn find(query: &str, name: &str) -> Option<Place> {
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, query).tokenize_with_location();
    let found = tokens.ok()?.into_iter().find(|token| match &token.token {
        Token::Word(word) => word.value.eq_ignore_ascii_case(name),
        Token::SingleQuotedString(text) => text == name,
        _ => false,
    })?;
    let start = found.span.start;
    let place = |number: u64| usize::try_from(number).ok();
    Some((
        place(start.line)?,
        place(start.column)?,
        name.chars().count(),
    ))
}

/// The line of a place, with a mark below it.
fn shown(query: &str, (line, column, length): Place) -> String {
    let Some(text) = query.lines().nth(line.saturating_sub(1)) else {
        return String::new();
    };
    let before = column.saturating_sub(1);
    // A long line is shown around the place.
    let start = before.saturating_sub(SHOWN / 2);
    let part: String = text.chars().skip(start).take(SHOWN).collect();
    let part = part.replace(|c: char| c.is_control(), " ");
    let marks = "^".repeat(length.clamp(1, SHOWN / 2));
    let indent = " ".repeat(before - start);
    format!(" at line {line}, column {column}\n  {part}\n  {indent}{marks}")
}

/// The name that is nearest to one that is not there.
fn did_you_mean(name: &str, known: &[&str]) -> Option<String> {
    let name = name.to_lowercase();
    let distance = |other: &str| strsim::damerau_levenshtein(&name, &other.to_lowercase());
    let mut alike: Vec<(usize, &str)> = known
        .iter()
        .map(|other| (distance(other), *other))
        .filter(|(distance, other)| {
            *distance <= (other.len().min(name.len()) / 3).max(1)
                || (name.len() > 3 && other.to_lowercase().contains(&name))
        })
        .collect();
    alike.sort_unstable();
    alike.dedup();
    // Names that are further away than the nearest were hardly meant.
    let nearest = alike.first().map(|(distance, _)| *distance);
    let names: Vec<String> = alike
        .iter()
        .take_while(|(distance, _)| Some(*distance) == nearest)
        .take(3)
        .map(|(_, other)| format!("`{other}`"))
        .collect();
    (!names.is_empty()).then(|| format!("did you mean {}?", names.join(" or ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_nearly_right_is_told() {
        let known = ["event_name", "event_time", "event_source", "principal"];
        let told = |name: &str| did_you_mean(name, &known);
        assert_eq!(
            told("event_nam").as_deref(),
            Some("did you mean `event_name`?")
        );
        assert_eq!(
            told("princpial").as_deref(),
            Some("did you mean `principal`?")
        );
        assert_eq!(told("xyz"), None);
    }

    #[test]
    fn a_place_is_shown_with_a_mark_below() {
        let query = "SELECT\n  nope\nFROM events";
        let place = find(query, "nope");
        assert_eq!(place, Some((2, 3, 4)));
        let shown = place.map(|place| shown(query, place));
        assert_eq!(
            shown.as_deref(),
            Some(" at line 2, column 3\n    nope\n    ^^^^")
        );
    }
}
