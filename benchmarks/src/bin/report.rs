//! `report`: measures us beside others and writes REPORT.md.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Parser, Subcommand};
use trailwright_benchmarks::corpus::{Corpus, FileSizes, Options};
use trailwright_benchmarks::measure::{Results, Tools, bare, growth, own, side_by_side, write_up};

/// The program's own, since our own session and the bare way are measured in this one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures Trailwright beside DuckDB, ClickHouse, Polars and trailscraper
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure everything side by side, and write results.json and REPORT.md
    Run {
        #[command(flatten)]
        with: With,
        /// Events of the large corpus; the others are 0.4 and 0.04 of it
        #[arg(long, default_value_t = 1_000_000)]
        events: u64,
        /// Rounds
        #[arg(long, default_value_t = 3)]
        rounds: usize,
        /// An engine that takes longer than this, in seconds, is not asked for it again
        #[arg(long, default_value_t = 30.0)]
        patience: f64,
        /// What a reader must know of the circumstances
        #[arg(long, default_value = "")]
        note: String,
        /// Keep the corpora, or take those that are there
        #[arg(long)]
        corpora: Option<PathBuf>,
    },
    /// Let a lake grow, and add what that cost to results.json and REPORT.md
    Grow {
        #[command(flatten)]
        with: With,
        /// Events in the end
        #[arg(long, default_value_t = 100_000_000)]
        events: u64,
        /// Events of a portion
        #[arg(long, default_value_t = 1_000_000)]
        portion: u64,
    },
    /// Do all of it in small, and fail if an answer is wrong; no time is looked at
    Check {
        #[command(flatten)]
        with: With,
    },
    /// Write REPORT.md from results.json
    Write {
        /// The folder `benchmarks`
        #[arg(long, default_value = "benchmarks")]
        home: PathBuf,
    },
    /// Ask our own session, as peers are asked
    #[command(hide = true)]
    Own {
        lake: String,
        #[arg(long)]
        query: Vec<String>,
        #[arg(long)]
        repeat: usize,
    },
    /// Do the least that can be done with files
    #[command(hide = true)]
    Bare {
        /// `parse` or `parquet`
        what: String,
        source: PathBuf,
        out: PathBuf,
    },
}

#[derive(Debug, Args)]
struct With {
    /// A Python that has what benchmarks/peers/requirements.txt lists; without it, only we
    /// are measured
    #[arg(long, env = "TRAILWRIGHT_PEERS_PYTHON")]
    python: Option<PathBuf>,
    /// The program to measure [default: the one beside this]
    #[arg(long)]
    trailwright: Option<PathBuf>,
    /// The folder `benchmarks`
    #[arg(long, default_value = "benchmarks")]
    home: PathBuf,
    /// Folder for corpora and lakes [default: one of the system's for such]
    #[arg(long)]
    work: Option<PathBuf>,
}

impl With {
    fn tools(&self) -> anyhow::Result<Tools> {
        let own = std::env::current_exe()?;
        let beside = own.with_file_name("trailwright");
        let trailwright = self.trailwright.clone().unwrap_or(beside);
        if !trailwright.is_file() {
            bail!(
                "no program `{}`: build it, or name it with --trailwright",
                trailwright.display()
            );
        }
        if self.python.is_none() {
            eprintln!(
                "NOTE: no Python with the peers: only our own answers are measured and checked"
            );
        }
        Ok(Tools {
            trailwright,
            own,
            python: self.python.clone(),
            home: self.home.clone(),
            threads: std::thread::available_parallelism().map_or(2, usize::from),
        })
    }

    fn work(&self) -> PathBuf {
        let name = format!("trailwright-report-{}", std::process::id());
        self.work
            .clone()
            .unwrap_or_else(|| std::env::temp_dir().join(name))
    }
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Run {
            with,
            events,
            rounds,
            patience,
            note,
            corpora,
        } => {
            let mut results = run(&with, events, (rounds, patience), corpora)?;
            results.note = note;
            finish(&with, results)
        }
        Command::Grow {
            with,
            events,
            portion,
        } => grow(&with, events, portion),
        Command::Check { with } => check(&with),
        Command::Write { home } => {
            write_up::write(&Results::read(&home.join("results.json"))?, &home)
        }
        Command::Own {
            lake,
            query,
            repeat,
        } => ask(&lake, &query, repeat),
        Command::Bare { what, source, out } => least(&what, &source, &out),
    }
}

fn run(
    with: &With,
    events: u64,
    (rounds, patience): (usize, f64),
    corpora: Option<PathBuf>,
) -> anyhow::Result<Results> {
    let (tools, work) = (with.tools()?, with.work());
    let folder = corpora.clone().unwrap_or_else(|| work.join("corpora"));
    let plan = side_by_side::Plan {
        corpora: corpora_of(&folder, events)?,
        small: corpus(&folder, "small", small(events))?,
        work: work.join("lakes"),
        rounds,
        repeat: 5,
        patience,
    };
    let results = side_by_side::measure(&plan, &tools)?;
    if corpora.is_none() {
        std::fs::remove_dir_all(&work)?;
    }
    Ok(results)
}

