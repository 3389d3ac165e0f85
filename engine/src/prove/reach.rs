//! What does a document allow that was not seen?
//!
//! Each pair of an action and a resource of a statement is of one kind: it was seen just so, or
//! it is wider than what was seen, or it waits for a placeholder's value, or it was not seen at
//! all. A wildcard in an action counts as the actions of the reference that it covers.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::activity::{Activity, Need};
use crate::contain::{action_covers, resource_covers};
use crate::generate::{Meaning, placeholders, select};
use crate::pattern::{Piece, pieces};
use crate::permission::Origin;
use crate::policy::{Effect, PolicyDocument};
use crate::reference::Reference;

/// How the pairs of action and resource of one statement compare with what was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reach {
    /// Index of the document.
    pub document: usize,
    /// Name of the statement.
    pub sid: String,
    /// Pairs that were seen.
    pub exact: usize,
    /// Pairs whose resource is a pattern that covers more than was seen.
    pub widened: usize,
    /// Pairs that allow nothing before a placeholder has a value.
    pub placeholder: usize,
    /// Pairs of which nothing was seen: those that were asked for.
    pub unseen: usize,
}

/// What is known of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Exactly,
    Wider,
}

/// How the Allow statements of `documents` compare with `activity`.
pub fn reach(
    activity: &[Activity],
    documents: &[PolicyDocument],
    reference: &Reference,
) -> Vec<Reach> {
    let mut seen: BTreeMap<String, BTreeMap<&str, Seen>> = BTreeMap::new();
    for (one, meaning) in select(activity) {
        if let (
            Meaning::Used,
            Need::Permission {
                action,
                resource,
                origin,
                ..
            },
        ) = (meaning, &one.need)
        {
            let exactly = match origin {
                Origin::Any => true,
                Origin::Event | Origin::Inferred => !has_wildcard(resource),
                Origin::Partial | Origin::Created | Origin::Widened | Origin::Untold => false,
            };
            let of_action = seen.entry(action.to_ascii_lowercase()).or_default();
            let known = of_action.entry(resource).or_insert(Seen::Wider);
            if exactly {
                *known = Seen::Exactly;
            }
        }
    }
    let mut reaches = Vec::new();
    for (index, document) in documents.iter().enumerate() {
        let allows = document.statement.iter();
        for statement in allows.filter(|it| it.effect == Effect::Allow) {
            let mut reach = Reach {
                document: index,
                sid: statement.sid.clone().unwrap_or_default(),
                exact: 0,
                widened: 0,
                placeholder: 0,
                unseen: 0,
            };
            let actions = actions(statement.actions.patterns(), reference);
            let resources = statement.resources.as_ref().map(|it| it.patterns());
            for resource in resources.map_or(&[][..], |(resources, _)| resources) {
                let waits = !placeholders(resource).is_empty();
                for action in &actions {
                    *match (waits, seen.get(action)) {
                        (true, _) => &mut reach.placeholder,
                        (false, None) => &mut reach.unseen,
                        (false, Some(seen)) => match seen.get(&**resource) {
                            Some(Seen::Exactly) => &mut reach.exact,
                            Some(Seen::Wider) => &mut reach.widened,
                            None if covers_any(resource, seen) => &mut reach.widened,
                            None => &mut reach.unseen,
                        },
                    } += 1;
                }
            }
            reaches.push(reach);
        }
    }
    reaches
}

/// The actions that patterns cover, in lower case.
fn actions((patterns, but): (&[String], bool), reference: &Reference) -> BTreeSet<String> {
    let plain = |it: &&String| !but && !it.contains(['*', '?']);
    let mut actions: BTreeSet<String> = patterns
        .iter()
        .filter(plain)
        .map(|it| it.to_ascii_lowercase())
        .collect();
    let wild: Vec<&String> = patterns.iter().filter(|it| !plain(it)).collect();
    if but || !wild.is_empty() {
        for action in all_actions(reference) {
            let covered = wild.iter().any(|it| action_covers(it, &action));
            if covered != but {
                actions.insert(action.to_ascii_lowercase());
            }
        }
    }
    actions
}

/// Every action that the reference knows.
pub(crate) fn all_actions(reference: &Reference) -> impl Iterator<Item = String> + '_ {
    let services = reference.services().iter();
    services.flat_map(|service| {
        let actions = service.actions().iter();
        actions.map(|action| format!("{}:{}", action.prefix, action.name))
    })
}

fn covers_any(pattern: &str, seen: &BTreeMap<&str, Seen>) -> bool {
    has_wildcard(pattern)
        && seen
            .keys()
            .any(|resource| resource_covers(pattern, resource))
}

/// Whether `*` or `?` stand in it for others; `${*}` is a star.
pub(crate) fn has_wildcard(resource: &str) -> bool {
    pieces(resource)
        .iter()
        .any(|piece| matches!(piece, Piece::Text(text) if text.contains(['*', '?'])))
}
