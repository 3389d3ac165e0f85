//! CloudTrail deliveries in, Delta table out.
//!
//! [`ingest`] is the whole pipeline in one function:
//!
//! ```text
//! source ──► decompress ──► parse ──► unwrap ──► batch ──► lake
//! files      text           records   records    rows      sorted Parquet, one commit
//! ```
//!
//! Files are listed, read and decoded on threads of their own; one task removes duplicates and
//! writes. Memory is bounded by the batches in flight, not by the size of the trail.

mod batch;
mod contents;
mod decompress;
mod digest;
mod error;
mod lake;
mod object_key;
mod parse;
mod pipeline;
mod report;
mod source;
mod unwrap;

pub use contents::Contents;
pub use digest::{Checked, Keys, Verdict, verify};
pub use error::Error;
pub use lake::{Coverage, Info, Lake, Quarantined, Rewritten, TARGET_BYTES};
pub use parse::{MAX_DEPTH, MAX_RECORD_BYTES, Piece, Position, Reject, records};
pub use pipeline::{Options, ingest};
pub use report::{Progress, Report};
pub use source::{LogFile, Selection, Source};
pub use trailwright_engine::location::Storage;
