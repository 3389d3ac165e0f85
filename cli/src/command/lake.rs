//! `trailwright lake info|optimize|vacuum|retain|quarantine LAKE`

use std::io::Write;
use std::time::Duration;

use clap::{Args, Subcommand};
use miette::{IntoDiagnostic, Result};
use trailwright_engine::location::Storage;
use trailwright_ingest::{Lake as Opened, TARGET_BYTES};
use trailwright_sql::{refresh, vacuum};

use crate::args::StorageArgs;
use crate::exit::Exit;
use crate::output::Stdout;
use crate::report;

/// Look after a lake.
#[derive(Debug, Args)]
pub(crate) struct Lake {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Tell versions, sizes, and which days there are of each account and region
    Info {
        #[command(flatten)]
        at: At,
        /// Write it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Merge small data files into large sorted ones; safe beside an ingest
    Optimize {
        #[command(flatten)]
        at: At,
        /// Size of a data file, in megabytes
        #[arg(long, value_name = "MB", default_value_t = TARGET_BYTES >> 20, value_parser = clap::value_parser!(u64).range(1..=4096))]
        target_size: u64,
    },
    /// Delete data files that no recent version of the lake needs
    Vacuum {
        #[command(flatten)]
        at: At,
        /// Days whose versions stay readable; who reads longer than that may fail
        #[arg(long, value_name = "N", default_value_t = 7)]
        keep_days: u32,
        /// Only tell what would be deleted
        #[arg(long)]
        dry_run: bool,
    },
    /// Remove the events older than some days; those without a time stay
    Retain {
        #[command(flatten)]
        at: At,
        /// Days to keep
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        days: u32,
    },
    /// Bring the roll-up of activity up to the events; an ingest does so at its end
    Refresh {
        #[command(flatten)]
        at: At,
    },
    /// Write what could not be taken in, with file, position and reason, one JSON object a line
    Quarantine {
        #[command(flatten)]
        at: At,
    },
}

#[derive(Debug, Args)]
struct At {
    /// Folder of the lake, or s3://BUCKET/PREFIX
    lake: String,
    #[command(flatten)]
    storage: StorageArgs,
}

impl At {
    async fn open(&self) -> Result<Opened> {
        Ok(Opened::open(&self.lake, &self.storage()).await?)
    }

    fn storage(&self) -> Storage {
        self.storage.storage()
    }
}

impl Lake {
    pub(crate) async fn run(self) -> Result<Exit> {
        let mut out = Stdout::new();
        match self.task {
            Task::Info { at, json } => {
                let info = at.open().await?.info().await?;
                let text = match json {
                    true => serde_json::to_string_pretty(&info).into_diagnostic()? + "\n",
                    false => report::info(&info),
                };
                write!(out, "{text}").into_diagnostic()?;
            }
            Task::Optimize { at, target_size } => {
                let done = at.open().await?.optimize(target_size << 20).await?;
                report::say(&report::rewritten(&done));
                refresh_rollup(&at.lake, &at.storage()).await;
            }
            Task::Vacuum {
                at,
                keep_days,
                dry_run,
            } => {
                let mut deleted = at.open().await?.vacuum(keep_days, dry_run).await?;
                deleted.extend(vacuum(&at.lake, &at.storage(), keep_days, dry_run).await?);
                for path in &deleted {
                    writeln!(out, "{path}").into_diagnostic()?;
                }
                let verb = if dry_run {
                    "would be deleted"
                } else {
                    "deleted"
                };
                report::say(&format!("files {verb}: {}\n", deleted.len()));
            }
            Task::Retain { at, days } => {
                let now = jiff::Timestamp::now().as_microsecond();
                let cutoff = now - i64::from(days) * 86_400_000_000;
                let done = at.open().await?.retain(cutoff).await?;
                report::say(&report::rewritten(&done));
                refresh_rollup(&at.lake, &at.storage()).await;
            }
            Task::Refresh { at } => {
                let done = refresh(&at.lake, &at.storage()).await?;
                report::say(&report::refreshed(&done));
            }
            Task::Quarantine { at } => {
                let entries = at.open().await?.quarantined().await?;
                for entry in &entries {
                    let line = serde_json::to_string(entry).into_diagnostic()?;
                    writeln!(out, "{line}").into_diagnostic()?;
                }
                report::say(&format!("rejects: {}\n", entries.len()));
            }
        }
        Ok(Exit::Success)
    }
}

/// How long a refresh may take before somebody is told what is going on.
const PATIENCE: Duration = Duration::from_secs(2);

/// Brings the roll-up up to the events. Without it queries are right as well, only slower: what
/// goes wrong is said, and stops nothing.
pub(super) async fn refresh_rollup(lake: &str, storage: &Storage) {
    let refreshing = refresh(lake, storage);
    tokio::pin!(refreshing);
    let done = match tokio::time::timeout(PATIENCE, &mut refreshing).await {
        Ok(done) => done,
        Err(_) => {
            report::say("counting the activity, so that queries need not\n");
            refreshing.await
        }
    };
    if let Err(error) = done {
        let error = miette::Report::from(error);
        let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
        report::say(&format!(
            "warning: the roll-up was not refreshed: {}; queries are right without it\n",
            causes.join(": ")
        ));
    }
}
