//! What can go wrong between a lake and an answer?

use datafusion::error::DataFusionError;
use deltalake::DeltaTableError;
use miette::Diagnostic;

use crate::limits::Passed;

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
    /// Others write the roll-up all the time.
    #[error("the roll-up of lake `{lake}` is written by too many others at once")]
    #[diagnostic(help("queries are right without it; try again when they are done"))]
    Crowded {
        /// As the user named it.
        lake: String,
    },
    /// A query is wrong.
    #[error("{message}{shown}")]
    #[diagnostic(help("{hint}"))]
    Mistake {
        /// What is wrong.
        message: String,
        /// Where, with the line that it is in; or nothing.
        shown: String,
        /// What was perhaps meant, or what there is.
        hint: String,
    },
    /// A query failed.
    #[error("{}", crate::mistake::plain(.0))]
    Query(DataFusionError),
    /// A query passed a limit.
    #[error("{0}")]
    #[diagnostic(help(
        "ask for less: a shorter range, fewer columns, a LIMIT; `activity` answers faster than `events`"
    ))]
    Limit(Passed),
    /// A query needs more memory than it may have.
    #[error("the query needs more memory than it may have")]
    #[diagnostic(help(
        "ask for less: a shorter range, fewer columns, a LIMIT; `activity` is smaller than `events`"
    ))]
    Memory(#[source] DataFusionError),
    /// A query is longer than anybody would write it.
    #[error("the query has {length} characters, expected {limit} at most")]
    #[diagnostic(help("long lists of values may be data: ingest them, or ask in portions"))]
    LongQuery {
        /// Its length.
        length: usize,
        /// The limit.
        limit: usize,
    },
    /// A query whose chains of operators are too long.
    #[error(
        "the query has {links} operators, expected {} at most",
        crate::depth::MOST
    )]
    #[diagnostic(help("many values are a list: event_name IN ('a', 'b', 'c')"))]
    DeepQuery {
        /// Its operators.
        links: usize,
    },
    /// A query that would do more than read.
    #[error("only queries are allowed here")]
    #[diagnostic(help("a lake is changed by `trailwright ingest` and `trailwright lake` alone"))]
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
    /// A named query that is not there, or is used wrongly.
    #[error("{message}")]
    #[diagnostic(help("{hint}"))]
    Named {
        /// What is wrong.
        message: String,
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

impl From<DataFusionError> for Error {
    fn from(error: DataFusionError) -> Self {
        match error.find_root() {
            DataFusionError::ResourcesExhausted(_) => Self::Memory(error),
            DataFusionError::External(source) => match source.downcast_ref::<Passed>() {
                Some(passed) => Self::Limit(*passed),
                None => Self::Query(error),
            },
            _ => Self::Query(error),
        }
    }
}
