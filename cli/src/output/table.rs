//! How does an answer become a table for people?
//!
//! What logs hold is written by anybody: control characters are shown, not sent to the terminal.

use std::fmt::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};

use super::Form;

/// The lines of a table: those of Arrow's own.
const LINES: &str = "||--+-++|    ++++++";

/// The columns of the answer to `EXPLAIN`.
const PLAN: [&str; 2] = ["plan_type", "plan"];

/// The answer as a table with its number of rows.
pub(super) fn table(
    schema: &SchemaRef,
    batches: &[RecordBatch],
    form: &Form,
) -> Result<String, ArrowError> {
    if schema.fields().iter().map(|field| field.name()).eq(PLAN) {
        return plans(batches, form);
    }
    let mut table = Table::new();
    table.load_preset(LINES);
    if let Some(width) = form.width {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(width);
    }
    let names = schema
        .fields()
        .iter()
        .map(|field| printable(field.name(), false));
    table.set_header(names);
    let mut rows = 0;
    for batch in batches {
        for row in texts(batch)? {
            table.add_row(row.iter().map(|text| Cell::new(printable(text, true))));
            rows += 1;
        }
    }
    if form.width.is_some() {
        for (index, field) in schema.fields().iter().enumerate() {
            if field.data_type().is_numeric()
                && let Some(column) = table.column_mut(index)
            {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    let noun = if rows == 1 { "row" } else { "rows" };
    let mut text = table.to_string();
    if form.color {
        text = bold_header(&text);
    }
    Ok(format!("{text}\n{rows} {noun}\n"))
}

/// Plans as they are: their lines are far longer than any table is wide.
fn plans(batches: &[RecordBatch], form: &Form) -> Result<String, ArrowError> {
    let mut text = String::new();
    for batch in batches {
        for row in texts(batch)? {
            let [kind, plan] = row.as_slice() else {
                continue;
            };
            let kind = printable(kind, false);
            let kind = match form.color {
                true => bold(&kind),
                false => kind,
            };
            let _ = writeln!(text, "{kind}");
            for line in printable(plan.trim_end(), true).lines() {
                let _ = writeln!(text, "  {line}");
            }
        }
    }
    Ok(text)
}

fn bold(text: &str) -> String {
    format!("\x1b[1m{text}\x1b[0m")
}

/// The lines between the first two rules in bold.
fn bold_header(text: &str) -> String {
    let mut rules = 0;
    let lines = text.lines().map(|line| {
        if line.starts_with('+') {
            rules += 1;
            return line.to_owned();
        }
        match rules {
            1 => bold(line),
            _ => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The answer as a table in Markdown.
pub(super) fn markdown(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<String, ArrowError> {
    let cell = |text: &str| {
        let text = printable(text, false);
        text.replace('\\', "\\\\")
            .replace('|', "\\|")
            .replace('<', "&lt;")
    };
    let fields = schema.fields();
    let names: Vec<String> = fields.iter().map(|field| cell(field.name())).collect();
    let rules: Vec<&str> = fields
        .iter()
        .map(|field| {
            if field.data_type().is_numeric() {
                "---:"
            } else {
                "---"
            }
        })
        .collect();
    let mut text = String::new();
    let mut line = |cells: &[String]| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    };
    line(&names);
    line(&rules.iter().map(ToString::to_string).collect::<Vec<_>>());
    for batch in batches {
        for row in texts(batch)? {
            let cells: Vec<String> = row.iter().map(|text| cell(text)).collect();
            line(&cells);
        }
    }
    Ok(text)
}

/// The values of a batch as text, row by row.
fn texts(batch: &RecordBatch) -> Result<Vec<Vec<String>>, ArrowError> {
    let options = FormatOptions::default();
    let columns = batch.columns().iter();
    let columns = columns
        .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
        .collect::<Result<Vec<_>, _>>()?;
    (0..batch.num_rows())
        .map(|row| {
            let texts = columns
                .iter()
                .map(|column| column.value(row).try_to_string());
            texts.collect()
        })
        .collect()
}

/// A text without anything that a terminal would obey. Line ends may stay.
fn printable(text: &str, lines: bool) -> String {
    let harmless = |c: char| !c.is_control() || (lines && c == '\n');
    // Marks that turn the direction of text can make one name look like another.
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if text.chars().all(|c| harmless(c) && !turns(c)) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match harmless(c) && !turns(c) {
            true => shown.push(c),
            false => shown.extend(c.escape_unicode()),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_command_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb", true), "a\\u{1b}[2Jb");
        assert_eq!(printable("a\u{202e}b", true), "a\\u{202e}b");
        assert_eq!(printable("a\nb", true), "a\nb");
        assert_eq!(printable("a\nb", false), "a\\u{a}b");
        assert_eq!(printable("é ü 日本", false), "é ü 日本");
    }
}
