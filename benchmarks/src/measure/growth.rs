//! What does a day more cost, when the lake is small and when it is large?
//!
//! A lake grows to 100 million events, a portion at a time, by ingest as everybody does it. At
//! some sizes one portion is ingested with nothing else at work, its last day alone, and the
//! questions are asked.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use super::engine::Tools;
use super::machine::Machine;
use super::query::Subject;
use super::results::{Results, Step};
use super::side_by_side::{EVENTS_ALONE, OURS, ask, judged, size};
use crate::corpus::{Corpus, Options};

/// Sizes at which is measured.
const SIZES: [u64; 5] = [1_000_000, 3_000_000, 10_000_000, 30_000_000, 100_000_000];

/// Days of a portion, about.
const DAYS: u64 = 7;

/// How a lake grows.
pub struct Plan {
    /// The corpus.
    pub options: Options,
    /// Events of a portion.
    pub portion: u64,
    /// Folder for the lake and for the files of a portion.
    pub work: PathBuf,
    /// How often a query runs.
    pub repeat: usize,
    /// A file to write to after each size.
    pub results: PathBuf,
}

/// Grows the lake and adds what was measured to the results.
pub fn measure(plan: &Plan, tools: &Tools, results: &mut Results) -> anyhow::Result<()> {
    results.growth_machine = Machine::here();
    results.growth.clear();
    let lake = plan.work.join("lake");
    let mut corpus = Corpus::new(plan.options.clone())?;
    let portions = corpus.portions(plan.portion);
    let mut events = 0;
    let mut sizes = SIZES.iter().copied().peekable();
    let mut at_work = None;
    for (number, portion) in portions.into_iter().enumerate() {
        let folder = plan.work.join(format!("portion-{}", number % 2));
        events += corpus.events(portion.clone());
        let due = sizes.next_if(|size| events + plan.portion / 2 >= *size);
        let (portion, day) = match due {
            None => (portion, None),
            Some(_) => {
                let [portion, day] = corpus.split_end(portion, plan.portion / DAYS);
                (portion, Some(day))
            }
        };
        let added = corpus.events(portion.clone());
        corpus.deliver(portion, &folder)?;
        if let Some(before) = at_work.take() {
            wait(before)?;
        }
        let Some(day) = day else {
            at_work = Some((start(tools, &lake, &folder)?, folder));
            continue;
        };
        let ingest = |folder: &Path| {
            let run =
                tools.trailwright(["ingest".as_ref(), lake.as_os_str(), folder.as_os_str()])?;
            std::fs::remove_dir_all(folder)?;
            anyhow::Ok(run)
        };
        let run = ingest(&folder)?;
        let added_day = corpus.events(day.clone());
        corpus.deliver(day, &folder)?;
        let run_day = ingest(&folder)?;
        let truth = plan.work.join("truth");
        let summary = corpus.write_truth(&truth)?;
        let subject = Subject::of(&summary, "2026-01-05 00:00:00", "2026-01-15 00:00:00");
        let known = super::truth::Truth::read(&truth)?;
        let (files, bytes) = size(&lake);
        let mut step = Step {
            events,
            bytes,
            files,
            added,
            seconds: run.seconds,
            memory: run.memory.max(run_day.memory),
            added_day,
            seconds_day: run_day.seconds,
            queries: Vec::new(),
        };
        let mut ours = std::collections::BTreeMap::new();
        let peers = tools.peers().iter().map(|peer| peer.name);
        for engine in [OURS, EVENTS_ALONE].into_iter().chain(peers) {
            match ask(&lake, &subject, engine, &plan.work, plan.repeat, tools) {
                Ok(told) => {
                    step.queries
                        .extend(judged(&told, engine, Some((&known, &subject)), &mut ours));
                }
                Err(error) => eprintln!("{engine}: {error:#}"),
            }
        }
        eprintln!(
            "{events} events: {added} more in {:.2} s, {bytes} bytes in {files} files",
            run.seconds
        );
        results.growth.push(step);
        results.write(&plan.results)?;
    }
    at_work.map_or(Ok(()), wait)
}

fn start(tools: &Tools, lake: &Path, folder: &Path) -> anyhow::Result<std::process::Child> {
    Command::new(&tools.trailwright)
        .args(["ingest".as_ref(), lake.as_os_str(), folder.as_os_str()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot run `{}`", tools.trailwright.display()))
}

fn wait((mut ingest, folder): (std::process::Child, PathBuf)) -> anyhow::Result<()> {
    let status = ingest.wait()?;
    if !status.success() {
        bail!("the ingest of `{}` ended with {status}", folder.display());
    }
    std::fs::remove_dir_all(&folder)
        .with_context(|| format!("cannot remove `{}`", folder.display()))
}
