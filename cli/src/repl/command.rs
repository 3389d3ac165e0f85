//! Which commands does the prompt know, beside SQL?

use std::path::PathBuf;

use clap::ValueEnum;
use trailwright_sql::{FUNCTIONS, table, tables};

use crate::output::Output;

/// A command, for people.
pub(super) struct Command {
    pub(super) name: &'static str,
    arguments: &'static str,
    doc: &'static str,
}

const fn told(name: &'static str, arguments: &'static str, doc: &'static str) -> Command {
    Command {
        name,
        arguments,
        doc,
    }
}

/// All commands, in the order in which they are explained.
#[rustfmt::skip]
pub(super) const COMMANDS: &[Command] = &[
    told(".help", "", "this"),
    told(".tables", "", "tables, and what each answers"),
    told(".schema", "[TABLE]", "columns of a table, or of all, and what they hold"),
    told(".functions", "", "functions beyond the usual ones"),
    told(".queries", "", "questions that have a name"),
    told(".run", "NAME [x=y]...", "ask one of them"),
    told(".output", "[FORM [FILE]]", "form of answers: table, csv, json, ndjson, markdown, parquet, arrow; FILE for the next one"),
    told(".limit", "[N|off]", "rows at most"),
    told(".timer", "on|off", "whether to say how long it took"),
    told(".pager", "on|off", "whether to show answers in a pager"),
    told(".reload", "", "see what was ingested since"),
    told(".quit", "", "leave; so does Ctrl-D"),
];

/// What a command asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Something to say.
    Say(String),
    Run {
        name: String,
        values: Vec<(String, String)>,
    },
    Queries,
    Output(Output, Option<PathBuf>),
    Limit(Option<usize>),
    Timer(bool),
    Pager(bool),
    Reload,
    Quit,
}

/// Reads a command.
pub(super) fn read(line: &str, output: Output) -> Result<Wanted, String> {
    let mut words = line.split_whitespace();
    let name = words.next().unwrap_or_default();
    let words: Vec<&str> = words.collect();
    let switch = |on: fn(bool) -> Wanted| match words.as_slice() {
        ["on"] => Ok(on(true)),
        ["off"] => Ok(on(false)),
        _ => Err(format!("{name} on, or {name} off")),
    };
    match (name, words.as_slice()) {
        (".help", _) => Ok(Wanted::Say(help())),
        (".tables", _) => Ok(Wanted::Say(list_tables())),
        (".schema", []) => Ok(Wanted::Say(
            tables()
                .iter()
                .map(|table| schema(table.name))
                .collect::<Vec<_>>()
                .join("\n"),
        )),
        (".schema", [wanted, ..]) => match table(wanted) {
            Some(table) => Ok(Wanted::Say(schema(table.name))),
            None => Err(format!("no table `{wanted}`: .tables lists them")),
        },
        (".functions", _) => Ok(Wanted::Say(functions())),
        (".queries", _) => Ok(Wanted::Queries),
        (".run", [name, values @ ..]) => {
            let values = values.iter().map(|value| {
                let (name, value) = value
                    .split_once('=')
                    .ok_or_else(|| format!("expected NAME=VALUE, got `{value}`"))?;
                Ok((name.to_owned(), value.to_owned()))
            });
            Ok(Wanted::Run {
                name: (*name).to_owned(),
                values: values.collect::<Result<_, String>>()?,
            })
        }
        (".run", []) => Err("which one? .queries lists them".to_owned()),
        (".output", []) => Ok(Wanted::Say(format!("{output:?}\n").to_lowercase())),
        (".output", [form, file @ ..]) => {
            let output = Output::from_str(form, true).map_err(|_| {
                let forms: Vec<String> = Output::value_variants()
                    .iter()
                    .map(|form| format!("{form:?}").to_lowercase())
                    .collect();
                format!("no form `{form}`: there are {}", forms.join(", "))
            })?;
            match file.first() {
                None if !output.is_text() => Err(format!(".output {form} FILE")),
                file => Ok(Wanted::Output(output, file.map(PathBuf::from))),
            }
        }
        (".limit", ["off"] | []) => Ok(Wanted::Limit(None)),
        (".limit", [rows, ..]) => match rows.parse() {
            Ok(rows) => Ok(Wanted::Limit(Some(rows))),
            Err(_) => Err(format!("expected a number of rows, got `{rows}`")),
        },
        (".timer", _) => switch(Wanted::Timer),
        (".pager", _) => switch(Wanted::Pager),
        (".reload", _) => Ok(Wanted::Reload),
        (".quit" | ".exit", _) => Ok(Wanted::Quit),
        _ => Err(format!("no command `{name}`: .help lists them")),
    }
}

fn help() -> String {
    let mut text =
        "End a query with a semicolon; it may go over lines. Ctrl-C stops it.\n".to_owned();
    for command in COMMANDS {
        let call = format!("{} {}", command.name, command.arguments);
        text.push_str(&format!("{call:<24} {}\n", command.doc));
    }
    text
}

fn list_tables() -> String {
    let tables = tables();
    let lines = tables
        .iter()
        .map(|table| format!("{:<12} {}\n", table.name, table.doc));
    lines.collect()
}

fn schema(name: &str) -> String {
    let Some(table) = table(name) else {
        return String::new();
    };
    let width = table
        .columns
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or_default();
    let mut text = format!("{}: {}\n", table.name, table.doc);
    for (column, doc) in &table.columns {
        text.push_str(&format!("  {column:<width$}  {doc}\n"));
    }
    text
}

fn functions() -> String {
    let lines = FUNCTIONS
        .iter()
        .map(|function| format!("{}\n    {}\n", function.call, function.doc));
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_understood_and_others_are_not() {
        for command in COMMANDS {
            let line = match command.name {
                ".timer" | ".pager" => format!("{} on", command.name),
                ".run" => ".run root-use a=b".to_owned(),
                name => name.to_owned(),
            };
            assert!(read(&line, Output::Table).is_ok(), "{line}");
        }
        for line in [
            ".nope",
            ".timer maybe",
            ".output xml",
            ".output parquet",
            ".schema nope",
            ".limit x",
            ".run",
            ".run q x",
        ] {
            assert!(read(line, Output::Table).is_err(), "{line}");
        }
    }
}
