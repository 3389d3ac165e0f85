//! How often did each thing occur?

use std::collections::BTreeMap;

use serde::Serialize;

use crate::activity::Activity;

/// How often something occurred.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// An action, or an operation of a service where no action is known.
    pub what: String,
    /// Calls.
    pub count: u64,
}

#[derive(Default)]
pub(super) struct Tallies(BTreeMap<String, Count>);

#[derive(Default)]
struct Count {
    sum: u64,
    /// The most of one addition, where that is more than the sum.
    most: u64,
}

impl Tallies {
    pub(super) fn add(&mut self, what: &str, count: u64) {
        self.of(what).sum += count;
    }

    /// Counts calls, of which one may need an action on several resources, and several actions.
    pub(super) fn add_calls(&mut self, what: &str, seen: &Activity) {
        let known = self.of(what);
        known.sum += seen.events;
        // An action that only comes along with others of the same calls.
        known.most = known.most.max(seen.count);
    }

    fn of(&mut self, what: &str) -> &mut Count {
        self.0.entry(what.to_owned()).or_default()
    }

    pub(super) fn most_first(self) -> Vec<Tally> {
        let tallies = self.0.into_iter().map(|(what, count)| Tally {
            what,
            count: count.sum.max(count.most),
        });
        let mut tallies: Vec<Tally> = tallies.collect();
        tallies.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.what.cmp(&b.what)));
        tallies
    }
}
