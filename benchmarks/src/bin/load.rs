//! `load`: asks `trailwright serve` at a steady rate, without and with policy generations beside.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use clap::Parser;
use serde_json::Value;
use trailwright_benchmarks::corpus::{Corpus, FileSizes, Options};
use trailwright_benchmarks::load::{Latencies, Plan, measure};

/// Asks the server at a steady rate, without and with policy generations beside, and prints how
/// latencies are spread. Fails if an answer is wrong.
#[derive(Debug, Parser)]
struct Cli {
    /// The program to measure [default: the one beside this]
    #[arg(long)]
    trailwright: Option<PathBuf>,
    /// Events of the lake
    #[arg(long, default_value_t = 100_000)]
    events: u64,
    /// Requests in a second
    #[arg(long, default_value_t = 200)]
    rate: u32,
    /// Seconds of a round
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Rounds of each kind, which take turns
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Connections that share the requests
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=64))]
    connections: u32,
}

/// Shares of requests that are told, of 1,000.
const SHARES: [(usize, &str); 5] = [
    (500, "50 %"),
    (900, "90 %"),
    (990, "99 %"),
    (999, "99.9 %"),
    (1000, "all"),
];

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let beside = std::env::current_exe()?.with_file_name("trailwright");
    let program = cli.trailwright.clone().unwrap_or(beside);
    let name = format!("trailwright-load-{}", std::process::id());
    let work = std::env::temp_dir().join(name);
    let lake = lake(&program, &work, cli.events)?;
    let principal = busiest(&program, &lake)?;
    let plan = Plan {
        rate: cli.rate,
        seconds: cli.seconds,
        rounds: cli.rounds,
        connections: cli.connections,
    };
    let load = measure(&program, &lake, &principal, &plan);
    std::fs::remove_dir_all(&work)?;
    let load = load?;
    println!(
        "{} requests a second, {} connections, {} events; {} requests of each kind, all answers right; {} policies generated beside\n",
        cli.rate,
        cli.connections,
        cli.events,
        load.idle.count(),
        load.jobs
    );
    println!("| requests answered within | alone | with policy generations | ratio |");
    println!("|---|---:|---:|---:|");
    for (share, name) in SHARES {
        let of = |latencies: &Latencies| latencies.at(share).as_secs_f64() * 1000.0;
        let (idle, busy) = (of(&load.idle), of(&load.busy));
        println!(
            "| {name} | {idle:.1} ms | {busy:.1} ms | {:.1} |",
            busy / idle
        );
    }
    Ok(())
}

/// A lake of a corpus.
fn lake(program: &Path, work: &Path, events: u64) -> anyhow::Result<PathBuf> {
    let mut corpus = Corpus::new(Options {
        events,
        accounts: 3,
        regions: 3,
        principals: 200,
        days: 30,
        start: jiff::civil::date(2026, 1, 1),
        files: FileSizes::Large,
        duplicates: 0,
        late: 0,
        gzip: 1,
        seed: 1,
        threads: std::thread::available_parallelism().map_or(2, usize::from),
    })?;
    let logs = work.join("logs");
    corpus.deliver(corpus.whole(), &logs)?;
    let lake = work.join("lake");
    run(Command::new(program).arg("ingest").arg(&lake).arg(&logs))?;
    Ok(lake)
}

/// The role or user with the most events.
fn busiest(program: &Path, lake: &Path) -> anyhow::Result<String> {
    let query = "SELECT principal FROM principals WHERE principal LIKE 'arn:aws:iam::%:role/%' ORDER BY events DESC, principal LIMIT 1";
    let mut ask = Command::new(program);
    let told = run(ask.arg("sql").arg(lake).args([query, "--output", "ndjson"]))?;
    let row: Value = serde_json::from_str(&told)?;
    let principal = row.get("principal").and_then(Value::as_str);
    Ok(principal.context("the lake has no role")?.to_owned())
}

fn run(command: &mut Command) -> anyhow::Result<String> {
    let done = command
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    let stderr = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "{command:?}: {stderr}");
    Ok(String::from_utf8(done.stdout)?)
}
