//! What must the answers be?

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;

use super::query::Subject;
use crate::corpus::{Summary, summary};

/// Rows of an answer, in order.
pub(super) type Rows = Vec<Vec<String>>;

/// The truth about a corpus, as answers.
pub(super) struct Truth {
    pub(super) summary: Summary,
    events: Vec<Event>,
    permissions: Vec<Permission>,
}

struct Event {
    principal: String,
    source: String,
    name: String,
    error: String,
    events: u64,
}

struct Permission {
    principal: String,
    service: String,
    action: String,
    resource: String,
    outcome: String,
    calls: u64,
}

/// Error codes of denied calls in corpora.
const DENIED: [&str; 2] = ["AccessDenied", "Client.UnauthorizedOperation"];

impl Truth {
    /// Reads what lies in a corpus's folder `truth`.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut events = Vec::new();
        for [principal, source, name, error, count] in table(&folder.join("events.tsv"))? {
            events.push(Event {
                principal,
                source,
                name,
                error,
                events: count.parse()?,
            });
        }
        let mut permissions = Vec::new();
        for [principal, service, action, resource, outcome, calls, _, _] in
            table(&folder.join("permissions.tsv"))?
        {
            permissions.push(Permission {
                principal,
                service,
                action,
                resource,
                outcome,
                calls: calls.parse()?,
            });
        }
        Ok(Self {
            summary: summary(folder)?,
            events,
            permissions,
        })
    }

    /// Events by principal, source, name and error code.
    pub(super) fn group(&self) -> Rows {
        let rows = self.events.iter().map(|event| {
            let Event {
                principal,
                source,
                name,
                error,
                events,
            } = event;
            cells([principal, source, name, error, &events.to_string()])
        });
        in_order(rows.collect())
    }

    /// The actions that a principal used: what was denied was not.
    pub(super) fn actions_used(&self, principal: &str) -> Rows {
        let own = self.permissions.iter().filter(|p| p.principal == principal);
        let used = own
            .filter(|p| p.outcome != "denied")
            .map(|p| vec![p.action.clone()]);
        let used: std::collections::BTreeSet<_> = used.collect();
        used.into_iter().collect()
    }

    /// The answer to the query called `name`; nothing if the corpus does not know it.
    pub(super) fn answer(&self, name: &str, subject: &Subject) -> Option<Rows> {
        let rows = match name {
            "group" => self.group(),
            "principal" => {
                let own = self
                    .events
                    .iter()
                    .filter(|e| e.principal == subject.principal);
                own.map(|e| cells([&e.source, &e.name, &e.error, &e.events.to_string()]))
                    .collect()
            }
            "denied" => {
                let denied = self
                    .events
                    .iter()
                    .filter(|e| DENIED.contains(&e.error.as_str()));
                let keyed = denied.map(|e| (cells([&e.principal, &e.source, &e.name]), e.events));
                most(keyed)
            }
            "event_id" => {
                let needles = &self.summary.needles;
                let needle = needles.iter().find(|n| n.event_id == subject.event_id)?;
                vec![cells([
                    &needle.event_id,
                    &needle.principal,
                    &needle.event_source,
                    &needle.event_name,
                ])]
            }
            "access_key" => {
                let keys = &self.summary.access_keys;
                let key = keys
                    .iter()
                    .find(|key| key.access_key_id == subject.access_key)?;
                vec![vec![key.events.to_string()]]
            }
            "activity_group" => {
                let keyed = self
                    .permissions
                    .iter()
                    .map(|p| (cells([&p.principal, &p.service, &p.action]), p.calls));
                summed(keyed).into_iter().map(with_count).collect()
            }
            "activity_principal" => {
                let own = self
                    .permissions
                    .iter()
                    .filter(|p| p.principal == subject.principal);
                let keyed = own.map(|p| {
                    (
                        cells([&p.service, &p.action, &p.resource, &p.outcome]),
                        p.calls,
                    )
                });
                summed(keyed).into_iter().map(with_count).collect()
            }
            "activity_denied" => {
                let denied = self.permissions.iter().filter(|p| p.outcome == "denied");
                most(denied.map(|p| (cells([&p.principal, &p.action]), p.calls)))
            }
            _ => return None,
        };
        Some(in_order(rows))
    }
}

/// What is wrong with an answer, if anything is.
pub(super) fn difference(answer: &Rows, truth: &Rows) -> Option<String> {
    if answer == truth {
        return None;
    }
    let lacks = truth.iter().find(|row| !answer.contains(row));
    let invents = answer.iter().find(|row| !truth.contains(row));
    Some(format!(
        "{} rows instead of {}; lacks {lacks:?}, has {invents:?}",
        answer.len(),
        truth.len()
    ))
}

fn cells<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(ToOwned::to_owned).to_vec()
}

fn summed(keyed: impl Iterator<Item = (Vec<String>, u64)>) -> BTreeMap<Vec<String>, u64> {
    let mut sums = BTreeMap::new();
    for (key, count) in keyed {
        *sums.entry(key).or_default() += count;
    }
    sums
}

fn with_count((mut key, count): (Vec<String>, u64)) -> Vec<String> {
    key.push(count.to_string());
    key
}

/// The twenty with most.
fn most(keyed: impl Iterator<Item = (Vec<String>, u64)>) -> Rows {
    let mut sums: Vec<_> = summed(keyed).into_iter().collect();
    sums.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
    sums.into_iter().take(20).map(with_count).collect()
}

pub(super) fn in_order(mut rows: Rows) -> Rows {
    rows.sort();
    rows
}

fn table<const N: usize>(path: &Path) -> anyhow::Result<Vec<[String; N]>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read `{}`", path.display()))?;
    let rows = text.lines().skip(1).map(|line| {
        let cells: Vec<String> = line.split('\t').map(ToOwned::to_owned).collect();
        let cells: Result<[String; N], _> = cells.try_into();
        cells.map_err(|_| anyhow::anyhow!("`{}`: expected {N} columns in `{line}`", path.display()))
    });
    rows.collect()
}
