//! How does the prompt help: with names to complete, and with colors?

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use trailwright_sql::{FUNCTIONS, tables};

use super::command::COMMANDS;
use super::statements::{Part, parts};

/// Words of SQL that are colored and completed.
const KEYWORDS: &[&str] = &[
    "ALL",
    "AND",
    "ANY",
    "AS",
    "ASC",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "COALESCE",
    "COUNT",
    "CROSS",
    "DATE",
    "DESC",
    "DESCRIBE",
    "DISTINCT",
    "ELSE",
    "END",
    "EXCEPT",
    "EXISTS",
    "EXPLAIN",
    "FALSE",
    "FILTER",
    "FROM",
    "FULL",
    "GROUP",
    "HAVING",
    "ILIKE",
    "IN",
    "INNER",
    "INTERSECT",
    "INTERVAL",
    "IS",
    "JOIN",
    "LEFT",
    "LIKE",
    "LIMIT",
    "MAX",
    "MIN",
    "NOT",
    "NULL",
    "OFFSET",
    "ON",
    "OR",
    "ORDER",
    "OVER",
    "PARTITION",
    "RIGHT",
    "SELECT",
    "SUM",
    "THEN",
    "TIMESTAMP",
    "TRUE",
    "UNION",
    "USING",
    "VALUES",
    "WHEN",
    "WHERE",
    "WITH",
];

/// Words behind which a table is named.
const BEFORE_TABLES: [&str; 4] = ["from", "join", "describe", "desc"];

/// What the line editor asks.
pub(super) struct SqlHelper {
    /// Names of columns and functions, and keywords.
    names: BTreeSet<String>,
    tables: Vec<String>,
    /// Filled when they are known.
    principals: Arc<OnceLock<Vec<String>>>,
}

impl SqlHelper {
    pub(super) fn new(principals: Arc<OnceLock<Vec<String>>>) -> Self {
        let docs = tables();
        let mut names: BTreeSet<String> = KEYWORDS.iter().map(|word| (*word).to_owned()).collect();
        for table in &docs {
            names.insert(table.name.to_owned());
            names.extend(table.columns.iter().map(|(name, _)| name.clone()));
        }
        let called = |call: &str| {
            let end = call.find('(')?;
            let name = call.get(..end)?;
            name.chars()
                .all(|c| c.is_alphanumeric() || c == '_')
                .then(|| format!("{name}("))
        };
        names.extend(
            FUNCTIONS
                .iter()
                .filter_map(|function| called(function.call)),
        );
        Self {
            names,
            tables: docs.iter().map(|table| table.name.to_owned()).collect(),
            principals,
        }
    }

    /// Where the word before the cursor begins, and what it may become.
    pub(super) fn candidates(&self, line: &str) -> (usize, Vec<String>) {
        if line.trim_start().starts_with('.') {
            return self.command_candidates(line);
        }
        if let Some((Part::Text, range)) = parts(line).pop()
            && !closed(line.get(range.clone()).unwrap_or_default())
        {
            let start = range.start + 1;
            let typed = line.get(start..).unwrap_or_default();
            return (start, self.principals_like(typed));
        }
        let start = word_start(line);
        let word = line.get(start..).unwrap_or_default();
        let before = line.get(..start).unwrap_or_default();
        let last = before.split_whitespace().next_back().unwrap_or_default();
        let tables_only = BEFORE_TABLES.contains(&last.to_lowercase().as_str());
        let lower = word.to_lowercase();
        let alike = |name: &&String| name.to_lowercase().starts_with(&lower);
        let found: Vec<String> = match tables_only {
            true => self.tables.iter().filter(alike).cloned().collect(),
            false if word.is_empty() => Vec::new(),
            false => self.names.iter().filter(alike).cloned().collect(),
        };
        (start, found)
    }

    fn command_candidates(&self, line: &str) -> (usize, Vec<String>) {
        let start = word_start(line);
        let word = line.get(start..).unwrap_or_default();
        let names: Vec<String> = match line.trim_start().contains(' ') {
            true => self.tables.clone(),
            false => COMMANDS
                .iter()
                .map(|command| command.name.to_owned())
                .collect(),
        };
        let alike = names.into_iter().filter(|name| name.starts_with(word));
        (start, alike.collect())
    }

