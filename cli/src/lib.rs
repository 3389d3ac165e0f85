//! CloudTrail in, least-privilege IAM policies out: the engine for those who embed it, and the
//! program around it.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use trailwright::{Reference, Session, generate};
//!
//! let session = Session::open("my.lake").await?;
//! let batches = session.sql("SELECT service, sum(calls) FROM activity GROUP BY 1").await?;
//! let activity = session.activity("arn:aws:iam::111122223333:role/deploy").await?;
//! let policy = generate(&activity, Reference::bundled());
//! println!("{}", policy.document.to_json());
//! # Ok(())
//! # }
//! ```

// The macros panic when nobody reads: `output::Stdout` and `report::say` do not.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod args;
mod command;
mod document;
mod dossier;
mod exit;
mod iam;
mod output;
mod repl;
mod report;
mod server;
mod writing;

use std::process::ExitCode;

use clap::Parser;

pub use trailwright_engine as engine;
pub use trailwright_ingest as ingest;
pub use trailwright_sql as sql;

pub use engine::time::TimeRange;
pub use engine::{Activity, Generated, PolicyDocument, Reference, generate};
pub use sql::Session;

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    let exit = match args::Args::try_parse() {
        Ok(args) => command::run(args.command).unwrap_or_else(|error| exit::report(&error)),
        Err(usage) => exit::usage(&usage),
    };
    exit.into()
}
