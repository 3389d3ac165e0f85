//! `trailwright export LAKE`

use std::io::{BufWriter, Write};

use arrow::error::ArrowError;
use clap::{Args, ValueEnum};
use futures::TryStreamExt;
use miette::{IntoDiagnostic, Result};
use trailwright_sql::Session;

use crate::args::{RangeArgs, StorageArgs};
use crate::exit::Exit;
use crate::output::Stdout;

/// Write events back out as the records they were: equal as JSON, each once.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Folder of the lake, or s3://BUCKET/PREFIX
    lake: String,
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    range: RangeArgs,
    /// Form of the records
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// One record a line
    #[default]
    Ndjson,
    /// {"Records": [...]}, as CloudTrail delivers
    Json,
}

impl Export {
    pub(crate) async fn run(self) -> Result<Exit> {
        let (storage, range) = (self.storage.storage(), self.range.parse()?);
        let session = Session::open_at(&self.lake, &storage, range).await?;
        let mut events = session.export().await?;
        let mut out = BufWriter::new(Stdout::new());
        let (open, between, close) = match self.format {
            Format::Ndjson => ("", "\n", "\n"),
            Format::Json => ("{\"Records\":[\n", ",\n", "\n]}\n"),
        };
        write!(out, "{open}").into_diagnostic()?;
        let mut first = true;
        while let Some(batch) = events
            .try_next()
            .await
            .map_err(ArrowError::from)
            .into_diagnostic()?
        {
            for record in Session::records(&batch)? {
                let before = if first { "" } else { between };
                first = false;
                write!(out, "{before}{record}").into_diagnostic()?;
            }
        }
        if !(first && matches!(self.format, Format::Ndjson)) {
            write!(out, "{close}").into_diagnostic()?;
        }
        out.flush().into_diagnostic()?;
        Ok(Exit::Success)
    }
}
