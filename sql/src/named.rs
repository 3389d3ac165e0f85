//! Which questions have a name?
//!
//! A named query is a file of SQL. Its head says what it answers and which values it takes:
//!
//! ```sql
//! -- Who was refused many times? One row for each principal.
//! --
//! -- $least integer = 10: refusals from which on a principal is told
//! SELECT principal, sum(calls) AS calls FROM denied GROUP BY principal HAVING sum(calls) >= $least
//! ```
//!
//! Values are bound, never pasted into the text.

use std::path::Path;

use datafusion::scalar::ScalarValue;
use trailwright_engine::time::{self, TimeRange};

use crate::{Error, tables};

/// A query with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedQuery {
    /// `root-use`, the name of its file.
    pub name: String,
    /// What it answers.
    pub doc: String,
    /// The values that it takes.
    pub parameters: Vec<Parameter>,
    /// Its text, head and all.
    pub text: String,
}

/// A value that a named query takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, without the `$`.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// What it is where nobody says, as it would be typed.
    pub default: Option<String>,
    /// What it means.
    pub doc: String,
}

/// What a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A whole number.
    Integer,
    /// A time, as `--from` takes it: `2026-11-24`, `-90d`, `last month`.
    Time,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Text, Self::Integer, Self::Time];

    /// As the head of a query names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Time => "time",
        }
    }
}

macro_rules! named {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../queries/named/", $name, ".sql")))),*]
    };
}

/// The queries that everybody has.
const OURS: [(&str, &str); 10] = named![
    "root-use",
    "console-without-mfa",
    "access-keys",
    "access-key",
    "denied-bursts",
    "first-use",
    "unused-roles",
    "cross-account-assumes",
    "privilege-escalation",
    "ip-ranges",
];

/// All named queries: the shipped ones, and those of `folder`, which go before them.
pub fn named_queries(folder: Option<&Path>) -> Result<Vec<NamedQuery>, Error> {
    let mut queries = match folder {
        Some(folder) => in_folder(folder)?,
        None => Vec::new(),
    };
    for (name, text) in OURS {
        if queries.iter().all(|query| query.name != name) {
            queries.push(NamedQuery::read(name, text)?);
        }
    }
    Ok(queries)
}

fn in_folder(folder: &Path) -> Result<Vec<NamedQuery>, Error> {
    let failed = |source: std::io::Error| Error::Named {
        message: format!("cannot read queries in `{}`: {source}", folder.display()),
        hint: "name a folder of .sql files".to_owned(),
    };
    let mut queries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|end| end == "sql") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let text = std::fs::read_to_string(&path).map_err(failed)?;
            queries.push(NamedQuery::read(&name, &text)?);
        }
    }
    queries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(queries)
}

/// The query called `name`.
pub fn named_query(name: &str, folder: Option<&Path>) -> Result<NamedQuery, Error> {
    let queries = named_queries(folder)?;
    let names: Vec<String> = queries.iter().map(|query| query.name.clone()).collect();
    let found = queries.into_iter().find(|query| query.name == name);
    found.ok_or_else(|| Error::Named {
        message: format!("no query `{name}`"),
        hint: format!("there are {}", names.join(", ")),
    })
}

impl NamedQuery {
    /// Reads a query with its head.
    pub fn read(name: &str, text: &str) -> Result<Self, Error> {
        let head = text.lines().map_while(|line| line.strip_prefix("--"));
        let parameters = head
            .map(str::trim)
            .filter_map(|line| line.strip_prefix('$'))
            .map(|line| {
                Parameter::read(line).ok_or_else(|| Error::Named {
                    message: format!("query `{name}`: cannot read `-- ${line}`"),
                    hint: "write -- $name text|integer|time [= default]: what it means".to_owned(),
                })
            })
            .collect::<Result<_, _>>()?;
        let doc = tables::question(text);
        let doc = doc.split(" $").next().unwrap_or_default().trim().to_owned();
        Ok(Self {
            name: name.to_owned(),
            doc,
            parameters,
            text: text.to_owned(),
        })
    }

