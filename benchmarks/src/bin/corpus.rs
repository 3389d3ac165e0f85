//! `corpus FOLDER`: makes a trail of any size, and the truth about it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};
use clap::Parser;
use trailwright_benchmarks::corpus::{Corpus, Options, Summary};

/// Makes a CloudTrail corpus: FOLDER/AWSLogs has the deliveries, FOLDER/truth what must be found
#[derive(Debug, Parser)]
struct Args {
    /// Folder to write to
    folder: PathBuf,
    #[command(flatten)]
    options: Options,
    /// Fill this lake, with only a few files on disk at a time
    #[arg(long)]
    lake: Option<PathBuf>,
    /// Program that fills the lake
    #[arg(long, default_value = "trailwright", requires = "lake")]
    trailwright: PathBuf,
    /// Events on disk at a time, with --lake
    #[arg(long, default_value_t = 1_000_000, requires = "lake")]
    portion: u64,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let started = Instant::now();
    let mut corpus = Corpus::new(args.options.clone())?;
    match &args.lake {
        None => corpus.deliver(corpus.whole(), &args.folder)?,
        Some(lake) => fill(&mut corpus, lake, &args)?,
    }
    let made = started.elapsed().as_secs_f64();
    let summary = corpus.write_truth(&args.folder.join("truth"))?;
    tell(&summary, made);
    Ok(())
}

/// Makes a portion while the one before it is ingested.
fn fill(corpus: &mut Corpus, lake: &Path, args: &Args) -> anyhow::Result<()> {
    let mut at_work: Option<(Child, PathBuf)> = None;
    let portions = corpus.portions(args.portion.max(1));
    let count = portions.len();
    for (i, portion) in portions.into_iter().enumerate() {
        let folder = args.folder.join(format!("portion-{}", i % 2));
        corpus.deliver(portion, &folder)?;
        if let Some(before) = at_work.take() {
            wait(before)?;
        }
        let ingest = Command::new(&args.trailwright)
            .args(["ingest".as_ref(), lake.as_os_str(), folder.as_os_str()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot run `{}`", args.trailwright.display()))?;
        at_work = Some((ingest, folder));
        eprintln!("portion {} of {count}", i + 1);
    }
    at_work.map_or(Ok(()), wait)
}

fn wait((mut ingest, folder): (Child, PathBuf)) -> anyhow::Result<()> {
    let status = ingest.wait()?;
    if !status.success() {
        bail!("the ingest of `{}` ended with {status}", folder.display());
    }
    std::fs::remove_dir_all(&folder)
        .with_context(|| format!("cannot remove `{}`", folder.display()))
}

fn tell(summary: &Summary, seconds: f64) {
    let rate = summary.records as f64 / seconds.max(1e-9);
    eprintln!(
        "{} events of {} principals, {} records in {} files, {} bytes ({} inflated), in {seconds:.1} s: {rate:.0} records/s",
        summary.events,
        summary.principals,
        summary.records,
        summary.files,
        summary.bytes,
        summary.plain_bytes,
    );
}
