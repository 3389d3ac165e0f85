//! What was measured, as a file that a report can be made from again?

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::machine::Machine;
use crate::corpus::Summary;

/// Everything that was measured.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Results {
    /// Where and when.
    pub(super) machine: Machine,
    /// What a reader must know of the circumstances.
    #[serde(default)]
    pub note: String,
    /// The corpora, by name.
    pub(super) corpora: Vec<(String, Summary)>,
    /// Versions of engines, by name.
    #[serde(default)]
    pub(super) versions: BTreeMap<String, String>,
    /// Tasks side by side.
    pub(super) measured: Vec<Measured>,
    /// A lake that grows.
    #[serde(default)]
    pub(super) growth: Vec<Step>,
    /// Where and when that was.
    #[serde(default)]
    pub(super) growth_machine: Machine,
}

/// An engine at a task.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Measured {
    pub(super) task: String,
    pub(super) engine: String,
    /// Each repetition.
    pub(super) seconds: Vec<f64>,
    /// The most memory of its process, in bytes.
    pub(super) memory: u64,
    /// Size of what it wrote, if it wrote anything.
    pub(super) bytes: Option<u64>,
    /// Nothing if the answer is right, otherwise what is wrong with it.
    pub(super) wrong: Option<String>,
}

/// The lake at one size.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Step {
    /// Events in the lake.
    pub(super) events: u64,
    /// Bytes of its folder.
    pub(super) bytes: u64,
    /// Files in it.
    pub(super) files: u64,
    /// Events of the last portion, and seconds and memory of its ingest, alone on the machine.
    pub(super) added: u64,
    pub(super) seconds: f64,
    pub(super) memory: u64,
    /// Events of the day behind it, and the same of its ingest.
    #[serde(default)]
    pub(super) added_day: u64,
    #[serde(default)]
    pub(super) seconds_day: f64,
    /// Queries on it.
    pub(super) queries: Vec<Measured>,
}

impl Results {
    /// Reads what [`Results::write`] wrote.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("cannot read `{}`", path.display()))
    }

    /// Writes it as JSON.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        std::fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))
    }

    /// Answers that were wrong.
    pub fn wrong(&self) -> Vec<String> {
        let steps = self.growth.iter().flat_map(|step| &step.queries);
        let wrong = self.measured.iter().chain(steps).filter_map(|measured| {
            let wrong = measured.wrong.as_ref()?;
            Some(format!("{}, {}: {wrong}", measured.task, measured.engine))
        });
        wrong.collect()
    }

    /// Takes over the growth that was measured before.
    pub fn keep_growth_of(&mut self, before: Self) {
        self.growth = before.growth;
        self.growth_machine = before.growth_machine;
    }

    /// Adds a run to what is known of an engine at a task.
    pub(super) fn add(&mut self, run: Measured) {
        let known = self
            .measured
            .iter_mut()
            .find(|known| known.task == run.task && known.engine == run.engine);
        match known {
            Some(known) => {
                known.seconds.extend(run.seconds);
                known.memory = known.memory.max(run.memory);
                known.bytes = run.bytes.or(known.bytes);
                known.wrong = known.wrong.take().or(run.wrong);
            }
            None => self.measured.push(run),
        }
    }
}

impl Measured {
    /// The time in the middle.
    pub(super) fn median(&self) -> f64 {
        let mut seconds = self.seconds.clone();
        seconds.sort_by(f64::total_cmp);
        let middle = seconds.len() / 2;
        let upper = seconds.get(middle).copied().unwrap_or(f64::NAN);
        match seconds.len() % 2 {
            0 => {
                let lower = seconds.get(middle.saturating_sub(1)).copied();
                f64::midpoint(lower.unwrap_or(f64::NAN), upper)
            }
            _ => upper,
        }
    }

    /// The shortest and the longest.
    pub(super) fn spread(&self) -> (f64, f64) {
        let least = self.seconds.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.seconds.iter().copied().fold(0.0, f64::max);
        (least, most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slow_run_does_not_move_the_median() {
        let mut measured = Measured {
            task: String::new(),
            engine: String::new(),
            seconds: vec![3.0, 1.0, 90.0],
            memory: 0,
            bytes: None,
            wrong: None,
        };
        assert!((measured.median() - 3.0).abs() < 1e-9);
        assert_eq!(measured.spread(), (1.0, 90.0));
        measured.seconds.push(5.0);
        assert!((measured.median() - 4.0).abs() < 1e-9);
    }
}
