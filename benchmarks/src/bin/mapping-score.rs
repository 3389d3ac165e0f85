//! `mapping-score --truth TRUTH.tsv FOLDER...`: how much of a trail does the mapping get right?

use std::path::PathBuf;

use clap::Parser;
use trailwright_benchmarks::mapping_score;

/// Scores the event-to-permission mapping on any CloudTrail logs.
#[derive(Debug, Parser)]
struct Args {
    /// Table of denials: eventSource, eventName, action, resource (or -), folder
    #[arg(long)]
    truth: Option<PathBuf>,
    /// Print every miss, not only the first of each kind
    #[arg(long)]
    all: bool,
    /// Print what a call of each source and name was taken to need, beside its request
    #[arg(long)]
    answers: bool,
    /// Folders of CloudTrail logs
    #[arg(required = true)]
    folder: Vec<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let score = mapping_score::score(&args.folder, args.truth.as_deref())?;
    if args.answers {
        print!("{}", score.answers());
    }
    print!("{}", score.report(args.all));
    Ok(())
}
