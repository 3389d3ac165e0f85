//! The commands, one file each.

mod apply;
mod check_access_not_granted;
mod check_no_new_access;
mod connect;
mod diff;
mod explain;
mod export;
mod ingest;
mod lake;
mod policy;
mod principals;
pub(crate) mod query;
mod reference;
mod rollback;
mod serve;
pub(crate) mod sql;
mod r#try;
mod validate;
mod verify;

use clap::Subcommand;
use miette::{IntoDiagnostic, Result};
use trailwright_sql::READER_IDLE;

use crate::exit::Exit;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read CloudTrail logs into a lake
    Ingest(ingest::Ingest),
    /// Ask a lake with SQL
    Sql(sql::Sql),
    /// Ask a lake a question that has a name: list, show, run
    Query(query::Query),
    /// Print how DuckDB, Spark, Athena and Python open a lake
    Connect(connect::Connect),
    /// List who is in a lake
    Principals(principals::Principals),
    /// Write the least-privilege policy for what a principal did
    Policy(policy::Policy),
    /// Compare policies with what a principal did
    Diff(diff::Diff),
    /// Create the policy for what a role or user did, and attach it
    Apply(apply::Apply),
    /// Put a role or user back to the policies that it had before
    Rollback(rollback::Rollback),
    /// Say what is wrong with policies, as IAM Access Analyzer would
    Validate(validate::Validate),
    /// Check that a policy grants nothing that another does not
    CheckNoNewAccess(check_no_new_access::CheckNoNewAccess),
    /// Check that a policy does not grant some access
    CheckAccessNotGranted(check_access_not_granted::CheckAccessNotGranted),
    /// Say which permissions an event needed, and why
    Explain(explain::Explain),
    /// Ask what AWS says of actions and events
    Reference(reference::ReferenceArgs),
    /// Write events back out as the records they were
    Export(export::Export),
    /// Answer IAM Access Analyzer's API, for AWS's own clients
    Serve(serve::Serve),
    /// Look after a lake: info, optimize, vacuum, retain, quarantine
    Lake(lake::Lake),
    /// Prove that local logs are what CloudTrail delivered
    Verify(verify::Verify),
    /// Logs in, policy out, without keeping a lake
    Try(r#try::Try),
}

/// Runs a command to its end.
pub(crate) fn run(command: Command) -> Result<Exit> {
    // Memory that a thread asked for stays with it: those that only read files go soon.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_keep_alive(READER_IDLE)
        .enable_all()
        .build()
        .into_diagnostic()?;
    let ended = runtime.block_on(async {
        match command {
            Command::Ingest(command) => command.run().await,
            Command::Sql(command) => command.run().await,
            Command::Query(command) => command.run().await,
            Command::Connect(command) => command.run().await,
            Command::Principals(command) => command.run().await,
            Command::Policy(command) => command.run().await,
            Command::Diff(command) => command.run().await,
            Command::Apply(command) => command.run().await,
            Command::Rollback(command) => command.run().await,
            Command::Validate(command) => command.run(),
            Command::CheckNoNewAccess(command) => command.run(),
            Command::CheckAccessNotGranted(command) => command.run(),
            Command::Explain(command) => command.run().await,
            Command::Reference(command) => command.run(),
            Command::Export(command) => command.run().await,
            Command::Serve(command) => command.run().await,
            Command::Lake(command) => command.run().await,
            Command::Verify(command) => command.run().await,
            Command::Try(command) => command.run().await,
        }
    });
    // A query that was stopped may work on until its next pause: nobody waits for it.
    runtime.shutdown_background();
    ended
}
