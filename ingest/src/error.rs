//! What can stop an ingest as a whole? Trouble with one file or record is a count in the
//! [`Report`](crate::Report) instead.

use std::path::PathBuf;

use deltalake::DeltaTableError;
use miette::Diagnostic;
use trailwright_engine::event::WrongColumn;

/// Why an ingest could not go on.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[non_exhaustive]
pub enum Error {
    /// A source that was named is not there, or cannot be read.
    #[error("cannot read source `{name}`")]
    #[diagnostic(help("name a file or a folder of CloudTrail deliveries, or s3://BUCKET/PREFIX"))]
    Source {
        /// As the user named it.
        name: String,
        /// What the system said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The sources hold nothing that looks like a delivery.
    #[error("no log files in {sources}")]
    #[diagnostic(help(
        "files in a folder are read if they end in .json, .jsonl, .ndjson, .log, .gz or .zst; name others one by one"
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
    /// There is no lake.
    #[error("no lake at `{lake}`")]
    #[diagnostic(help("make one with `trailwright ingest LAKE SOURCE...`"))]
    NoLake {
        /// As the user named it.
        lake: String,
    },
    /// The lake's storage did not take or give an object.
    #[error("cannot use `{path}` in the lake; the lake stays at its last commit")]
    #[diagnostic(help(
        "with space and access to the storage again, run the same command: it goes on where it stopped"
    ))]
    Store {
        /// Path of the object in the lake.
        path: String,
        /// What the storage said.
        #[source]
        source: object_store::Error,
    },
    /// Others commit to the lake all the time.
    #[error("lake `{lake}` is written to by too many others at once")]
    #[diagnostic(help("try again when they are done"))]
    Crowded {
        /// As the user named it.
        lake: String,
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
    #[error("cannot read or write the lake's table; the lake stays at its last commit")]
    Delta(#[from] DeltaTableError),
    /// Rows could not be arranged into columns.
    #[error("cannot arrange events into columns")]
    Arrow(#[from] arrow::error::ArrowError),
    /// The lake's events are not of the shape that this program writes.
    #[error("cannot compare with the events of the lake")]
    Shape(#[from] WrongColumn),
    /// The lake's own Parquet files could not be read.
    #[error("cannot read the event ids of `{file}`")]
    Parquet {
        /// Data file of the lake.
        file: String,
        /// What Parquet said.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// The file with AWS's public keys cannot be used.
    #[error("cannot read public keys from `{}`", path.display())]
    #[diagnostic(help(
        "aws cloudtrail list-public-keys --start-time ... --end-time ... > keys.json writes it"
    ))]
    Keys {
        /// As the user named it.
        path: PathBuf,
        /// What was wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A worker thread could not be started or died.
    #[error("a reader thread failed")]
    Worker(#[source] std::io::Error),
}
