//! Which actions may share a statement?
//!
//! Those of one service that were used on the very same resources: a statement allows each of
//! its actions on each of its resources, so any looser grouping would grant pairs that never
//! met.

use std::collections::{BTreeMap, BTreeSet};

use super::Used;

/// The content of one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) service: String,
    pub(super) actions: BTreeSet<String>,
    pub(super) resources: BTreeSet<String>,
}

pub(super) fn by_service_and_resources(used: &[Used<'_>]) -> Vec<Group> {
    let mut resources_of: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for Used { action, resource } in used {
        resources_of.entry(action).or_default().insert(resource);
    }

    let mut groups: BTreeMap<(&str, BTreeSet<&str>), BTreeSet<String>> = BTreeMap::new();
    for (action, mut resources) in resources_of {
        // `*` covers all that stands beside it.
        if resources.contains("*") {
            resources = BTreeSet::from(["*"]);
        }
        let service = action.split(':').next().unwrap_or_default();
        groups
            .entry((service, resources))
            .or_default()
            .insert(action.to_owned());
    }

    groups
        .into_iter()
        .map(|((service, resources), actions)| Group {
            service: service.to_owned(),
            actions,
            resources: resources.into_iter().map(ToOwned::to_owned).collect(),
        })
        .collect()
}
