//! In which form does a query's answer leave the program?

mod form;
mod place;
mod stdout;
mod table;

use std::io::Write;

use arrow::csv;
use arrow::ipc::writer::FileWriter;
use arrow::json;
use clap::ValueEnum;
use datafusion::execution::SendableRecordBatchStream;
use futures::TryStreamExt;
use miette::{IntoDiagnostic, Result};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

pub(crate) use form::{Form, color_is_welcome, tell_of_more};
pub(crate) use place::Place;
pub(crate) use stdout::Stdout;

/// Form of an answer. Only the answer goes to stdout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
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
    /// A table for documents
    Markdown,
    /// A Parquet file
    Parquet,
    /// An Arrow IPC file, also known as Feather
    Arrow,
}

/// What was written.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Written {
    pub(crate) rows: usize,
    /// There are more, which are not shown.
    pub(crate) cut: bool,
}

impl Output {
    /// Whether it is of use to people who look at it.
    pub(crate) fn is_text(self) -> bool {
        !matches!(self, Self::Parquet | Self::Arrow)
    }

    /// Writes an answer to stdout as it comes. Only a table, which needs the width of all its
    /// rows, is gathered first.
    pub(crate) async fn write(self, answer: SendableRecordBatchStream) -> Result<()> {
        let mut place = Place::open(self, None)?;
        let written = place.form().write(self, answer, &mut place).await?;
        place.finish()?;
        tell_of_more(written);
        Ok(())
    }

    async fn write_to(
        self,
        form: &Form,
        mut answer: SendableRecordBatchStream,
        out: &mut (dyn Write + Send),
    ) -> Result<Written> {
        let schema = answer.schema();
        let mut written = Written::default();
        // Errors of the query keep their hints; they come before any error of a writer.
        macro_rules! next {
            () => {
                match answer
                    .try_next()
                    .await
                    .map_err(trailwright_sql::Error::from)?
                {
                    Some(batch) => {
                        written.rows += batch.num_rows();
                        Some(batch)
                    }
                    None => None,
                }
            };
        }
        match self {
            Self::Table | Self::Markdown => {
                let mut batches = Vec::new();
                while let Some(batch) = next!() {
                    if written.rows > form.rows {
                        let more = written.rows - form.rows;
                        batches.push(batch.slice(0, batch.num_rows() - more));
                        written = Written {
                            rows: form.rows,
                            cut: true,
                        };
                        break;
                    }
                    batches.push(batch);
                }
                let text = match self {
                    Self::Markdown => table::markdown(&schema, &batches),
                    _ => table::table(&schema, &batches, form),
                };
                out.write_all(text.into_diagnostic()?.as_bytes())
                    .into_diagnostic()?;
            }
            Self::Csv => {
                let mut writer = csv::WriterBuilder::new().with_header(true).build(out);
                // The header is due even if there are no rows.
                writer
                    .write(&arrow::array::RecordBatch::new_empty(schema))
                    .into_diagnostic()?;
                while let Some(batch) = next!() {
                    writer.write(&batch).into_diagnostic()?;
                }
            }
            Self::Json => {
                let builder = json::WriterBuilder::new().with_explicit_nulls(true);
                let mut writer = builder.build::<_, json::writer::JsonArray>(&mut *out);
                while let Some(batch) = next!() {
                    writer.write(&batch).into_diagnostic()?;
                }
                writer.finish().into_diagnostic()?;
                drop(writer);
                writeln!(out).into_diagnostic()?;
            }
            Self::Ndjson => {
                let builder = json::WriterBuilder::new().with_explicit_nulls(true);
                let mut writer = builder.build::<_, json::writer::LineDelimited>(out);
                while let Some(batch) = next!() {
                    writer.write(&batch).into_diagnostic()?;
                }
                writer.finish().into_diagnostic()?;
            }
            Self::Parquet => {
                let zstd = Compression::ZSTD(ZstdLevel::default());
                let properties = WriterProperties::builder().set_compression(zstd).build();
                let writer = ArrowWriter::try_new(out, schema, Some(properties));
                let mut writer = writer.into_diagnostic()?;
                while let Some(batch) = next!() {
                    writer.write(&batch).into_diagnostic()?;
                }
                writer.close().into_diagnostic()?;
            }
            Self::Arrow => {
                let mut writer = FileWriter::try_new(out, &schema).into_diagnostic()?;
                while let Some(batch) = next!() {
                    writer.write(&batch).into_diagnostic()?;
                }
                writer.finish().into_diagnostic()?;
            }
        }
        Ok(written)
    }
}
