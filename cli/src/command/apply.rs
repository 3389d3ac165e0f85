//! `trailwright apply LAKE --principal ARN --endpoint-url URL`

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use miette::{IntoDiagnostic, Result};
use trailwright_engine::generate::Target;
use trailwright_sql::Session;

use crate::args::RangeArgs;
use crate::dossier::{Known, NoPolicy};
use crate::exit::Exit;
use crate::iam::{Account, Old, Plan, Wanted, Who, apply, fit_to_apply};
use crate::output::Stdout;
use crate::report;
use crate::writing::{Attach, WritingArgs};

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
    #[command(flatten)]
    writing: WritingArgs,
    /// IAM to speak to: https://iam.amazonaws.com is AWS's
    #[arg(long, value_name = "URL")]
    endpoint_url: String,
    /// Name of the managed policy; without one, Trailwright- and the name of the role or user
    #[arg(long)]
    name: Option<String>,
    /// Description of the managed policy; without one, what it was made of
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Tag of the managed policy, if it is new. May be repeated
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = tag)]
    tags: Vec<(String, String)>,
    /// Detach all other managed policies, and delete inline ones
    #[arg(long)]
    replace: bool,
    /// Detach this managed policy, or delete this inline one. May be repeated
    #[arg(long, value_name = "NAME", conflicts_with = "replace")]
    detach: Vec<String>,
    /// Folder for the file with what was there before
    #[arg(long, value_name = "DIR", default_value = ".")]
    keep: PathBuf,
    /// Do it
    #[arg(long)]
    yes: bool,
}

fn tag(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

impl Apply {
    pub(crate) async fn run(self) -> Result<Exit> {
        let session = Session::open_range(&self.lake, self.range.parse()?).await?;
        let writing = self.writing.writing(Attach::Managed)?;
        let options = writing.options()?;
        let known = Known::of(&session, &self.principal, &[], &options).await?;
        let who = Who::parse(&self.principal).ok_or_else(|| NoPolicy::TakesNone {
            principal: self.principal.clone(),
            reason: "it is no role or user",
        })?;
        let dossier = known.dossier(&options, Target::Managed, writing.threshold)?;
        report::say(&report::policy(
            &dossier,
            self.writing.compact_threshold(),
            false,
        ));
        if dossier.is_empty() {
            let principal = self.principal;
            return Err(NoPolicy::NothingUsed { principal }.into());
        }
        fit_to_apply(&dossier.proof, &dossier.documents)?;

        let account = Account::connect(&self.endpoint_url).await;
        let name = self
            .name
            .unwrap_or_else(|| format!("Trailwright-{}", who.name));
        let wanted = Wanted {
            name,
            description: self
                .description
                .unwrap_or_else(|| report::description(&dossier)),
            tags: self.tags.into_iter().collect(),
            documents: dossier.documents,
            old: match self.replace {
                true => Old::Goes,
                false => Old::Stays { but: self.detach },
            },
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
