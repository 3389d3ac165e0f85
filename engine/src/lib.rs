//! The domain of Trailwright: CloudTrail events, the IAM permissions they prove, and policies.
//!
//! This crate is pure. It opens no file, asks no clock and knows nothing of SQL or of storage,
//! so that every rule in it can be tested in microseconds. The flow, top to bottom:
//!
//! ```text
//! event ──► principal        who did it
//!       └─► permission       which actions on which resources it proves
//!            activity        the same, grouped and counted
//!             └─► generate   the policy that allows exactly that
//!                  └─► evaluate   whether it really does
//! ```

pub mod activity;
pub mod answers;
pub mod arn;
pub mod authorization_details;
pub mod batch;
pub mod contain;
pub mod coverage;
pub mod diff;
pub mod dossier;
pub mod evaluate;
pub mod event;
pub mod explain;
pub mod facts;
pub mod format;
pub mod gaps;
pub mod generate;
pub mod iam_path;
pub mod json;
pub mod location;
pub mod passed_role;
pub mod permission;
pub mod policy;
pub mod principal;
pub mod prove;
pub mod reference;
pub mod scp;
pub mod time;
pub mod validate;

mod pattern;
mod spanned;

pub use activity::Activity;
pub use arn::Arn;
pub use generate::{Generated, generate};
pub use policy::PolicyDocument;
pub use principal::Principal;
pub use reference::Reference;
pub use spanned::Position;
