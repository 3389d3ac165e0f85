//! How do policies look without what nobody used?
//!
//! Each Allow is written anew with the actions and resources that were used by it, under its own
//! conditions. Actions of which the logs would not show a use stay on what they were granted on.

use std::collections::{BTreeMap, BTreeSet};

use super::UsedPair;
use super::granted::Granted;
use crate::contain::resource_covers;
use crate::policy::{Actions, Effect, OneOrMany, PolicyDocument, Resources, Statement};

/// The policies as one document: `kept` and `unseen` permissions with the statements that grant
/// them, and every Deny.
pub(super) fn tightened(
    granted: &Granted<'_>,
    kept: &[(usize, UsedPair<'_>)],
    unseen: &[(usize, String)],
) -> PolicyDocument {
    let mut statements = Vec::new();
    for (at, (_, statement)) in granted.statements.iter().enumerate() {
        if statement.effect == Effect::Deny {
            statements.push((*statement).clone());
            continue;
        }
        let hidden: BTreeSet<&str> = unseen
            .iter()
            .filter(|(of, _)| *of == at)
            .map(|(_, action)| action.as_str())
            .collect();
        let mut resources_of: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (_, pair) in kept.iter().filter(|(of, _)| *of == at) {
            // It stays on all that it was granted on.
            if !hidden.contains(pair.action) {
                let resources = resources_of.entry(pair.action).or_default();
                resources.extend(narrowed(statement, pair.resource));
            }
        }
        let mut actions_on: BTreeMap<BTreeSet<String>, BTreeSet<&str>> = BTreeMap::new();
        for (action, mut resources) in resources_of {
            if resources.contains("*") {
                resources = BTreeSet::from(["*".to_owned()]);
            }
            actions_on.entry(resources).or_default().insert(action);
        }
        statements.extend(
            actions_on
                .into_iter()
                .map(|(resources, actions)| Statement {
                    actions: Actions::Action(actions.into_iter().map(ToOwned::to_owned).collect()),
                    resources: Some(Resources::Resource(OneOrMany::from_iter(resources))),
                    ..(*statement).clone()
                }),
        );
        if !hidden.is_empty() {
            statements.push(Statement {
                actions: Actions::Action(hidden.into_iter().map(ToOwned::to_owned).collect()),
                ..(*statement).clone()
            });
        }
    }
    name_once(&mut statements);
    PolicyDocument::new(statements)
}

/// What of a statement's resources a use was on: its own ARN, or where that is wider than the
/// statement, or told by a variable only, the statement's patterns.
fn narrowed(statement: &Statement, used: &str) -> Vec<String> {
    let Some(Resources::Resource(patterns)) = &statement.resources else {
        return vec![used.to_owned()];
    };
    let patterns = patterns.values();
    if patterns.iter().any(|it| resource_covers(it, used)) {
        return vec![used.to_owned()];
    }
    let within = patterns
        .iter()
        .filter(|it| it.contains("${") || resource_covers(used, it));
    within.cloned().collect()
}

/// Names that came to stand twice get a number.
fn name_once(statements: &mut [Statement]) {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for statement in statements {
        let Some(sid) = statement.sid.as_mut() else {
            continue;
        };
        let base = sid.clone();
        let mut number = 1;
        while !taken.insert(sid.clone()) {
            number += 1;
            *sid = format!("{base}{number}");
        }
    }
}
