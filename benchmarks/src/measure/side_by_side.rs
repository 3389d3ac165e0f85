//! Who does the same work in what time?
//!
//! Engines take turns: each round asks all of them, the first one being another each time, so
//! that a busy moment of the machine does not fall on one alone.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::engine::{Peer, Told, Tools};
use super::machine::Machine;
use super::policies;
use super::query::{Of, QUERIES, Query, Subject};
use super::results::{Measured, Results};
use super::truth::{Rows, Truth, difference};

/// Ours, as tables call it.
pub(super) const OURS: &str = "Trailwright";
/// Ours, with the activity counted too.
pub(super) const WITH_ROLL_UP: &str = "Trailwright, and its roll-up";
/// Ours, with nothing beside the events that would answer for them.
pub(super) const EVENTS_ALONE: &str = "Trailwright, events alone";
/// Decoding into Parquet and nothing else.
pub(super) const BARE: &str = "bare decode to Parquet";
/// Inflating and parsing and nothing else.
pub(super) const LIMIT: &str = "inflate and parse only";

/// Tasks, as tables call them.
pub(super) const INGEST: &str = "ingest";
pub(super) const RAW: &str = "raw";

/// What is done, on which corpora.
pub struct Plan {
    /// Folders of corpora with a name each; the first is also queried.
    pub corpora: Vec<(String, PathBuf)>,
    /// A corpus for those that are slow.
    pub small: PathBuf,
    /// Folder for lakes and Parquet.
    pub work: PathBuf,
    /// Rounds of everything.
    pub rounds: usize,
    /// How often a query runs in each round.
    pub repeat: usize,
    /// Seconds at a task after which an engine is not asked for it again.
    pub patience: f64,
}

impl Plan {
    /// Rounds, and patience with each engine.
    pub(super) fn turns(&self) -> (usize, f64) {
        (self.rounds, self.patience)
    }
}

/// Does everything in turns.
pub fn measure(plan: &Plan, tools: &Tools) -> anyhow::Result<Results> {
    let mut results = Results {
        machine: Machine::here(),
        ..Results::default()
    };
    std::fs::create_dir_all(&plan.work)?;
    for (name, folder) in &plan.corpora {
        let truth = Truth::read(&folder.join("truth"))?;
        results.corpora.push((name.clone(), truth.summary.clone()));
        ingest(name, folder, &truth, plan, tools, &mut results)?;
    }
    if let Some((_, folder)) = plan.corpora.first() {
        let truth = Truth::read(&folder.join("truth"))?;
        raw(folder, &truth, plan, tools, &mut results)?;
        let lake = plan.work.join("queried");
        empty(&lake)?;
        tools.trailwright([
            "ingest".as_ref(),
            lake.as_os_str(),
            folder.join("AWSLogs").as_os_str(),
        ])?;
        queries(&lake, &truth, plan, tools, &mut results)?;
        policies::from_lake(&lake, &truth, plan, tools, &mut results)?;
        empty(&lake)?;
    }
    let truth = Truth::read(&plan.small.join("truth"))?;
    results
        .corpora
        .push(("small".to_owned(), truth.summary.clone()));
    policies::from_files(&truth, plan, tools, &mut results)?;
    Ok(results)
}

/// Runs `engines` in turns; one that fails is told of as such.
pub(super) fn in_turns(
    task: &str,
    (rounds, patience): (usize, f64),
    engines: &[&str],
    results: &mut Results,
    mut run: impl FnMut(&str) -> anyhow::Result<Measured>,
) {
    for round in 0..rounds {
        for turn in 0..engines.len() {
            let Some(engine) = engines.get((turn + round) % engines.len()) else {
                continue;
            };
            let known = results.measured.iter();
            let mut known = known.filter(|m| m.task == task && m.engine == *engine);
            if known.any(|m| m.wrong.is_some() || m.seconds.iter().any(|s| *s > patience)) {
                continue;
            }
            let measured = run(engine).unwrap_or_else(|error| Measured {
                task: task.to_owned(),
                engine: (*engine).to_owned(),
                seconds: Vec::new(),
                memory: 0,
                bytes: None,
                wrong: Some(format!("failed: {error:#}")),
            });
            eprintln!(
                "{task}, {engine}: {:.3} s{}",
                measured.median(),
                measured
                    .wrong
                    .as_deref()
                    .map(|w| format!(", WRONG: {w}"))
                    .unwrap_or_default()
            );
            results.add(Measured {
                task: task.to_owned(),
                engine: (*engine).to_owned(),
                ..measured
            });
        }
    }
}

pub(super) fn measured(seconds: Vec<f64>, memory: u64, wrong: Option<String>) -> Measured {
    Measured {
        task: String::new(),
        engine: String::new(),
        seconds,
        memory,
        bytes: None,
        wrong,
    }
}

pub(super) fn empty(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove `{}`", folder.display()))?;
    }
    Ok(())
}

/// Files and bytes below a folder.
pub(super) fn size(folder: &Path) -> (u64, u64) {
    let files = walkdir::WalkDir::new(folder).into_iter().flatten();
    let sizes = files
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| entry.metadata().ok());
    sizes.fold((0, 0), |(files, bytes), file| {
        (files + 1, bytes + file.len())
    })
}

