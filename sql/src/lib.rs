//! SQL over a lake of CloudTrail events.
//!
//! A [`Session`] is one version of a lake with its views and functions. `activity` turns events
//! into the permissions they prove, so that grouping and counting are plain SQL.

mod activity;
mod circumstances;
mod coverage;
mod error;
mod everybody;
mod export;
mod functions;
mod principals;
mod session;
mod views;

pub use activity::Scope;
pub use error::Error;
pub use everybody::{Everybody, PrincipalActivity};
pub use principals::PrincipalSummary;
pub use session::Session;
