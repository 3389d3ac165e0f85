//! What can go wrong between a lake and an answer?

use datafusion::error::DataFusionError;
use deltalake::DeltaTableError;
use miette::Diagnostic;

/// Why there is no answer.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[non_exhaustive]
pub enum Error {
    /// There is no lake where one was named.
    #[error("no lake at `{lake}`")]
    #[diagnostic(help("make one with: trailwright ingest {lake} FOLDER-WITH-LOGS"))]
    NoLake {
        /// As the user named it.
        lake: String,
    },
    /// The lake is there and cannot be read.
    #[error("cannot read lake `{lake}`")]
    Lake {
        /// As the user named it.
        lake: String,
        /// What Delta Lake said.
        #[source]
        source: DeltaTableError,
    },
    /// A query failed.
    #[error(transparent)]
    #[diagnostic(help(
        "the tables are events, permissions, activity and principals; their columns: DESCRIBE events"
    ))]
    Query(#[from] DataFusionError),
    /// A query that would do more than read.
    #[error("only queries are allowed here")]
    #[diagnostic(help("a lake is changed by `trailwright ingest` alone"))]
    NotAQuery,
    /// Nobody of that name did anything.
    #[error("principal `{principal}` is not in the lake{range}")]
    #[diagnostic(help("{hint}"))]
    UnknownPrincipal {
        /// As the user named it.
        principal: String,
        /// The time range that was asked, in words.
        range: String,
        /// What to do.
        hint: String,
    },
    /// A row of the lake is not of the shape that this program writes.
    #[error("column `{column}` of `{table}` is not as expected")]
    #[diagnostic(help(
        "the lake may come from another version of trailwright: ingest the logs into a new one"
    ))]
    Shape {
        /// Table or view.
        table: &'static str,
        /// Column.
        column: String,
    },
}
