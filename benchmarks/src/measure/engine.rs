//! How is each engine asked?

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::Value;

use super::process::{self, Run};
use super::truth::{Rows, in_order};

/// Longer than this is not waited.
const LIMIT: Duration = Duration::from_secs(900);

/// The programs that are measured.
#[derive(Debug, Clone)]
pub struct Tools {
    /// The program `trailwright`.
    pub trailwright: PathBuf,
    /// This program, which also answers for our session.
    pub own: PathBuf,
    /// A Python that has the peers, if there is one.
    pub python: Option<PathBuf>,
    /// The folder `benchmarks`.
    pub home: PathBuf,
    /// Cores that each may use.
    pub threads: usize,
}

/// A program beside us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Peer {
    pub(super) name: &'static str,
    script: &'static str,
}

/// Those who ingest and answer queries.
pub(super) const PEERS: [Peer; 3] = [
    Peer {
        name: "DuckDB",
        script: "duckdb_peer.py",
    },
    Peer {
        name: "ClickHouse",
        script: "clickhouse_peer.py",
    },
    Peer {
        name: "Polars",
        script: "polars_peer.py",
    },
];

/// What an engine tells of itself.
#[derive(Debug, Deserialize)]
pub(super) struct Told {
    #[serde(default)]
    pub(super) seconds: Vec<f64>,
    #[serde(default)]
    answer: Vec<Vec<Value>>,
    #[serde(default)]
    pub(super) bytes: Option<u64>,
    #[serde(default)]
    pub(super) queries: std::collections::BTreeMap<String, Asked>,
    #[serde(default)]
    pub(super) memory: Option<u64>,
    #[serde(default)]
    pub(super) version: String,
}

/// What an engine tells of a query.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    pub(super) seconds: Vec<f64>,
    answer: Vec<Vec<Value>>,
}

impl Told {
    pub(super) fn rows(&self) -> Rows {
        as_text(&self.answer)
    }
}

impl Asked {
    pub(super) fn rows(&self) -> Rows {
        as_text(&self.answer)
    }
}

fn as_text(answer: &[Vec<Value>]) -> Rows {
    let text = |cell: &Value| match cell {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    in_order(
        answer
            .iter()
            .map(|row| row.iter().map(text).collect())
            .collect(),
    )
}

impl Tools {
    /// Peers that can be asked here.
    pub(super) fn peers(&self) -> &'static [Peer] {
        if self.python.is_some() { &PEERS } else { &[] }
    }

    /// Asks a peer for a task.
    pub(super) fn peer<A: AsRef<OsStr>>(
        &self,
        peer: Peer,
        args: impl IntoIterator<Item = A>,
    ) -> anyhow::Result<Told> {
        let python = self.python.as_deref().context("no Python with the peers")?;
        let mut command = Command::new(python);
        command
            .arg(self.home.join("peers").join(peer.script))
            .args(args)
            .args(["--threads", &self.threads.to_string()]);
        told(&process::run(&mut command, LIMIT)?)
    }

    /// Asks our own session.
    pub(super) fn own(
        &self,
        lake: &Path,
        queries: &[String],
        repeat: usize,
    ) -> anyhow::Result<Told> {
        let mut command = Command::new(&self.own);
        command.args(["own".as_ref(), lake.as_os_str()]);
        command.args(["--repeat", &repeat.to_string()]);
        for query in queries {
            command.args(["--query", query]);
        }
        told(&process::run(&mut command, LIMIT)?)
    }

    /// Runs `trailwright`.
    pub(super) fn trailwright<A: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
    ) -> anyhow::Result<Run> {
        process::run(Command::new(&self.trailwright).args(args), LIMIT)
    }

    /// Runs this program with other arguments.
    pub(super) fn itself<A: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
    ) -> anyhow::Result<Run> {
        process::run(Command::new(&self.own).args(args), LIMIT)
    }

    /// The program `name` beside the Python.
    pub(super) fn script(&self, name: &str) -> anyhow::Result<Command> {
        let python = self.python.as_deref().context("no Python with the peers")?;
        Ok(Command::new(python.with_file_name(name)))
    }

    pub(super) fn timed(&self, command: &mut Command) -> anyhow::Result<Run> {
        process::run(command, LIMIT)
    }
}

fn told(run: &Run) -> anyhow::Result<Told> {
    let line = run.stdout.lines().last().unwrap_or_default();
    serde_json::from_str(line).with_context(|| {
        let shown: String = line.chars().take(200).collect();
        format!("expected a line of JSON, got `{shown}`")
    })
}
