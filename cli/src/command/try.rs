//! `trailwright try SOURCE...`

use std::path::PathBuf;

use clap::Args;
use miette::{Diagnostic, IntoDiagnostic, Result};
use trailwright_engine::principal;
use trailwright_ingest::Options;
use trailwright_sql::Session;

use super::{ingest, policy};
use crate::args::RangeArgs;
use crate::exit::Exit;
use crate::report;

/// Logs in, policy out: ingests into a lake that is thrown away, and writes the policy of one
/// principal, the busiest one unless told otherwise.
#[derive(Debug, Args)]
pub(crate) struct Try {
    /// Files, or folders to search for .json, .json.gz, .jsonl and .ndjson files
    #[arg(required = true)]
    source: Vec<PathBuf>,
    /// Role or user [default: the busiest]
    #[arg(long, value_name = "ARN")]
    principal: Option<String>,
    #[command(flatten)]
    range: RangeArgs,
    #[command(flatten)]
    form: policy::Form,
}

/// Logs in which no role or user acts.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("no role or user did anything in these logs")]
struct NobodyThere;

impl Try {
    pub(crate) async fn run(self) -> Result<Exit> {
        let range = self.range.parse()?;
        let folder = tempfile::tempdir().into_diagnostic()?;
        let lake = folder.path().to_string_lossy();
        let options = Options::default();
        let done = ingest::read(&lake, "a temporary lake", &self.source, &options).await?;
        let session = Session::open_range(&lake, range).await?;
        let principals = session.principals().await?;
        report::say(&report::principals(&principals));
        let chosen = match self.principal {
            Some(principal) => principal,
            None => {
                let mut able = principals
                    .into_iter()
                    .filter(|known| principal::takes_policy(&known.principal).is_ok())
                    .filter(|known| known.events > known.denied);
                able.next().ok_or(NobodyThere)?.principal
            }
        };
        let coverage = session.coverage().await?;
        policy::write(&session, coverage, &chosen, &self.form).await?;
        Ok(ingest::exit(&done))
    }
}
