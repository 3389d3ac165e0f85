//! What do tests of the whole program stand on?
//!
//! Nothing here uses the product's code: what a test counts or compares is worked out a second
//! time, from the files themselves.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what cannot be set up fails the test"
)]

pub mod fixture;
pub mod iam;
pub mod json;
pub mod lab;
#[cfg(feature = "s3")]
pub mod s3;
pub mod server;
pub mod trail;

pub use iam::Iam;
pub use lab::{Lab, Outcome};
pub use server::{Response, Server};
