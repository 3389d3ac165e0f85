//! What is a statement called?
//!
//! By its service and its one action, or the one type of its resources: `Ec2RunInstances`,
//! `S3Object`, `S3Object2`. IAM allows letters and digits, and wants each name once.

use std::collections::{BTreeMap, BTreeSet};

use super::group::Group;
use crate::permission::resource_type_of;
use crate::reference::Reference;

pub(super) fn sids(groups: &[Group], reference: &Reference) -> Vec<String> {
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    groups
        .iter()
        .map(|group| {
            let name = base_name(group, reference);
            let times = taken.entry(name.clone()).or_default();
            *times += 1;
            match *times {
                1 => name,
                n => format!("{name}{n}"),
            }
        })
        .collect()
}

fn base_name(group: &Group, reference: &Reference) -> String {
    let service = pascal(&group.service);
    if let (1, Some(action)) = (group.actions.len(), group.actions.first()) {
        let name = action.split(':').nth(1).unwrap_or_default();
        return format!("{service}{}", pascal(name));
    }
    if group.resources.contains("*") {
        return service;
    }
    let types: BTreeSet<&str> = group
        .resources
        .iter()
        .filter_map(|resource| resource_type_of(resource, &group.service, reference))
        .map(|kind| kind.name)
        .collect();
    match types.first() {
        Some(kind) if types.len() == 1 => format!("{service}{}", pascal(kind)),
        _ => format!("{service}Mixed"),
    }
}

/// `log-group` as `LogGroup`.
fn pascal(name: &str) -> String {
    name.split(|sign: char| !sign.is_ascii_alphanumeric())
        .map(|word| {
            let mut signs = word.chars();
            let first = signs.next().map(|sign| sign.to_ascii_uppercase());
            first.into_iter().chain(signs).collect::<String>()
        })
        .collect()
}
