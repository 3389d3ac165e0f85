//! `trailwright diff LAKE --principal ARN --policy FILE...`

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use miette::{Diagnostic, IntoDiagnostic, Result};
use serde_json::{Value, json};
use trailwright_engine::authorization_details::{self, DetailsError};
use trailwright_engine::diff::{Attached, Diff as Differences, NamedPolicy, State, diff};
use trailwright_engine::{Reference, principal};
use trailwright_sql::Session;

use crate::args::{RangeArgs, StorageArgs};
use crate::document;
use crate::exit::Exit;
use crate::output::Stdout;
use crate::report;

/// Bytes of authorization details: those of the largest accounts are some tens of megabytes.
const MOST_DETAILS: usize = 512 * 1024 * 1024;

/// Compare policies with what a principal did: what it used and has, has and never used, used
/// and has not. The tightened policy goes to stdout. Exit status 4 if they differ.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// Folder of the lake, or s3://BUCKET/PREFIX
    lake: String,
    #[command(flatten)]
    storage: StorageArgs,
    /// Role or user, as `trailwright principals` lists it
    #[arg(long, value_name = "ARN")]
    principal: String,
    /// Files with a policy each, or one with the answer of `aws iam get-account-authorization-details`
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    policy: Vec<String>,
    /// File with the permissions boundary
    #[arg(long, value_name = "FILE")]
    boundary: Option<String>,
    #[command(flatten)]
    range: RangeArgs,
    /// What makes the exit status 4
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',', default_values = ["unused", "not-granted"])]
    fail_on: Vec<FailOn>,
    /// Write what became of each action to stdout, instead of the tightened policy
    #[arg(long)]
    json: bool,
    /// File for the tightened policy
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// An action is granted and was not used
    Unused,
    /// An action was used and is not granted
    NotGranted,
    /// Nothing does
    Nothing,
}

/// Policies that cannot be compared.
#[derive(Debug, thiserror::Error, Diagnostic)]
enum CannotCompare {
    #[error("`{principal}` has no policies: {reason}")]
    #[diagnostic(help("`trailwright principals` lists the roles and users"))]
    TakesNone {
        principal: String,
        reason: &'static str,
    },
    #[error("{file}: {error}")]
    #[diagnostic(help("{}", .error.hint()))]
    Details { file: String, error: DetailsError },
    #[error("cannot write `{file}`")]
    CannotWrite {
        file: String,
        #[source]
        source: std::io::Error,
    },
}

impl Diff {
    pub(crate) async fn run(self) -> Result<Exit> {
        let attached = self.attached()?;
        let (storage, range) = (self.storage.storage(), self.range.parse()?);
        let session = Session::open_at(&self.lake, &storage, range).await?;
        let activity = session.activity(&self.principal).await?;
        if let Err(reason) = principal::takes_policy(&self.principal) {
            let principal = self.principal;
            return Err(CannotCompare::TakesNone { principal, reason }.into());
        }
        let coverage = session.coverage().await?;
        let data = &coverage.data_events_of;
        let found = diff(&activity, &attached, data, Reference::bundled());
        report::say(&report::coverage(
            &coverage,
            self.principal.split(':').nth(4),
        ));
        report::say(&report::diff(&self.principal, &attached, &found));
        self.write(&found)?;
        let fails = self.fail_on.iter().any(|on| match on {
            FailOn::Unused => found.has(State::Unused),
            FailOn::NotGranted => found.has(State::NotGranted),
            FailOn::Nothing => false,
        });
        Ok(if fails { Exit::Found } else { Exit::Success })
    }

    fn write(&self, found: &Differences) -> Result<()> {
        let tightened = found.tightened.to_json();
        if let Some(path) = &self.out {
            let written = std::fs::write(path, format!("{tightened}\n"));
            written.map_err(|source| CannotCompare::CannotWrite {
                file: path.display().to_string(),
                source,
            })?;
        }
        let text = match (self.json, &self.out) {
            (true, _) => {
                let all = json!({"principal": self.principal, "actions": found.actions});
                serde_json::to_string_pretty(&all).into_diagnostic()?
            }
            (false, None) => tightened,
            (false, Some(_)) => return Ok(()),
        };
        writeln!(Stdout::new(), "{text}").into_diagnostic()
    }

    /// The policies of all files.
    fn attached(&self) -> Result<Attached> {
        let mut attached = Attached::default();
        for file in &self.policy {
            let text = document::read_up_to(MOST_DETAILS, file)?;
            let value = serde_json::from_str::<Value>(&text).ok();
            match value.filter(authorization_details::is_details) {
                Some(details) => {
                    let found = authorization_details::attached_to(&details, &self.principal);
                    let found = found.map_err(|error| CannotCompare::Details {
                        file: file.clone(),
                        error,
                    })?;
                    attached.policies.extend(found.policies);
                    attached.boundary = attached.boundary.or(found.boundary);
                }
                None => attached.policies.push(NamedPolicy {
                    name: file.clone(),
                    document: document::parse_text(file, &text)?,
                }),
            }
        }
        if let Some(file) = &self.boundary {
            attached.boundary = Some(document::parse(file)?.1);
        }
        Ok(attached)
    }
}
