//! A trail of any size, the same each time, and the truth about it.
//!
//! ```text
//! templates ──► world: accounts, principals, resources, days
//!                 └──► cells: an account, a region, a day ──► events ──► deliveries (gzip)
//!                                                                └──► truth
//! ```
//!
//! A corpus has what real trails have: many kinds of events of many services, all kinds of
//! identities, few principals that do most, denied and failed calls, data events, records that
//! come twice, days late, or in two accounts, and the layout of CloudTrail's own deliveries.

mod calendar;
mod cell;
mod delivery;
mod dice;
mod event;
mod principal;
mod template;
mod truth;
mod world;

use std::ops::Range;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;
use jiff::civil::Date;

use cell::{Cell, Maker};
use delivery::Deliverer;
use truth::Truth;
pub use truth::{Key, Needle, Summary};
use world::World;

/// How many records a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum FileSizes {
    /// 1,000
    Large,
    /// 10
    Tiny,
    /// A few, 1.8 KB of gzip in the mean
    Few,
    /// Few in most files, 1,000 in some
    Mixed,
}

/// What a corpus is made of.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Number of different events
    #[arg(long, default_value_t = 1_000_000)]
    pub events: u64,
    /// Accounts that record them
    #[arg(long, default_value_t = 3)]
    pub accounts: u32,
    /// Regions, at most 12
    #[arg(long, default_value_t = 3)]
    pub regions: u32,
    /// Roles and users
    #[arg(long, default_value_t = 200)]
    pub principals: u32,
    /// Days
    #[arg(long, default_value_t = 30)]
    pub days: u32,
    /// First day
    #[arg(long, default_value = "2026-01-01")]
    pub start: Date,
    /// Records in a file
    #[arg(long, value_enum, default_value_t = FileSizes::Large)]
    pub files: FileSizes,
    /// Records of a million that are delivered twice
    #[arg(long, default_value_t = 1000)]
    pub duplicates: u32,
    /// Records of a million that are delivered a day or two late
    #[arg(long, default_value_t = 2000)]
    pub late: u32,
    /// Level of gzip, 0 for plain JSON
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(0..=9))]
    pub gzip: u32,
    /// The same number gives the same corpus
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Threads; they change nothing but the time it takes
    #[arg(long, default_value_t = std::thread::available_parallelism().map_or(2, usize::from))]
    pub threads: usize,
}

/// A corpus that is being made, day by day.
pub struct Corpus {
    options: Options,
    world: World,
    cells: Vec<Cell>,
    truth: Truth,
    files: u64,
    bytes: u64,
    plain_bytes: u64,
}

impl Corpus {
    /// Plans a corpus. Nothing is written yet.
    pub fn new(options: Options) -> anyhow::Result<Self> {
        let world = World::new(&options)?;
        Ok(Self {
            cells: cells(&world, options.events),
            options,
            world,
            truth: Truth::default(),
            files: 0,
            bytes: 0,
            plain_bytes: 0,
        })
    }

    /// The corpus in portions of about `events`, as ranges for [`Corpus::deliver`].
    pub fn portions(&self, events: u64) -> Vec<Range<usize>> {
        let mut portions = Vec::new();
        let (mut begin, mut so_far) = (0, 0);
        for (i, cell) in self.cells.iter().enumerate() {
            so_far += cell.events;
            if so_far >= events {
                portions.push(begin..i + 1);
                (begin, so_far) = (i + 1, 0);
            }
        }
        if begin < self.cells.len() {
            portions.push(begin..self.cells.len());
        }
        portions
    }

    /// A portion in two: the second has about `events`, the last ones.
    pub fn split_end(&self, portion: Range<usize>, events: u64) -> [Range<usize>; 2] {
        let starts = portion.clone().rev();
        let mut long_enough = starts.filter(|start| self.events(*start..portion.end) >= events);
        let middle = long_enough.next().unwrap_or(portion.start);
        [portion.start..middle, middle..portion.end]
    }

    /// All of it.
    pub fn whole(&self) -> Range<usize> {
        0..self.cells.len()
    }

    /// Number of events of a portion.
    pub fn events(&self, portion: Range<usize>) -> u64 {
        let cells = self.cells.get(portion).unwrap_or_default();
        cells.iter().map(|cell| cell.events).sum()
    }

    /// Writes the files of a portion below `out`.
    pub fn deliver(&mut self, portion: Range<usize>, out: &Path) -> anyhow::Result<()> {
        let cells = self.cells.get(portion).unwrap_or_default();
        let next = AtomicUsize::new(0);
        let made = Mutex::new((Truth::default(), [0; 3]));
        let (world, options) = (&self.world, &self.options);
        let work = || -> anyhow::Result<()> {
            let deliverer = Deliverer::new(out, options.gzip);
            let mut maker = Maker::new(world, options, deliverer);
            while let Some(cell) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
                maker.make(*cell)?;
            }
            // Another thread's panic is reported where it is joined.
            let mut made = made
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            made.0.merge(maker.truth);
            let by = &maker.deliverer;
            for (sum, more) in made.1.iter_mut().zip([by.files, by.bytes, by.plain_bytes]) {
                *sum += more;
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..self.options.threads.max(1))
                .map(|_| scope.spawn(work))
                .collect();
            threads.into_iter().try_for_each(|thread| {
                let joined = thread.join();
                joined.map_err(|_| anyhow::anyhow!("a thread panicked"))?
            })
        })?;
        let (truth, [files, bytes, plain_bytes]) = made
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        self.truth.merge(truth);
        self.files += files;
        self.bytes += bytes;
        self.plain_bytes += plain_bytes;
        Ok(())
    }

    /// Writes down what is true of all that was delivered, into `folder`.
    pub fn write_truth(&self, folder: &Path) -> anyhow::Result<Summary> {
        let summary = Summary {
            files: self.files,
            bytes: self.bytes,
            plain_bytes: self.plain_bytes,
            ..Summary::default()
        };
        self.truth.write(&self.world, folder, summary)
    }
}

/// The figures of the corpus whose truth lies in `folder`.
pub fn summary(folder: &Path) -> anyhow::Result<Summary> {
    let path = folder.join("summary.json");
    let text = std::fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("cannot read `{}`", path.display()))
}

/// Shares the events out to accounts, regions and days, day by day.
fn cells(world: &World, events: u64) -> Vec<Cell> {
    let mut cells = Vec::new();
    let mut weights = Vec::new();
    for (day, of_day) in world.days.iter().enumerate() {
        for (account, of_account) in world.accounts.iter().enumerate() {
            for region in 0..world.regions.len() {
                let weight = of_day.weight * of_account.weight * dice::steep(region + 1);
                weights.push(weight);
                cells.push(Cell {
                    account,
                    region,
                    day,
                    events: 0,
                });
            }
        }
    }
    let all: f64 = weights.iter().sum();
    let (mut before, mut given) = (0.0, 0);
    let last = cells.len().saturating_sub(1);
    for (i, (cell, weight)) in cells.iter_mut().zip(weights).enumerate() {
        before += weight;
        let until = match i == last {
            true => events,
            false => (before / all * events as f64) as u64,
        };
        cell.events = until.saturating_sub(given);
        given = until;
    }
    cells.retain(|cell| cell.events > 0);
    cells
}

#[cfg(test)]
mod tests;