    fn principals_like(&self, typed: &str) -> Vec<String> {
        let lower = typed.to_lowercase();
        let known = self.principals.get().map(Vec::as_slice).unwrap_or_default();
        let begins = |name: &&String| name.to_lowercase().starts_with(&lower);
        let found: Vec<String> = known.iter().filter(begins).cloned().collect();
        match found.is_empty() && typed.len() > 1 {
            // A part of the name is enough.
            true => {
                let holds = |name: &&String| name.to_lowercase().contains(&lower);
                known.iter().filter(holds).cloned().collect()
            }
            false => found,
        }
    }
}

fn closed(text: &str) -> bool {
    text.len() > 1 && text.ends_with('\'')
}

fn word_start(line: &str) -> usize {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let name = line.rfind(|c: char| !word(c));
    let start = name.map_or(0, |at| {
        at + line
            .get(at..)
            .and_then(|rest| rest.chars().next())
            .map_or(1, char::len_utf8)
    });
    // Behind a table's name and a dot comes a column.
    match line.get(start..).and_then(|word| word.rfind('.')) {
        Some(dot) if dot > 0 => start + dot + 1,
        _ => start,
    }
}

/// SQL with its parts in color.
pub(super) fn colored(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() * 2);
    for (part, range) in parts(text) {
        let piece = text.get(range).unwrap_or_default();
        match part {
            Part::Text => paint(&mut shown, "32", piece),
            Part::LineComment | Part::BlockComment => paint(&mut shown, "90", piece),
            Part::Name => shown.push_str(piece),
            Part::Code => color_words(&mut shown, piece),
        }
    }
    shown
}

fn color_words(shown: &mut String, code: &str) {
    let mut rest = code;
    while let Some(c) = rest.chars().next() {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let end = match word(c) {
            true => rest.find(|c: char| !word(c)).unwrap_or(rest.len()),
            false => rest.find(word).unwrap_or(rest.len()),
        };
        let (piece, after) = rest.split_at(end);
        let upper = piece.to_ascii_uppercase();
        if KEYWORDS.contains(&upper.as_str()) {
            paint(shown, "1;34", piece);
        } else if c.is_ascii_digit() {
            paint(shown, "36", piece);
        } else {
            shown.push_str(piece);
        }
        rest = after;
    }
}

/// Each line for itself, since a prompt stands before it.
fn paint(shown: &mut String, color: &str, text: &str) {
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            shown.push('\n');
        }
        if !line.is_empty() {
            shown.push_str(&format!("\x1b[{color}m{line}\x1b[0m"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn helper() -> SqlHelper {
        let principals = Arc::new(OnceLock::new());
        let known = ["arn:aws:iam::1:role/deploy", "arn:aws:iam::1:user/ann"];
        let _ = principals.set(known.map(ToOwned::to_owned).to_vec());
        SqlHelper::new(principals)
    }

    #[test]
    fn a_word_is_completed_by_where_it_stands() {
        let helper = helper();
        for (line, start, expected) in [
            ("SELECT * FROM act", 14, vec!["activity"]),
            ("SELECT event_n", 7, vec!["event_name"]),
            ("select sum(cal", 11, vec!["calls"]),
            ("SELECT a.event_n", 9, vec!["event_name"]),
            ("SELECT ip_in", 7, vec!["ip_in_range("]),
            (
                "WHERE principal = 'arn:aws:iam::1:r",
                19,
                vec!["arn:aws:iam::1:role/deploy"],
            ),
            (
                "WHERE principal = 'ann",
                19,
                vec!["arn:aws:iam::1:user/ann"],
            ),
            (".sch", 0, vec![".schema"]),
            (".schema prin", 8, vec!["principals"]),
            ("SELECT nothing_like_it", 7, vec![]),
            ("é act", 3, vec!["action", "activity", "actions"]),
        ] {
            let (at, mut found) = helper.candidates(line);
            found.sort();
            let mut expected: Vec<String> = expected.into_iter().map(ToOwned::to_owned).collect();
            expected.sort();
            assert_eq!((at, found), (start, expected), "{line}");
        }
    }

    #[test]
    fn colors_change_no_character() {
        let text = "SELECT 'é;' AS x, 12 -- that\nFROM \"events\" /* all";
        let plain = colored(text).replace("\x1b[0m", "");
        let plain = ["32", "90", "1;34", "36"]
            .iter()
            .fold(plain, |text, color| {
                text.replace(&format!("\x1b[{color}m"), "")
            });
        assert_eq!(plain, text);
    }
}
