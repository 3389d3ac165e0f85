//! `trailwright policy LAKE --principal ARN`

use std::io::Write;

use clap::Args;
use miette::{Diagnostic, IntoDiagnostic, Result};
use trailwright_engine::{Reference, generate, principal};
use trailwright_sql::Session;

use crate::args::RangeArgs;
use crate::exit::Exit;
use crate::report;

/// Write the least-privilege policy for what a principal did. The document goes to stdout, what
/// it does not hold to stderr.
#[derive(Debug, Args)]
pub(crate) struct Policy {
    /// Folder of the lake
    lake: String,
    /// Role or user, as `trailwright principals` lists it
    #[arg(long, value_name = "ARN")]
    principal: String,
    #[command(flatten)]
    range: RangeArgs,
}

/// A principal for which there is no policy to write.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("cannot write a policy for `{principal}`: {reason}")]
struct NoPolicyFor {
    principal: String,
    reason: &'static str,
}

/// Activity that grants nothing.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("`{principal}` used no permission that is known: there is no policy to write")]
#[diagnostic(help(
    "widen --from and --to, or see what it did: SELECT * FROM activity WHERE principal = '{principal}'"
))]
struct NothingUsed {
    principal: String,
}

impl Policy {
    pub(crate) async fn run(self) -> Result<Exit> {
        let session = Session::open_range(&self.lake, self.range.parse()?).await?;
        write(&session, &self.principal).await?;
        Ok(Exit::Success)
    }
}

/// Writes the policy for what `principal` did in the session's time range.
pub(super) async fn write(session: &Session, principal: &str) -> Result<()> {
    if let Err(reason) = principal::takes_policy(principal) {
        let principal = principal.to_owned();
        return Err(NoPolicyFor { principal, reason }.into());
    }
    let activity = session.activity(principal).await?;
    let generated = generate(&activity, Reference::bundled());
    eprint!("{}", report::policy(principal, &activity, &generated));
    if generated.document.statement.is_empty() {
        let principal = principal.to_owned();
        return Err(NothingUsed { principal }.into());
    }
    writeln!(std::io::stdout().lock(), "{}", generated.document.to_json()).into_diagnostic()
}
