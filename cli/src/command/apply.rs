//! `trailwright apply LAKE --principal ARN --endpoint-url URL`

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use miette::{Diagnostic, IntoDiagnostic, Result};
use trailwright_engine::Reference;
use trailwright_engine::dossier::{Dossier, Seen};
use trailwright_engine::generate::{Options, Target};
use trailwright_engine::principal::takes_policy;
use trailwright_sql::Session;

use crate::args::RangeArgs;
use crate::exit::Exit;
use crate::iam::{Account, Plan, Wanted, Who, apply};
use crate::output::Stdout;
use crate::report;

/// Create the policy for what a role or user did, and attach it. Without --yes it looks at the
/// account and says what it would do.
///
/// Credentials are found as AWS's own tools find them: AWS_PROFILE, AWS_ACCESS_KEY_ID and so on.
/// What was there is written to a file before anything is changed: see `trailwright rollback`.
#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// Folder of the lake
    lake: String,
    /// Role or user, as `trailwright principals` lists it
    #[arg(long, value_name = "ARN")]
    principal: String,
    #[command(flatten)]
    range: RangeArgs,
    /// IAM to speak to: https://iam.amazonaws.com is AWS's
    #[arg(long, value_name = "URL")]
    endpoint_url: String,
    /// Name of the managed policy; without one, Trailwright- and the name of the role or user
    #[arg(long)]
    name: Option<String>,
    /// Detach all other managed policies, and delete inline ones
    #[arg(long)]
    replace: bool,
    /// Folder for the file with what was there before
    #[arg(long, value_name = "DIR", default_value = ".")]
    keep: PathBuf,
    /// Do it
    #[arg(long)]
    yes: bool,
}

/// A policy that is not applied.
#[derive(Debug, thiserror::Error, Diagnostic)]
enum NotApplied {
    #[error("cannot write a policy for `{principal}`: {reason}")]
    #[diagnostic(help("`trailwright principals` lists the roles and users"))]
    NoPolicyFor {
        principal: String,
        reason: &'static str,
    },
    #[error("`{0}` used no permission that is known: there is no policy to apply")]
    #[diagnostic(help("widen --from and --to"))]
    NothingUsed(String),
    #[error(
        "the policy would refuse {refused} of {requests} requests that were seen, first {action} on {resource}"
    )]
    #[diagnostic(help("it is not applied; please report this, with the event"))]
    NotProven {
        refused: usize,
        requests: usize,
        action: String,
        resource: String,
    },
}

impl Apply {
    pub(crate) async fn run(self) -> Result<Exit> {
        let session = Session::open_range(&self.lake, self.range.parse()?).await?;
        let activity = session.activity(&self.principal).await?;
        let no_policy = |reason| NotApplied::NoPolicyFor {
            principal: self.principal.clone(),
            reason,
        };
        takes_policy(&self.principal).map_err(no_policy)?;
        let who = Who::parse(&self.principal).ok_or_else(|| no_policy("it is no role or user"))?;

        let seen = Seen {
            principal: &self.principal,
            activity: &activity,
            circumstances: &[],
            coverage: &session.coverage().await?,
        };
        let options = Options::default();
        let dossier = Dossier::of(&seen, &options, Target::Managed, Reference::bundled());
        let dossier = dossier.into_diagnostic()?;
        if dossier.is_empty() {
            return Err(NotApplied::NothingUsed(self.principal).into());
        }
        report::say(&report::policy(&dossier, None, false));
        let proof = &dossier.proof;
        if let Some(first) = proof.refused.first() {
            return Err(NotApplied::NotProven {
                refused: proof.refused.len(),
                requests: proof.requests,
                action: first.action.clone(),
                resource: first.resource.clone(),
            }
            .into());
        }

        let account = Account::connect(&self.endpoint_url).await;
        let name = self
            .name
            .unwrap_or_else(|| format!("Trailwright-{}", who.name));
        let wanted = Wanted {
            name,
            documents: dossier.documents,
            replace: self.replace,
        };
        let plan = Plan::make(&account, who, wanted).await?;
        let mut out = Stdout::new();
        out.write_all(plan.told().as_bytes()).into_diagnostic()?;
        if !self.yes {
            report::say("nothing was changed; --yes does it\n");
            return Ok(Exit::Success);
        }
        let record = apply(&account, &plan, &self.endpoint_url, &self.keep).await?;
        report::say(&format!(
            "done; to put all back as it was: trailwright rollback {} --yes\n",
            record.display()
        ));
        Ok(Exit::Success)
    }
}
