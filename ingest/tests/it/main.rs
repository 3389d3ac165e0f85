//! Does ingest do what it promises? One program, since each one links all of DataFusion.
#![expect(
    clippy::indexing_slicing,
    reason = "in tests an index that is not there fails the test"
)]

mod digest;
mod exactly_once;
mod hostile;
mod lake;
mod s3;
mod shapes;
mod sources;
mod support;
