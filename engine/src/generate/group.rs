//! Which actions may share a statement?
//!
//! Those of one service that were used on the very same resources: a statement allows each of
//! its actions on each of its resources, so any looser grouping would grant pairs that never
//! met.

use std::collections::{BTreeMap, BTreeSet};

use super::Used;
use crate::permission::Condition;

/// The content of one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) service: String,
    pub(super) actions: BTreeSet<String>,
    pub(super) resources: BTreeSet<String>,
    pub(super) conditions: BTreeSet<Condition>,
}

pub(super) fn by_service_and_resources(used: &[Used<'_>]) -> Vec<Group> {
    // An action that is also used without a condition keeps its condition where it had one:
    // the resources may differ.
    let mut resources_of: BTreeMap<(&str, BTreeSet<&Condition>), BTreeSet<&str>> = BTreeMap::new();
    for one in used {
        let conditions: BTreeSet<&Condition> = one.conditions.iter().collect();
        let resources = resources_of.entry((one.action, conditions)).or_default();
        resources.insert(one.resource);
    }

    type Key<'a> = (&'a str, BTreeSet<&'a Condition>, BTreeSet<&'a str>);
    let mut groups: BTreeMap<Key<'_>, BTreeSet<String>> = BTreeMap::new();
    for ((action, conditions), mut resources) in resources_of {
        // `*` covers all that stands beside it.
        if resources.contains("*") {
            resources = BTreeSet::from(["*"]);
        }
        let service = action.split(':').next().unwrap_or_default();
        groups
            .entry((service, conditions, resources))
            .or_default()
            .insert(action.to_owned());
    }

    groups
        .into_iter()
        .map(|((service, conditions, resources), actions)| Group {
            service: service.to_owned(),
            actions,
            resources: resources.into_iter().map(ToOwned::to_owned).collect(),
            conditions: conditions.into_iter().cloned().collect(),
        })
        .collect()
}

/// Groups that came to have the same resources and conditions, as one.
pub(super) fn merged(groups: Vec<Group>) -> Vec<Group> {
    let mut by_content: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for group in groups {
        let Group {
            service,
            actions,
            resources,
            conditions,
        } = group;
        let known = by_content
            .entry((service, conditions, resources))
            .or_default();
        known.extend(actions);
    }
    let groups = by_content.into_iter();
    groups
        .map(|((service, conditions, resources), actions)| Group {
            service,
            actions,
            resources,
            conditions,
        })
        .collect()
}