    /// The values for the query, from `given` as people write them. Times are seen from `now`.
    pub fn bind(
        &self,
        given: &[(String, String)],
        now: i64,
    ) -> Result<Vec<(String, ScalarValue)>, Error> {
        for (name, _) in given {
            if self.parameters.iter().all(|known| known.name != *name) {
                return Err(Error::Named {
                    message: format!("query `{}` takes no `{name}`", self.name),
                    hint: self.usage(),
                });
            }
        }
        self.parameters
            .iter()
            .map(|parameter| {
                let name = &parameter.name;
                let given = given.iter().rev().find(|(known, _)| known == name);
                let text = given.map(|(_, text)| text).or(parameter.default.as_ref());
                let text = text.ok_or_else(|| Error::Named {
                    message: format!("query `{}` needs `{name}`", self.name),
                    hint: self.usage(),
                })?;
                Ok((name.clone(), parameter.value(text, now)?))
            })
            .collect()
    }

    fn usage(&self) -> String {
        let told: Vec<String> = self
            .parameters
            .iter()
            .map(|parameter| {
                let Parameter {
                    name, kind, doc, ..
                } = parameter;
                format!("--param {name}=... ({}): {doc}", kind.as_str())
            })
            .collect();
        match told.is_empty() {
            true => "it takes no values".to_owned(),
            false => told.join("; "),
        }
    }
}

impl Parameter {
    /// `least integer = 10: refusals`
    fn read(line: &str) -> Option<Self> {
        let (said, doc) = line.split_once(": ")?;
        let (said, default) = match said.split_once('=') {
            Some((said, default)) => (said, Some(default.trim().to_owned())),
            None => (said, None),
        };
        let (name, kind) = said.trim().split_once(' ')?;
        let kind = kind.trim();
        Some(Self {
            name: name.to_owned(),
            kind: Kind::ALL.into_iter().find(|known| known.as_str() == kind)?,
            default,
            doc: doc.trim().to_owned(),
        })
    }

    fn value(&self, text: &str, now: i64) -> Result<ScalarValue, Error> {
        let wrong = |hint: &str| Error::Named {
            message: format!(
                "`{}` is to be of type {}, got `{text}`",
                self.name,
                self.kind.as_str()
            ),
            hint: hint.to_owned(),
        };
        match self.kind {
            Kind::Text => Ok(ScalarValue::Utf8(Some(text.to_owned()))),
            Kind::Integer => {
                let number = text.trim().parse().map_err(|_| wrong("write 10 or -3"))?;
                Ok(ScalarValue::Int64(Some(number)))
            }
            Kind::Time => {
                let range = TimeRange::between(Some(text), None, now);
                let range = range.map_err(|error| wrong(error.hint()))?;
                let zone = Some("UTC".into());
                Ok(ScalarValue::TimestampMicrosecond(range.from, zone))
            }
        }
    }
}

/// A value as people would write it.
pub fn shown(value: &ScalarValue) -> String {
    match value {
        ScalarValue::TimestampMicrosecond(Some(micros), _) => time::to_text(*micros),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_query_says_what_it_answers_and_takes() -> Result<(), Error> {
        for query in named_queries(None)? {
            assert!(query.doc.contains('?'), "{}", query.name);
            for parameter in &query.parameters {
                assert!(query.text.contains(&format!("${}", parameter.name)));
                if let Some(default) = &parameter.default {
                    parameter.value(default, 0)?;
                }
            }
            let uses = query.text.matches('$').count();
            assert!(uses >= 2 * query.parameters.len(), "{}", query.name);
        }
        Ok(())
    }

    #[test]
    fn values_are_read_by_their_type() -> Result<(), Error> {
        let head =
            "-- Who?\n--\n-- $a text: any\n-- $b integer = 7: b\n-- $c time = 1970-01-02: c\n";
        let query = NamedQuery::read("q", head)?;
        assert_eq!(query.doc, "Who?");
        let values = query.bind(&[("a".to_owned(), "' OR 1=1 --".to_owned())], 0)?;
        let day = ScalarValue::TimestampMicrosecond(Some(86_400_000_000), Some("UTC".into()));
        let expected = [
            ("a", ScalarValue::Utf8(Some("' OR 1=1 --".to_owned()))),
            ("b", ScalarValue::Int64(Some(7))),
            ("c", day),
        ];
        assert_eq!(
            values,
            expected.map(|(name, value)| (name.to_owned(), value))
        );
        for given in [
            vec![],
            vec![("a", "x"), ("b", "seven")],
            vec![("a", "x"), ("z", "1")],
        ] {
            let given: Vec<_> = given
                .into_iter()
                .map(|(name, text)| (name.to_owned(), text.to_owned()))
                .collect();
            assert!(query.bind(&given, 0).is_err(), "{given:?}");
        }
        Ok(())
    }
}
