//! In which form does a query's answer leave the program?

mod stdout;

use std::io::{BufWriter, Write};

use arrow::array::RecordBatch;
use arrow::csv;
use arrow::datatypes::SchemaRef;
use arrow::json;
use arrow::util::pretty;
use clap::ValueEnum;
use datafusion::execution::SendableRecordBatchStream;
use futures::TryStreamExt;
use miette::{IntoDiagnostic, Result};

pub(crate) use stdout::Stdout;

/// Form of an answer. Only the answer goes to stdout.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum Output {
    /// Columns, for people
    #[default]
    Table,
    /// Comma-separated, with a header
    Csv,
    /// One array of objects
    Json,
    /// One object a line
    Ndjson,
}

impl Output {
    /// Writes an answer to stdout as it comes. Only a table, which needs the width of all its
    /// rows, is gathered first.
    pub(crate) async fn write(self, mut answer: SendableRecordBatchStream) -> Result<()> {
        let schema = answer.schema();
        let mut out = BufWriter::new(Stdout::new());
        match self {
            Self::Table => {
                let batches: Vec<RecordBatch> = answer.try_collect().await.into_diagnostic()?;
                out.write_all(table(schema, &batches)?.as_bytes())
                    .into_diagnostic()?;
            }
            Self::Csv => {
                let mut writer = csv::WriterBuilder::new().with_header(true).build(&mut out);
                // The header is due even if there are no rows.
                writer
                    .write(&RecordBatch::new_empty(schema))
                    .into_diagnostic()?;
                while let Some(batch) = answer.try_next().await.into_diagnostic()? {
                    writer.write(&batch).into_diagnostic()?;
                }
            }
            Self::Json => {
                let builder = json::WriterBuilder::new().with_explicit_nulls(true);
                let mut writer = builder.build::<_, json::writer::JsonArray>(&mut out);
                while let Some(batch) = answer.try_next().await.into_diagnostic()? {
                    writer.write(&batch).into_diagnostic()?;
                }
                writer.finish().into_diagnostic()?;
                drop(writer);
                writeln!(out).into_diagnostic()?;
            }
            Self::Ndjson => {
                let builder = json::WriterBuilder::new().with_explicit_nulls(true);
                let mut writer = builder.build::<_, json::writer::LineDelimited>(&mut out);
                while let Some(batch) = answer.try_next().await.into_diagnostic()? {
                    writer.write(&batch).into_diagnostic()?;
                }
                writer.finish().into_diagnostic()?;
            }
        }
        out.flush().into_diagnostic()
    }
}

/// The answer as a table with its number of rows.
fn table(schema: SchemaRef, batches: &[RecordBatch]) -> Result<String> {
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let table = pretty::pretty_format_batches_with_schema(schema, batches).into_diagnostic()?;
    let noun = if rows == 1 { "row" } else { "rows" };
    Ok(format!("{table}\n{rows} {noun}\n"))
}
