//! How does a policy get to the role or user that it is for, and back?
//!
//! ```text
//! account ──► plan     what is attached, what will be, and what that changes
//!              └─► record   a file with what was, before anything is changed
//!                   └─► apply, rollback
//! ```

mod account;
mod apply;
mod difference;
mod fitness;
mod plan;
mod record;
mod rollback;

pub(crate) use account::{Account, AccountError, Who};
pub(crate) use apply::{ApplyError, apply};
pub(crate) use difference::Difference;
pub(crate) use fitness::{NotApplied, fit_to_apply};
pub(crate) use plan::{Old, Plan, Step, Wanted};
pub(crate) use record::Record;
pub(crate) use rollback::rollback;
