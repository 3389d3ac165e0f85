//! What must every answer about the corpus be?
//!
//! Counted while the events are made, from what their templates declare: neither the mapping nor
//! the ingest has a part in it.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::event::{Outcome, Scene};
use super::world::World;

/// One thing done, in numbers: what is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Done {
    pub(super) principal: u32,
    pub(super) template: u16,
    pub(super) region: u8,
    pub(super) outcome: Outcome,
    pub(super) resource: u16,
    pub(super) key: u16,
}

/// How often, and when first and last, in seconds since the epoch.
#[derive(Debug, Clone, Copy)]
struct Count {
    calls: u64,
    first: i64,
    last: i64,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// What was counted.
#[derive(Debug, Default)]
pub(super) struct Truth {
    done: HashMap<Done, Count>,
    /// Calls as a second account recorded them, by principal of the first: name and count.
    elsewhere: BTreeMap<(u32, u16), u64>,
    pub(super) duplicates: u64,
    pub(super) late: u64,
    pub(super) data: u64,
    needles: BTreeMap<String, Needle>,
}

/// An event to look for by its id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Needle {
    /// Its id.
    pub event_id: String,
    /// Who did it.
    pub principal: String,
    /// Service that was called.
    pub event_source: String,
    /// Operation.
    pub event_name: String,
    /// Seconds since the epoch.
    pub event_time: i64,
}

/// An access key to look for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Key {
    /// The key's id.
    pub access_key_id: String,
    /// Calls that it signed.
    pub events: u64,
}

/// A corpus in figures, as `truth/summary.json` has them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Summary {
    /// Different events.
    pub events: u64,
    /// Records in the files: events and what is delivered twice.
    pub records: u64,
    /// Records that are a copy of another.
    pub duplicates: u64,
    /// Events that came a day or two later than they happened.
    pub late: u64,
    /// Events that tell of data, not of management.
    pub data_events: u64,
    /// Events of denied calls.
    pub denied: u64,
    /// Files.
    pub files: u64,
    /// Their size.
    pub bytes: u64,
    /// Their size before compression.
    pub plain_bytes: u64,
    /// Accounts that record events.
    pub accounts: u64,
    /// Days from the first to the last.
    pub days: u64,
    /// Names of principals in `events.tsv`.
    pub principals: u64,
    /// Pairs of source and name.
    pub event_types: u64,
    /// Services that were called.
    pub event_sources: u64,
    /// Rows of `permissions.tsv`.
    pub permissions: u64,
    /// The role that did most, and its events.
    pub busiest_role: (String, u64),
    /// Events that can be looked for.
    pub needles: Vec<Needle>,
    /// Access keys that can be looked for.
    pub access_keys: Vec<Key>,
}

/// Needles that are kept.
const NEEDLES: usize = 16;

impl Truth {
    pub(super) fn count(&mut self, done: Done, at: i64) {
        let count = Count {
            calls: 1,
            first: at,
            last: at,
        };
        self.done
            .entry(done)
            .and_modify(|known| known.add(count))
            .or_insert(count);
    }

    /// Another account recorded a call too.
    pub(super) fn count_elsewhere(&mut self, principal: u32, template: u16) {
        *self.elsewhere.entry((principal, template)).or_default() += 1;
    }

