//! `trailwright rollback FILE`

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use miette::{IntoDiagnostic, Result};

use crate::exit::Exit;
use crate::iam::{Account, Record, rollback};
use crate::output::Stdout;
use crate::report;

/// Put a role or user back to the policies that it had before `trailwright apply`.
#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// File that `trailwright apply` wrote
    file: PathBuf,
    /// IAM to speak to, if it is another one by now
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// Do it
    #[arg(long)]
    yes: bool,
}

impl Rollback {
    pub(crate) async fn run(self) -> Result<Exit> {
        let record = Record::read(&self.file)?;
        let endpoint = self.endpoint_url.as_ref().unwrap_or(&record.endpoint);
        let mut told = format!("{} as of {}\n", record.who.arn, record.made_at);
        if !self.yes {
            for old in &record.attached_before {
                told += &format!("  had {}\n", old.arn);
            }
            for old in &record.inline_before {
                told += &format!("  had the inline policy {}\n", old.name);
            }
            for new in &record.applied {
                told += &format!("  was given {}\n", new.arn);
            }
            Stdout::new().write_all(told.as_bytes()).into_diagnostic()?;
            report::say(&format!(
                "nothing was changed at {endpoint}; --yes does it\n"
            ));
            return Ok(Exit::Success);
        }
        let account = Account::connect(endpoint).await;
        let done = rollback(&account, &record).await?;
        for line in &done {
            told += &format!("  {line}\n");
        }
        if done.is_empty() {
            told += "  all was as it had been\n";
        }
        Stdout::new().write_all(told.as_bytes()).into_diagnostic()?;
        Ok(Exit::Success)
    }
}
