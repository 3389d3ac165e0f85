//! What can stop an ingest as a whole? Trouble with one file or record is a count in the
//! [`Report`](crate::Report) instead.

use std::path::PathBuf;

use deltalake::DeltaTableError;
use miette::Diagnostic;

/// Why an ingest could not go on.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[non_exhaustive]
pub enum Error {
    /// A source that was named is not there.
    #[error("cannot read source `{}`", path.display())]
    #[diagnostic(help("name a file or a folder of CloudTrail deliveries"))]
    Source {
        /// As the user named it.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The sources hold nothing that looks like a delivery.
    #[error("no log files in {sources}")]
    #[diagnostic(help(
        "files in a folder are read if they end in .json, .jsonl, .ndjson, .gz or .json.gz; name others one by one"
    ))]
    NoFiles {
        /// The sources as the user named them.
        sources: String,
    },
    /// The lake's folder cannot be used.
    #[error("cannot use `{lake}` as a lake")]
    #[diagnostic(help("name a folder that can be written, or one that does not exist yet"))]
    Location {
        /// As the user named it.
        lake: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The lake was written by another version with other columns.
    #[error("lake `{lake}` has columns of version {found}, this program writes version {expected}")]
    #[diagnostic(help("ingest into a new lake"))]
    SchemaVersion {
        /// As the user named it.
        lake: String,
        /// Version in the lake.
        found: String,
        /// Version that we write.
        expected: u32,
    },
    /// Delta Lake failed.
    #[error("cannot write the `events` table; the lake stays at its last commit")]
    Delta(#[from] DeltaTableError),
    /// Rows could not be arranged into columns.
    #[error("cannot arrange events into columns")]
    Arrow(#[from] arrow::error::ArrowError),
    /// The lake's own Parquet files could not be read.
    #[error("cannot read the event ids of `{file}`")]
    Parquet {
        /// Data file of the lake.
        file: String,
        /// What Parquet said.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// A worker thread could not be started or died.
    #[error("a reader thread failed")]
    Worker(#[source] std::io::Error),
}