/// Writes what was measured, with the growth that was measured before.
fn finish(with: &With, mut results: Results) -> anyhow::Result<()> {
    let path = with.home.join("results.json");
    if let Ok(before) = Results::read(&path) {
        results.keep_growth_of(before);
    }
    results.write(&path)?;
    write_up::write(&results, &with.home)?;
    tell_wrong(&results)
}

fn grow(with: &With, events: u64, portion: u64) -> anyhow::Result<()> {
    let (tools, work) = (with.tools()?, with.work());
    let results_path = with.home.join("results.json");
    let mut results = Results::read(&results_path).unwrap_or_default();
    let plan = growth::Plan {
        options: Options {
            accounts: 4,
            regions: 4,
            principals: 1000,
            days: 730,
            start: jiff::civil::date(2025, 1, 1),
            gzip: 1,
            ..large(events)
        },
        portion,
        work: work.clone(),
        repeat: 5,
        results: results_path,
    };
    growth::measure(&plan, &tools, &mut results)?;
    write_up::write(&results, &with.home)?;
    std::fs::remove_dir_all(&work)?;
    tell_wrong(&results)
}

fn check(with: &With) -> anyhow::Result<()> {
    let (tools, work) = (with.tools()?, with.work());
    let folder = work.join("corpora");
    let plan = side_by_side::Plan {
        corpora: corpora_of(&folder, 10_000)?,
        small: corpus(&folder, "small", small(50_000))?,
        work: work.join("lakes"),
        rounds: 1,
        repeat: 1,
        patience: 1.0,
    };
    let results = side_by_side::measure(&plan, &tools)?;
    write_up::write(&results, &scratch(&work)?)?;
    std::fs::remove_dir_all(&work)?;
    tell_wrong(&results)
}

fn scratch(work: &Path) -> anyhow::Result<PathBuf> {
    let folder = work.join("report");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn tell_wrong(results: &Results) -> anyhow::Result<()> {
    let wrong = results.wrong();
    if wrong.is_empty() {
        eprintln!("all answers are right");
        return Ok(());
    }
    bail!("wrong answers:\n{}", wrong.join("\n"))
}

/// Those that every engine reads, the large one of `events`.
fn corpora_of(folder: &Path, events: u64) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let corpora = [
        ("1,000 records a file", "large", large(events)),
        ("10 records a file", "tiny", tiny(events)),
        ("1.8 KB a file", "few", few(events)),
    ];
    corpora
        .into_iter()
        .map(|(called, name, options)| Ok((called.to_owned(), corpus(folder, name, options)?)))
        .collect()
}

/// The corpus `name` below `folder`, made if it is not there.
fn corpus(folder: &Path, name: &str, options: Options) -> anyhow::Result<PathBuf> {
    let folder = folder.join(name);
    if !folder.join("truth/summary.json").is_file() {
        let mut corpus = Corpus::new(options)?;
        corpus.deliver(corpus.whole(), &folder)?;
        corpus.write_truth(&folder.join("truth"))?;
    }
    Ok(folder)
}

fn large(events: u64) -> Options {
    Options {
        events,
        accounts: 3,
        regions: 3,
        principals: 200,
        days: 30,
        start: jiff::civil::date(2026, 1, 1),
        files: FileSizes::Large,
        duplicates: 1000,
        late: 2000,
        gzip: 6,
        seed: 1,
        threads: std::thread::available_parallelism().map_or(2, usize::from),
    }
}

fn tiny(events: u64) -> Options {
    Options {
        files: FileSizes::Tiny,
        ..large(events * 4 / 10)
    }
}

fn few(events: u64) -> Options {
    Options {
        files: FileSizes::Few,
        ..large(events / 5)
    }
}

fn small(events: u64) -> Options {
    Options {
        days: 5,
        ..large(events / 25)
    }
}

fn ask(lake: &str, queries: &[String], repeat: usize) -> anyhow::Result<()> {
    let queries: Vec<(String, String)> = queries
        .iter()
        .filter_map(|query| query.split_once('='))
        .map(|(name, sql)| (name.to_owned(), sql.to_owned()))
        .collect();
    let runtime = tokio::runtime::Runtime::new().context("cannot start the threads of queries")?;
    let told = runtime.block_on(own::answer(lake, &queries, repeat))?;
    println!("{told}");
    Ok(())
}

fn least(what: &str, source: &Path, out: &Path) -> anyhow::Result<()> {
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let count = match what {
        "parse" => bare::parse(source, threads)?,
        "parquet" => bare::to_parquet(source, out, threads)?,
        _ => bail!("expected `parse` or `parquet`, got `{what}`"),
    };
    println!("{count}");
    Ok(())
}
