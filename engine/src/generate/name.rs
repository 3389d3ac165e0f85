//! What is a statement called?
//!
//! By its service and its one action, or the one type of its resources: `Ec2RunInstances`,
//! `S3Object`, `S3Object2`. IAM allows letters and digits, and wants each name once.

use std::collections::{BTreeMap, BTreeSet};

use super::group::Group;
use crate::permission::resource_type_of;
use crate::reference::Reference;

pub(super) fn sids(groups: &[Group], reference: &Reference) -> Vec<String> {
    let names: Vec<String> = groups.iter().map(|it| base_name(it, reference)).collect();
    numbered(&names)
}

/// The names, each once: those that occur again with a number behind that makes no other one.
fn numbered(names: &[String]) -> Vec<String> {
    let mut taken: BTreeSet<String> = names.iter().cloned().collect();
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    let numbered = names.iter().map(|name| {
        let times = times.entry(name).or_default();
        *times += 1;
        if *times == 1 {
            return name.clone();
        }
        loop {
            let next = format!("{name}{times}");
            if taken.insert(next.clone()) {
                return next;
            }
            *times += 1;
        }
    });
    numbered.collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_makes_no_name_that_another_statement_has() {
        let names = ["A", "A2", "A", "A2", "A"].map(ToOwned::to_owned);
        assert_eq!(numbered(&names), ["A", "A2", "A3", "A22", "A4"]);
    }
}
