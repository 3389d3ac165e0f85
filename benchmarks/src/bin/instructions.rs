//! `instructions check`: do the hottest parts still take as many instructions as they did?
//!
//! Time jitters, instructions hardly do. Each part runs under callgrind with two numbers of
//! repetitions; the difference is what one repetition takes, without start and preparation.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command as Process;

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand};
use trailwright_benchmarks::sample::Sample;
use trailwright_engine::event::Row;
use trailwright_engine::permission::{Call, Mapper};
use trailwright_engine::prove::prove;
use trailwright_engine::{Reference, generate};

/// The parts that are watched.
const PARTS: [&str; 3] = ["normalise", "map", "evaluate"];

/// Events of the sample.
const EVENTS: u64 = 1000;

/// How much more or less is borne, in hundredths.
const TOLERANCE: f64 = 5.0;

/// Counts instructions of the hottest parts
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compare with the committed counts, and fail if a part takes more
    Check {
        /// The committed counts
        #[arg(long, default_value = "benchmarks/instructions.tsv")]
        table: PathBuf,
        /// Write the table anew
        #[arg(long)]
        write: bool,
    },
    /// Run a part
    #[command(hide = true)]
    Run { part: String, times: usize },
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Check { table, write } => check(&table, write),
        Command::Run { part, times } => run(&part, times),
    }
}

fn run(part: &str, times: usize) -> anyhow::Result<()> {
    let sample = Sample::new(EVENTS)?;
    match part {
        "normalise" => {
            for record in std::iter::repeat_n(&sample.records, times).flatten() {
                black_box(Row::from_record(record)?);
            }
        }
        "map" => {
            let rows: Result<Vec<Row<'_>>, _> =
                sample.records.iter().map(|r| Row::from_record(r)).collect();
            let rows = rows?;
            for row in std::iter::repeat_n(&rows, times).flatten() {
                black_box(Mapper::bundled().needs(&Call::of(row)));
            }
        }
        "evaluate" => {
            let activity = sample.activity();
            let documents = [generate(&activity, Reference::bundled()).document];
            for _ in 0..times {
                black_box(prove(&activity, &documents));
            }
        }
        _ => bail!("no part is called `{part}`"),
    }
    Ok(())
}

fn check(table: &Path, write: bool) -> anyhow::Result<()> {
    if Process::new("valgrind").arg("--version").output().is_err() {
        println!("NOTE: no valgrind here: instructions were not counted");
        return Ok(());
    }
    let mut counts = BTreeMap::new();
    for part in PARTS {
        let count = (counted(part, 3)? - counted(part, 1)?) / 2.0 / EVENTS as f64;
        println!("{part}: {count:.0} instructions an event of the sample");
        counts.insert(part, count);
    }
    let compiler = compiler();
    if write {
        let mut text = format!("# {compiler}\n# part\tinstructions an event\n");
        for (part, count) in &counts {
            text.push_str(&format!("{part}\t{count:.0}\n"));
        }
        return std::fs::write(table, text)
            .with_context(|| format!("cannot write `{}`", table.display()));
    }
    let text = std::fs::read_to_string(table)
        .with_context(|| format!("cannot read `{}`", table.display()))?;
    if !text.contains(&compiler) {
        println!("NOTE: counted with another compiler, {compiler}: nothing to compare with");
        return Ok(());
    }
    let mut changed = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (part, before) = line
            .split_once('\t')
            .context("expected a part and its count")?;
        let before: f64 = before
            .parse()
            .with_context(|| format!("expected a count of {part}, got `{before}`"))?;
        let now = counts
            .get(part)
            .with_context(|| format!("no part is called `{part}`"))?;
        let more = (now / before - 1.0) * 100.0;
        if more > TOLERANCE {
            changed.push(format!(
                "{part} takes {more:.1} % more instructions: {now:.0} instead of {before:.0}"
            ));
        } else if more < -TOLERANCE {
            println!(
                "NOTE: {part} takes {:.1} % less: write the table anew",
                -more
            );
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    bail!(
        "{}\nif this is meant, write the table anew with `instructions check --write`",
        changed.join("\n")
    )
}

/// Instructions of a run.
fn counted(part: &str, times: usize) -> anyhow::Result<f64> {
    let out = std::env::temp_dir().join(format!("trailwright-callgrind-{}", std::process::id()));
    let output = Process::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe()?)
        .args(["run", part, &times.to_string()])
        .output()
        .context("cannot run valgrind")?;
    // The file is for people; the sum is in what it says.
    let _ = std::fs::remove_file(&out);
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find_map(|line| line.split_once("Collected :"));
    let Some((_, count)) = line else {
        bail!("valgrind did not count {part}: {said}");
    };
    count
        .trim()
        .parse()
        .with_context(|| format!("expected a count, got `{count}`"))
}

fn compiler() -> String {
    let output = Process::new("rustc").arg("--version").output();
    let version = output.map(|output| output.stdout).unwrap_or_default();
    let arch = std::env::consts::ARCH;
    format!("{} {arch}", String::from_utf8_lossy(&version).trim())
}
