//! What do policies grant that nobody used, and what was used that they do not grant?
//!
//! Conditions of the policies are taken as met: whether they were, the logs tell only in part. A
//! Deny counts where it has no conditions.

mod granted;
mod tighten;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::activity::{Activity, Need};
use crate::generate::{Meaning, select};
use crate::policy::PolicyDocument;
use crate::reference::{Reference, Visibility};
use crate::time;
use granted::Granted;

/// A policy of a principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPolicy {
    /// Its file or name.
    pub name: String,
    /// What it says.
    pub document: PolicyDocument,
}

/// The policies of a principal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attached {
    /// Inline, managed, and of groups.
    pub policies: Vec<NamedPolicy>,
    /// The most that they can grant.
    pub boundary: Option<PolicyDocument>,
}

/// What became of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// Used and granted.
    Used,
    /// Used, and not granted on some resource on which it was used.
    NotGranted,
    /// Granted, and not used, though the logs would show it.
    Unused,
    /// Granted, and such that the logs at hand would not show a use.
    Invisible,
}

/// An action that was used or is granted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ActionDiff {
    /// The action.
    pub action: String,
    /// What became of it.
    pub state: State,
    /// Calls that used it.
    #[serde(skip_serializing_if = "is_zero")]
    pub uses: u64,
    /// Time of the last of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<String>,
    /// Resources on which it was used and is not granted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_granted_on: Vec<String>,
    /// Why the logs would not show a use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<&'static str>,
    /// The policies that grant it.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub granted_by: BTreeSet<String>,
}

/// How policies and activity differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// Every action, sorted by its state and name.
    pub actions: Vec<ActionDiff>,
    /// The policies without what was not used: what was granted and used still is, what the logs
    /// cannot show is kept, and every Deny.
    #[serde(skip)]
    pub tightened: PolicyDocument,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde asks for"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Diff {
    /// The actions in a state.
    pub fn of_state(&self, state: State) -> impl Iterator<Item = &ActionDiff> {
        self.actions.iter().filter(move |it| it.state == state)
    }

    /// Whether any action is in a state.
    pub fn has(&self, state: State) -> bool {
        self.of_state(state).next().is_some()
    }
}

/// A permission that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct UsedPair<'a> {
    action: &'a str,
    resource: &'a str,
}

/// Compares what `attached` grants with `activity`, which is of one principal. `data_events_of`
/// are the services of which the lake has data events.
pub fn diff(
    activity: &[Activity],
    attached: &Attached,
    data_events_of: &BTreeSet<String>,
    reference: &Reference,
) -> Diff {
    let principal = activity.first().map_or("", |it| it.principal.as_str());
    let granted = Granted::of(attached, principal, reference);
    let data: BTreeSet<&str> = data_events_of
        .iter()
        .filter_map(|source| reference.prefix_of(source))
        .collect();
    let invisible = |action: &str| {
        let (prefix, name) = action.split_once(':')?;
        let row = reference.invisible_action(prefix, name)?;
        match row.visibility {
            Visibility::Data if data.contains(prefix) => None,
            Visibility::Data => Some("a data event, of which the lake has none for this service"),
            Visibility::Never => Some("no event at all"),
        }
    };

    let mut actions: BTreeMap<String, ActionDiff> = BTreeMap::new();
    let mut pairs: BTreeSet<UsedPair<'_>> = BTreeSet::new();
    for (seen, meaning) in select(activity) {
        let (
            Meaning::Used,
            Need::Permission {
                action, resource, ..
            },
        ) = (meaning, &seen.need)
        else {
            continue;
        };
        let diff = actions.entry(action.clone()).or_insert_with(|| ActionDiff {
            action: action.clone(),
            state: State::Used,
            uses: 0,
            last_seen: None,
            not_granted_on: Vec::new(),
            why: None,
            granted_by: BTreeSet::new(),
        });
        diff.uses += seen.count;
        diff.last_seen = diff.last_seen.take().max(seen.last_seen.map(time::to_text));
        pairs.insert(UsedPair { action, resource });
    }
    let mut kept: Vec<(usize, UsedPair<'_>)> = Vec::new();
    for pair in pairs {
        let Some(diff) = actions.get_mut(pair.action) else {
            continue;
        };
        match granted.by(pair) {
            Some(statement) => {
                diff.granted_by
                    .insert(granted.policy_of(statement).to_owned());
                kept.push((statement, pair));
            }
            None => {
                diff.state = State::NotGranted;
                diff.not_granted_on.push(pair.resource.to_owned());
            }
        }
    }
    let mut unseen: Vec<(usize, String)> = Vec::new();
    for (action, statements) in granted.actions() {
        let why = invisible(&action);
        // What a role does to services can be told of it: passing roles shows in other calls.
        let used = actions.contains_key(&action);
        if why.is_some() {
            unseen.extend(statements.iter().map(|it| (*it, action.clone())));
        }
        if used {
            continue;
        }
        let policies = statements
            .iter()
            .map(|it| granted.policy_of(*it).to_owned());
        let state = match why {
            Some(_) => State::Invisible,
            None => State::Unused,
        };
        let diff = ActionDiff {
            action: action.clone(),
            state,
            uses: 0,
            last_seen: None,
            not_granted_on: Vec::new(),
            why,
            granted_by: policies.collect(),
        };
        actions.insert(action, diff);
    }
    let mut actions: Vec<ActionDiff> = actions.into_values().collect();
    actions.sort_by(|a, b| (a.state, &a.action).cmp(&(b.state, &b.action)));
    Diff {
        actions,
        tightened: tighten::tightened(&granted, &kept, &unseen),
    }
}

#[cfg(test)]
mod tests;
