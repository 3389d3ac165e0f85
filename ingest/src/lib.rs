//! CloudTrail deliveries in, Delta table out.
//!
//! [`ingest`] is the whole pipeline in one function:
//!
//! ```text
//! source ──► decompress ──► parse ──► batch ──► lake
//! files      bytes          records   rows      sorted Parquet, one commit
//! ```
//!
//! Files are read and decoded on worker threads; one task removes duplicates and writes.
//! Memory is bounded by the batches in flight, not by the size of the trail.

mod batch;
mod decompress;
mod error;
mod lake;
mod parse;
mod pipeline;
mod report;
mod source;

pub use error::Error;
pub use lake::Lake;
pub use parse::{Piece, Position, Reject, records};
pub use pipeline::{Options, ingest};
pub use report::{Progress, Report};
pub use source::{LogFile, Source};
