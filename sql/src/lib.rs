//! SQL over a lake of CloudTrail events.
//!
//! A [`Session`] is one version of a lake with its views and functions. `activity` turns events
//! into the permissions they prove, so that grouping and counting are plain SQL. What is counted
//! once is kept in the roll-up, which [`refresh`] writes and every session reads.

mod activity;
mod circumstances;
mod coverage;
mod data_files;
mod depth;
mod error;
mod everybody;
mod export;
mod footers;
mod functions;
mod lake;
mod limits;
mod mistake;
mod named;
mod passed_roles;
mod plain;
mod principals;
mod rollup;
mod runs;
mod session;
mod short;
mod tables;
mod threads;

pub use activity::Scope;
pub use error::Error;
pub use everybody::{Everybody, PrincipalActivity};
pub use functions::{FUNCTIONS, FunctionDoc, permissions_function};
pub use lake::is_last_version;
pub use limits::{Limits, Passed};
pub use named::{Kind, NamedQuery, Parameter, named_queries, named_query, shown};
pub use principals::PrincipalSummary;
pub use rollup::{Refreshed, Standing, refresh, standing, vacuum};
pub use session::Session;
pub use tables::{TableDoc, table, tables};
pub use threads::READER_IDLE;
