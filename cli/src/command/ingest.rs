//! `trailwright ingest LAKE SOURCE...`

use std::path::PathBuf;

use clap::Args;
use miette::Result;
use trailwright_ingest::{Options, Report, Source, ingest};

use crate::exit::Exit;
use crate::report;

/// Read CloudTrail logs into a lake. What the lake has already is left out.
#[derive(Debug, Args)]
pub(crate) struct Ingest {
    /// Folder of the lake; made if it is not there
    lake: String,
    /// Files, or folders to search for .json, .json.gz, .jsonl and .ndjson files
    #[arg(required = true)]
    source: Vec<PathBuf>,
    /// Threads that read and decode [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

impl Ingest {
    pub(crate) async fn run(self) -> Result<Exit> {
        let mut options = Options::default();
        if let Some(threads) = self.threads {
            options.threads = threads.into();
        }
        let done = read(&self.lake, &self.lake, &self.source, &options).await?;
        Ok(exit(&done))
    }
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
    match done.rejected {
        0 => Exit::Success,
        _ => Exit::Rejects,
    }
}
