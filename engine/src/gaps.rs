//! Which services were used without anybody knowing the actions, and what may one add?

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::activity::Activity;
use crate::generate::{Meaning, Tally, select};
use crate::policy::PolicyDocument;
use crate::reference::Reference;

/// A service of which calls could not be mapped to actions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Gap {
    /// As events name it: `sqs.amazonaws.com`.
    pub event_source: String,
    /// The prefix of its actions, if IAM knows the service.
    pub service: Option<&'static str>,
    /// The operations, and how often they were called.
    pub operations: Vec<Tally>,
    /// The actions of the service that no document grants, those that are named most like the
    /// operations first: what one may add.
    pub actions: Vec<String>,
}

impl Gap {
    /// Calls of the service that no rule knows.
    pub fn calls(&self) -> u64 {
        self.operations.iter().map(|it| it.count).sum()
    }
}

/// The services of which `activity` has calls that could not be mapped, the busiest first.
pub fn gaps(
    activity: &[Activity],
    documents: &[PolicyDocument],
    reference: &Reference,
) -> Vec<Gap> {
    let mut services: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for (seen, meaning) in select(activity) {
        if meaning == Meaning::Unknown {
            let operations = services.entry(&seen.event_source).or_default();
            *operations.entry(&seen.event_name).or_default() += seen.count;
        }
    }
    let granted: BTreeSet<String> = documents
        .iter()
        .flat_map(|document| &document.statement)
        .flat_map(|statement| statement.actions.patterns().0)
        .map(|action| action.to_ascii_lowercase())
        .collect();
    let mut gaps: Vec<Gap> = services
        .into_iter()
        .map(|(event_source, operations)| {
            let service = reference.prefix_of(event_source);
            let mut tallies: Vec<Tally> = operations
                .iter()
                .map(|(name, count)| Tally {
                    what: (*name).to_owned(),
                    count: *count,
                })
                .collect();
            tallies.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.what.cmp(&b.what)));
            Gap {
                actions: service.map_or(Vec::new(), |service| {
                    open_actions(service, &operations, &granted, reference)
                }),
                event_source: event_source.to_owned(),
                service,
                operations: tallies,
            }
        })
        .collect();
    gaps.sort_by(|a, b| {
        let calls = b.calls().cmp(&a.calls());
        calls.then_with(|| a.event_source.cmp(&b.event_source))
    });
    gaps
}

/// The actions of a service that are not granted, most like the operations first.
fn open_actions(
    service: &str,
    operations: &BTreeMap<&str, u64>,
    granted: &BTreeSet<String>,
    reference: &Reference,
) -> Vec<String> {
    let likeness = |name: &str| {
        let of = operations.keys().map(|it| strsim::jaro_winkler(it, name));
        of.fold(0.0, f64::max)
    };
    let mut actions: Vec<(f64, String)> = reference
        .actions(service)
        .iter()
        .map(|action| (likeness(action.name), format!("{service}:{}", action.name)))
        .filter(|(_, action)| !granted.contains(&action.to_ascii_lowercase()))
        .collect();
    actions.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    actions.into_iter().map(|(_, action)| action).collect()
}
