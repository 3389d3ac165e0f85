//! `trailwright ingest LAKE SOURCE...`

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use miette::{IntoDiagnostic, Result};
use trailwright_ingest::{Options, Report, Selection, Source, ingest};

use crate::args::{RangeArgs, StorageArgs};
use crate::exit::Exit;
use crate::output::Stdout;
use crate::report;

/// Read CloudTrail logs into a lake. What the lake has already is left out, so an ingest that
/// was stopped goes on when it is run again.
#[derive(Debug, Args)]
pub(crate) struct Ingest {
    /// Folder of the lake, or s3://BUCKET/PREFIX; made if it is not there
    lake: String,
    /// Files, folders, patterns, s3://BUCKET/PREFIX, or - for standard input
    #[arg(required = true)]
    source: Vec<PathBuf>,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    storage: StorageArgs,
    /// Read files again that the lake's ledger knows
    #[arg(long)]
    reread: bool,
    /// Leave the roll-up of activity as it is: queries then count what is new themselves
    #[arg(long)]
    no_refresh: bool,
    /// Write what was done to stdout, as JSON
    #[arg(long)]
    json: bool,
    /// Threads that read and decode [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Commit when new events hold so much memory: less takes less of it, and makes more files
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..), hide = true)]
    commit_bytes: Option<u32>,
}

/// Which files are read, told by their paths.
#[derive(Debug, Args)]
struct SelectionArgs {
    /// Only files whose path does not name another account
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    account: Vec<String>,
    /// Only files whose path does not name another region
    #[arg(long, value_name = "REGION", value_delimiter = ',')]
    region: Vec<String>,
    /// Days of delivery, by the path
    #[command(flatten)]
    range: RangeArgs,
}

impl Ingest {
    pub(crate) async fn run(self) -> Result<Exit> {
        let mut options = Options {
            selection: Selection {
                accounts: self.selection.account,
                regions: self.selection.region,
                range: self.selection.range.parse()?,
            },
            storage: self.storage.storage(),
            reread: self.reread,
            stop: stop_at_ctrl_c(),
            ..Options::default()
        };
        if let Some(threads) = self.threads {
            options.threads = threads.into();
        }
        if let Some(bytes) = self.commit_bytes {
            options.commit_bytes = usize::try_from(bytes).into_diagnostic()?;
        }
        let done = read(&self.lake, &self.lake, &self.source, &options).await?;
        if !self.no_refresh && !done.interrupted {
            super::lake::refresh_rollup(&self.lake, &options.storage).await;
        }
        if self.json {
            let summary = serde_json::to_string_pretty(&done).into_diagnostic()?;
            writeln!(Stdout::new(), "{summary}").into_diagnostic()?;
        }
        Ok(exit(&done))
    }
}

/// A flag that the first Ctrl-C sets. A second one ends the program, which does no harm.
fn stop_at_ctrl_c() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if flag.swap(true, Ordering::Relaxed) {
                std::process::exit(Exit::Interrupted as i32);
            }
            report::say("stopping: what is whole is committed; Ctrl-C again to drop it\n");
        }
    });
    stop
}

/// Ingests with a progress bar, and says on stderr what was done to the lake, by its `name`.
pub(super) async fn read(
    lake: &str,
    name: &str,
    sources: &[PathBuf],
    options: &Options,
) -> Result<Report> {
    let sources: Vec<Source> = sources.iter().map(Source::new).collect();
    let bar = report::ProgressBar::new();
    let done = ingest(lake, &sources, options, &|progress| bar.show(progress)).await;
    bar.finish();
    let done = done?;
    report::say(&report::summary(&done, name));
    Ok(done)
}

/// The exit status that tells of rejects.
pub(super) fn exit(done: &Report) -> Exit {
    match done {
        done if done.interrupted => Exit::Interrupted,
        done if done.rejected > 0 => Exit::Rejects,
        _ => Exit::Success,
    }
}