fn peer_named(tools: &Tools, name: &str) -> anyhow::Result<Peer> {
    let peer = tools.peers().iter().find(|peer| peer.name == name);
    peer.copied()
        .with_context(|| format!("no peer is called {name}"))
}

fn engines<'a>(tools: &Tools, more: &[&'a str]) -> Vec<&'a str> {
    let peers = tools.peers().iter().map(|peer| peer.name);
    std::iter::once(OURS)
        .chain(peers)
        .chain(more.iter().copied())
        .collect()
}

fn ingest(
    name: &str,
    folder: &Path,
    truth: &Truth,
    plan: &Plan,
    tools: &Tools,
    results: &mut Results,
) -> anyhow::Result<()> {
    let source = folder.join("AWSLogs");
    let out = plan.work.join("ingested");
    let task = format!("{INGEST}: {name}");
    let records = vec![vec![truth.summary.records.to_string()]];
    let bare = |what: &str| {
        tools.itself([
            "bare".as_ref(),
            what.as_ref(),
            source.as_os_str(),
            out.as_os_str(),
        ])
    };
    in_turns(
        &task,
        plan.turns(),
        &engines(tools, &[WITH_ROLL_UP, BARE, LIMIT]),
        results,
        |engine| {
            empty(&out)?;
            Ok(match engine {
                OURS | WITH_ROLL_UP => {
                    let mut args = vec!["ingest".as_ref(), out.as_os_str(), source.as_os_str()];
                    if engine == OURS {
                        args.push("--no-refresh".as_ref());
                    }
                    let run = tools.trailwright(args)?;
                    let count = "count=SELECT count(*) AS events FROM events".to_owned();
                    let told = tools.own(&out, &[count], 1)?;
                    let rows = told.queries.get("count").map(super::engine::Asked::rows);
                    let events = vec![vec![truth.summary.events.to_string()]];
                    let wrong = difference(&rows.unwrap_or_default(), &events);
                    Measured {
                        bytes: Some(size(&out).1),
                        ..measured(vec![run.seconds], run.memory, wrong)
                    }
                }
                BARE => {
                    let run = bare("parquet")?;
                    let rows = vec![vec![run.stdout.trim().to_owned()]];
                    Measured {
                        bytes: Some(size(&out).1),
                        ..measured(vec![run.seconds], run.memory, difference(&rows, &records))
                    }
                }
                LIMIT => {
                    let run = bare("parse")?;
                    let rows = vec![vec![run.stdout.trim().to_owned()]];
                    let bytes = vec![vec![truth.summary.plain_bytes.to_string()]];
                    measured(vec![run.seconds], run.memory, difference(&rows, &bytes))
                }
                peer => {
                    let args = [
                        "ingest".as_ref(),
                        "--source".as_ref(),
                        source.as_os_str(),
                        "--out".as_ref(),
                        out.as_os_str(),
                    ];
                    let told = tools.peer(peer_named(tools, peer)?, args)?;
                    Measured {
                        bytes: told.bytes,
                        ..of_peer(&told, &records)
                    }
                }
            })
        },
    );
    empty(&out)
}

fn of_peer(told: &Told, expected: &Rows) -> Measured {
    let wrong = difference(&told.rows(), expected);
    measured(told.seconds.clone(), told.memory.unwrap_or_default(), wrong)
}

/// From files to a grouped answer, without anything that was prepared.
fn raw(
    folder: &Path,
    truth: &Truth,
    plan: &Plan,
    tools: &Tools,
    results: &mut Results,
) -> anyhow::Result<()> {
    let source = folder.join("AWSLogs");
    let lake = plan.work.join("raw");
    let group = query("group")?;
    let subject = subject(truth);
    let expected = truth.group();
    in_turns(
        RAW,
        plan.turns(),
        &engines(tools, &[]),
        results,
        |engine| match engine {
            OURS => {
                empty(&lake)?;
                let run =
                    tools.trailwright(["ingest".as_ref(), lake.as_os_str(), source.as_os_str()])?;
                let told = tools.own(&lake, &[named(group, &subject)], 1)?;
                let asked = told.queries.get("group").context("no answer")?;
                let seconds = run.seconds + asked.seconds.iter().sum::<f64>();
                let memory = run.memory.max(told.memory.unwrap_or_default());
                let wrong = difference(&asked.rows(), &expected);
                Ok(measured(vec![seconds], memory, wrong))
            }
            peer => {
                let args = ["raw".as_ref(), "--source".as_ref(), source.as_os_str()];
                let told = tools.peer(peer_named(tools, peer)?, args)?;
                Ok(of_peer(&told, &expected))
            }
        },
    );
    empty(&lake)
}

fn query(name: &str) -> anyhow::Result<&'static Query> {
    let query = QUERIES.iter().find(|query| query.name == name);
    query.with_context(|| format!("no query is called {name}"))
}

fn named(query: &Query, subject: &Subject) -> String {
    format!("{}={}", query.name, query.sql(subject))
}

