//! How often did each thing occur?

use std::collections::BTreeMap;

use serde::Serialize;

/// How often something occurred.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// An action, or an operation of a service where no action is known.
    pub what: String,
    /// Calls.
    pub count: u64,
}

#[derive(Default)]
pub(super) struct Tallies(BTreeMap<String, u64>);

impl Tallies {
    pub(super) fn add(&mut self, what: &str, count: u64) {
        match self.0.get_mut(what) {
            Some(known) => *known += count,
            None => {
                self.0.insert(what.to_owned(), count);
            }
        }
    }

    pub(super) fn most_first(self) -> Vec<Tally> {
        let tallies = self
            .0
            .into_iter()
            .map(|(what, count)| Tally { what, count });
        let mut tallies: Vec<Tally> = tallies.collect();
        tallies.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.what.cmp(&b.what)));
        tallies
    }
}