    /// Keeps the events whose ids are the least: any of them would do, and these are the same
    /// in whichever order they come.
    pub(super) fn offer(&mut self, id: &str, needle: impl FnOnce() -> Needle) {
        let full = self.needles.len() >= NEEDLES;
        if full
            && self
                .needles
                .last_key_value()
                .is_some_and(|(last, _)| id > last.as_str())
        {
            return;
        }
        self.needles.insert(id.to_owned(), needle());
        if full {
            self.needles.pop_last();
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (done, count) in other.done {
            self.done
                .entry(done)
                .and_modify(|known| known.add(count))
                .or_insert(count);
        }
        for (who, count) in other.elsewhere {
            *self.elsewhere.entry(who).or_default() += count;
        }
        self.duplicates += other.duplicates;
        self.late += other.late;
        self.data += other.data;
        for (id, needle) in other.needles {
            self.offer(&id, || needle);
        }
    }

    /// Writes `permissions.tsv`, `events.tsv` and `summary.json` into `folder`.
    pub(super) fn write(
        &self,
        world: &World,
        folder: &Path,
        mut summary: Summary,
    ) -> anyhow::Result<Summary> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot create `{}`", folder.display()))?;
        let events = self.events(world);
        self.write_events(&events, folder)?;
        summary.permissions = self.write_permissions(world, folder)?;

        let distinct = |pick: fn(&EventKey<'_>) -> (String, String)| {
            let all: std::collections::BTreeSet<_> = events.keys().map(pick).collect();
            all.len() as u64
        };
        summary.events = events.values().sum();
        summary.records = summary.events + self.duplicates;
        summary.duplicates = self.duplicates;
        summary.late = self.late;
        summary.data_events = self.data;
        summary.denied = self
            .done
            .iter()
            .filter(|(done, _)| done.outcome == Outcome::Denied)
            .map(|(_, count)| count.calls)
            .sum();
        summary.accounts = world.accounts.len() as u64;
        summary.days = world.days.len() as u64;
        summary.principals = distinct(|key| (key.0.clone(), String::new()));
        summary.event_types = distinct(|key| (key.1.to_owned(), key.2.to_owned()));
        summary.event_sources = distinct(|key| (key.1.to_owned(), String::new()));
        summary.needles = self.needles.values().cloned().collect();
        summary.access_keys = self.access_keys(world);
        summary.busiest_role = busiest_role(&events);
        let path = folder.join("summary.json");
        let text = serde_json::to_string_pretty(&summary)?;
        std::fs::write(&path, text)
            .with_context(|| format!("cannot write `{}`", path.display()))?;
        Ok(summary)
    }