/// What corpora are asked for: their busiest role, and ten days of their first month.
pub(super) fn subject(truth: &Truth) -> Subject {
    Subject::of(&truth.summary, "2026-01-05 00:00:00", "2026-01-15 00:00:00")
}

/// Asks all questions of the lake.
pub(super) fn ask(
    lake: &Path,
    subject: &Subject,
    engine: &str,
    work: &Path,
    repeat: usize,
    tools: &Tools,
) -> anyhow::Result<Told> {
    let all = QUERIES.iter();
    if engine == OURS {
        let queries: Vec<String> = all.map(|query| named(query, subject)).collect();
        return tools.own(lake, &queries, repeat);
    }
    if engine == EVENTS_ALONE {
        let alone = work.join("events-alone");
        empty(&alone)?;
        std::fs::create_dir_all(&alone)?;
        std::os::unix::fs::symlink(lake.canonicalize()?.join("events"), alone.join("events"))?;
        let of_events = all.filter(|query| query.of == Of::Events);
        let queries: Vec<String> = of_events.map(|query| named(query, subject)).collect();
        return tools.own(&alone, &queries, repeat);
    }
    let listed = work.join("parquet.txt");
    std::fs::write(&listed, data_files(lake)?.join("\n"))?;
    let mut args = vec![
        "query".to_owned(),
        "--parquet".to_owned(),
        listed.display().to_string(),
    ];
    args.extend(["--repeat".to_owned(), repeat.to_string()]);
    for query in all.filter(|query| query.of == Of::Events) {
        args.extend(["--query".to_owned(), named(query, subject)]);
    }
    tools.peer(peer_named(tools, engine)?, args)
}

/// The Parquet files of a lake's events as they are now.
fn data_files(lake: &Path) -> anyhow::Result<Vec<String>> {
    let table = lake.join("events");
    let mut commits = Vec::new();
    for entry in std::fs::read_dir(table.join("_delta_log"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "json") {
            commits.push(path);
        }
    }
    commits.sort();
    let mut files = std::collections::BTreeSet::new();
    for commit in commits {
        for line in std::fs::read_to_string(commit)?.lines() {
            let action: serde_json::Value = serde_json::from_str(line)?;
            let path = |kind: &str| {
                action
                    .get(kind)?
                    .get("path")?
                    .as_str()
                    .map(ToOwned::to_owned)
            };
            if let Some(added) = path("add") {
                files.insert(added);
            }
            if let Some(removed) = path("remove") {
                files.remove(&removed);
            }
        }
    }
    let whole = |file: String| table.join(file.replace("%3D", "=")).display().to_string();
    Ok(files.into_iter().map(whole).collect())
}

/// Results of questions as rows of tables, with what is wrong with the answers. Where the corpus
/// does not know the answer, ours is what others are held against.
pub(super) fn judged(
    told: &Told,
    engine: &str,
    truth: Option<(&Truth, &Subject)>,
    ours: &mut std::collections::BTreeMap<String, Rows>,
) -> Vec<Measured> {
    let mut all = Vec::new();
    for (name, asked) in &told.queries {
        let rows = asked.rows();
        let known = truth.and_then(|(truth, subject)| truth.answer(name, subject));
        if engine == OURS {
            ours.insert(name.clone(), rows.clone());
        }
        let expected = known.or_else(|| ours.get(name).cloned());
        all.push(Measured {
            task: format!("query: {name}"),
            engine: engine.to_owned(),
            seconds: asked.seconds.clone(),
            memory: told.memory.unwrap_or_default(),
            bytes: None,
            wrong: expected.and_then(|expected| difference(&rows, &expected)),
        });
    }
    all
}

fn queries(
    lake: &Path,
    truth: &Truth,
    plan: &Plan,
    tools: &Tools,
    results: &mut Results,
) -> anyhow::Result<()> {
    let subject = subject(truth);
    let mut ours = std::collections::BTreeMap::new();
    for _ in 0..plan.rounds {
        for engine in engines(tools, &[EVENTS_ALONE]) {
            match ask(lake, &subject, engine, &plan.work, plan.repeat, tools) {
                Ok(told) => {
                    if engine != EVENTS_ALONE {
                        let version = told.version.clone();
                        results.versions.insert(engine.to_owned(), version);
                    }
                    let known = Some((truth, &subject));
                    for measured in judged(&told, engine, known, &mut ours) {
                        eprintln!(
                            "{}, {engine}: {:.4} s{}",
                            measured.task,
                            measured.median(),
                            measured
                                .wrong
                                .as_deref()
                                .map(|w| format!(", WRONG: {w}"))
                                .unwrap_or_default()
                        );
                        results.add(measured);
                    }
                }
                Err(error) => {
                    eprintln!("queries, {engine}: failed: {error:#}");
                    results.add(Measured {
                        task: "query: group".to_owned(),
                        engine: engine.to_owned(),
                        ..measured(Vec::new(), 0, Some(format!("failed: {error:#}")))
                    });
                }
            }
        }
    }
    Ok(())
}
