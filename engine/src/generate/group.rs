//! Which actions may share a statement?
//!
//! Those of one service that were used on the very same resources: a statement allows each of
//! its actions on each of its resources, so any looser grouping would grant pairs that never
//! met.

use std::collections::{BTreeMap, BTreeSet};

use super::Used;
use crate::contain::resource_covers;
use crate::permission::Condition;

/// The content of one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) service: String,
    pub(super) actions: BTreeSet<String>,
    pub(super) resources: BTreeSet<String>,
    pub(super) conditions: BTreeSet<Condition>,
}

/// Groups that differ only in what one condition compares its key with, as one: either value will do.
pub(super) fn with_alternatives(groups: Vec<Group>) -> Vec<Group> {
    let mut merged: Vec<Group> = Vec::with_capacity(groups.len());
    // By all of a group but one condition's values.
    let mut places: BTreeMap<_, usize> = BTreeMap::new();
    for group in groups {
        let several =
            |it: &&Condition| it.operator == "StringEquals" && !it.key.starts_with("aws:");
        let Some(open) = group.conditions.iter().find(several).cloned() else {
            merged.push(group);
            continue;
        };
        let mut rest = group.conditions.clone();
        rest.remove(&open);
        let key = (
            group.service.clone(),
            group.actions.clone(),
            group.resources.clone(),
            rest.clone(),
            open.key.clone(),
        );
        match places.get(&key).and_then(|at| merged.get_mut(*at)) {
            None => {
                places.insert(key, merged.len());
                merged.push(group);
            }
            Some(known) => {
                let values = known.conditions.iter().filter(|it| it.key == open.key);
                let values = values.chain([&open]).flat_map(|it| it.values.clone());
                let values: BTreeSet<String> = values.collect();
                let both = Condition::of(&open.operator, &open.key, values);
                known.conditions = rest;
                known.conditions.insert(both);
            }
        }
    }
    merged
}

/// The permissions as statements, without those that another one covers.
pub(super) fn by_service_and_resources(used: &[Used<'_>]) -> Vec<Group> {
    // An action that is also used without a condition keeps its condition where it had one:
    // the resources may differ.
    let mut resources_of: BTreeMap<(&str, BTreeSet<&Condition>), BTreeSet<&str>> = BTreeMap::new();
    for one in used {
        let conditions: BTreeSet<&Condition> = one.conditions.iter().collect();
        let resources = resources_of.entry((&one.action, conditions)).or_default();
        resources.insert(&one.resource);
    }
    let free: BTreeMap<&str, BTreeSet<&str>> = resources_of
        .iter()
        .filter(|((_, conditions), _)| conditions.is_empty())
        .map(|((action, _), resources)| (*action, widest(resources)))
        .collect();

    type Key<'a> = (&'a str, BTreeSet<&'a Condition>, BTreeSet<&'a str>);
    let mut groups: BTreeMap<Key<'_>, BTreeSet<String>> = BTreeMap::new();
    for ((action, conditions), resources) in resources_of {
        let mut resources = widest(&resources);
        if let Some(free) = free.get(action).filter(|_| !conditions.is_empty()) {
            resources.retain(|resource| !covered(resource, free));
        }
        if resources.is_empty() {
            continue;
        }
        let service = action.split(':').next().unwrap_or_default();
        groups
            .entry((service, conditions, resources))
            .or_default()
            .insert(action.to_owned());
    }

    let groups = groups.into_iter();
    with_alternatives(
        groups
            .map(|((service, conditions, resources), actions)| Group {
                service: service.to_owned(),
                actions,
                resources: resources.into_iter().map(ToOwned::to_owned).collect(),
                conditions: conditions.into_iter().cloned().collect(),
            })
            .collect(),
    )
}

/// The resources without those that a pattern among them covers.
fn widest<'a>(resources: &BTreeSet<&'a str>) -> BTreeSet<&'a str> {
    let patterns: BTreeSet<&str> = resources
        .iter()
        .filter(|resource| resource.contains(['*', '?']))
        .copied()
        .collect();
    // Of two patterns that cover each other, `a/*` and `a/**`, the first stays.
    let stands_for = |pattern: &str, resource: &str| {
        pattern != resource
            && covers(pattern, resource)
            && (pattern < resource || !covers(resource, pattern))
    };
    let others = |resource: &str| patterns.iter().any(|it| stands_for(it, resource));
    let wide = resources.iter().filter(|resource| !others(resource));
    wide.copied().collect()
}

fn covered(resource: &str, by: &BTreeSet<&str>) -> bool {
    by.contains(resource)
        || by
            .iter()
            .any(|it| it.contains(['*', '?']) && covers(it, resource))
}

/// Whether a pattern covers a resource, told quickly where it does not.
fn covers(pattern: &str, resource: &str) -> bool {
    let start = pattern.split(['*', '?', '$']).next().unwrap_or_default();
    resource.starts_with(start) && resource_covers(pattern, resource)
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
    with_alternatives(
        groups
            .map(|((service, conditions, resources), actions)| Group {
                service,
                actions,
                resources,
                conditions,
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn used<'a>(action: &'a str, resource: &'a str, via: &[&str]) -> Used<'a> {
        Used {
            action: Cow::Borrowed(action),
            resource: Cow::Borrowed(resource),
            conditions: via
                .iter()
                .map(|via| Condition::of("StringEquals", "kms:ViaService", [(*via).to_owned()]))
                .collect(),
        }
    }

    #[test]
    fn what_another_permission_covers_is_not_said_again() {
        let instance = "arn:aws:ec2:eu-west-1:1:instance/";
        let (all, one, literal) = (
            format!("{instance}*"),
            format!("{instance}i-1"),
            format!("{instance}${{*}}"),
        );
        let groups = by_service_and_resources(&[
            used("ec2:RunInstances", &all, &[]),
            used("ec2:RunInstances", &one, &[]),
            used("ec2:RunInstances", &literal, &[]),
            used("ec2:StopInstances", &literal, &[]),
            used("ec2:StopInstances", &one, &[]),
            used("ec2:StartInstances", &all, &[]),
            used("ec2:StartInstances", &format!("{instance}**"), &[]),
            used("kms:Decrypt", "key/1", &["s3"]),
            used("kms:Decrypt", "key/1", &[]),
            used("kms:Decrypt", "key/2", &["s3"]),
            used("kms:Decrypt", "key/2", &["sqs"]),
        ]);
        let lines: Vec<String> = groups
            .iter()
            .map(|group| {
                let joined = |set: &BTreeSet<String>| {
                    set.iter().map(String::as_str).collect::<Vec<_>>().join(",")
                };
                let values = group.conditions.iter().flat_map(|it| it.values.clone());
                let resources = joined(&group.resources).replace(instance, "");
                let line = format!(
                    "{} {resources} {}",
                    joined(&group.actions),
                    joined(&values.collect())
                );
                line.trim_end().to_owned()
            })
            .collect();
        assert_eq!(
            lines,
            [
                "ec2:StopInstances ${*},i-1",
                "ec2:RunInstances,ec2:StartInstances *",
                "kms:Decrypt key/1",
                "kms:Decrypt key/2 s3,sqs",
            ]
        );
    }
}