    /// Events by principal, source, name and error code.
    fn events<'w>(&self, world: &'w World) -> BTreeMap<EventKey<'w>, u64> {
        let mut events: BTreeMap<EventKey<'w>, u64> = BTreeMap::new();
        for (done, count) in &self.done {
            let (Some(principal), Some(template)) = (
                world.principals.get(done.principal as usize),
                world.templates.get(usize::from(done.template)),
            ) else {
                continue;
            };
            let error = match done.outcome {
                Outcome::Allowed => None,
                Outcome::Failed => template.fail.as_deref(),
                Outcome::Denied => template.deny.as_deref(),
            };
            let key = (
                principal.id.clone(),
                template.source.as_str(),
                template.name.as_str(),
                error.unwrap_or_default(),
            );
            *events.entry(key).or_default() += count.calls;
        }
        for ((principal, template), count) in &self.elsewhere {
            let (Some(principal), Some(template)) = (
                world.principals.get(*principal as usize),
                world.templates.get(usize::from(*template)),
            ) else {
                continue;
            };
            let (_, name) = principal.identity_elsewhere();
            let key = (name, template.source.as_str(), template.name.as_str(), "");
            *events.entry(key).or_default() += count;
        }
        events
    }

    fn write_events(
        &self,
        events: &BTreeMap<EventKey<'_>, u64>,
        folder: &Path,
    ) -> anyhow::Result<()> {
        let mut table = Table::create(&folder.join("events.tsv"))?;
        table.line("principal\tevent_source\tevent_name\terror_code\tevents")?;
        for ((principal, source, name, error), count) in events {
            table.line(&format!("{principal}\t{source}\t{name}\t{error}\t{count}"))?;
        }
        table.finish()
    }

    fn write_permissions(&self, world: &World, folder: &Path) -> anyhow::Result<u64> {
        let mut rows: BTreeMap<(&str, &str, String, &str), Count> = BTreeMap::new();
        for (done, count) in &self.done {
            let (Some(principal), Some(template), Some(region)) = (
                world.principals.get(done.principal as usize),
                world.templates.get(usize::from(done.template)),
                world.regions.get(usize::from(done.region)),
            ) else {
                continue;
            };
            let Some(account) = world
                .accounts
                .iter()
                .position(|a| a.id == principal.account)
            else {
                continue;
            };
            let other = world.other(account);
            let of = if template.who == super::template::Who::Cross {
                other
            } else {
                account
            };
            let scene = Scene {
                account: &principal.account,
                other: world.accounts.get(other).map_or("", |a| a.id.as_str()),
                region,
                resource: world.resource(of, template, done.resource.into()),
                key: world.key(done.key.into()),
                email: "",
                when: None,
            };
            let outcome = match done.outcome {
                Outcome::Allowed => "allowed",
                Outcome::Failed => "failed",
                Outcome::Denied => "denied",
            };
            for need in &template.needs {
                let resource = scene.text(&need.resource);
                let key = (
                    principal.id.as_str(),
                    need.action.as_str(),
                    resource,
                    outcome,
                );
                rows.entry(key)
                    .and_modify(|known| known.add(*count))
                    .or_insert(*count);
            }
        }
        let mut table = Table::create(&folder.join("permissions.tsv"))?;
        table
            .line("principal\tservice\taction\tresource\toutcome\tcalls\tfirst_seen\tlast_seen")?;
        for ((principal, action, resource, outcome), count) in &rows {
            let service = action.split(':').next().unwrap_or_default();
            let Count { calls, first, last } = count;
            table.line(&format!(
                "{principal}\t{service}\t{action}\t{resource}\t{outcome}\t{calls}\t{first}\t{last}"
            ))?;
        }
        table.finish()?;
        Ok(rows.len() as u64)
    }

    /// Keys of IAM users, which sign all that the user does.
    fn access_keys(&self, world: &World) -> Vec<Key> {
        let mut calls: BTreeMap<u32, u64> = BTreeMap::new();
        for (done, count) in &self.done {
            *calls.entry(done.principal).or_default() += count.calls;
        }
        let mut keys: Vec<Key> = calls
            .into_iter()
            .filter_map(|(principal, events)| {
                let principal = world.principals.get(principal as usize)?;
                let access_key_id = principal.access_key()?;
                Some(Key {
                    access_key_id,
                    events,
                })
            })
            .collect();
        keys.sort_by(|a, b| (b.events, &a.access_key_id).cmp(&(a.events, &b.access_key_id)));
        // Some that are busy and some that are not.
        let step = keys.len().div_ceil(8).max(1);
        keys.into_iter().step_by(step).collect()
    }
}

/// Principal, event source, event name, error code.
type EventKey<'w> = (String, &'w str, &'w str, &'w str);

fn busiest_role(events: &BTreeMap<EventKey<'_>, u64>) -> (String, u64) {
    let mut roles: BTreeMap<&str, u64> = BTreeMap::new();
    for ((principal, ..), count) in events {
        if principal.contains(":role/") {
            *roles.entry(principal).or_default() += count;
        }
    }
    let busiest = roles.into_iter().max_by_key(|(_, count)| *count);
    busiest
        .map(|(role, count)| (role.to_owned(), count))
        .unwrap_or_default()
}

/// A file of lines.
struct Table(BufWriter<File>);

impl Table {
    fn create(path: &Path) -> anyhow::Result<Self> {
        let file =
            File::create(path).with_context(|| format!("cannot create `{}`", path.display()))?;
        Ok(Self(BufWriter::new(file)))
    }

    fn line(&mut self, line: &str) -> anyhow::Result<()> {
        writeln!(self.0, "{line}").context("cannot write the truth")
    }

    fn finish(mut self) -> anyhow::Result<()> {
        self.0.flush().context("cannot write the truth")
    }
}
