//! What do the parts of the product work on, when they are measured one by one?

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::value::RawValue;
use trailwright_engine::Activity;
use trailwright_engine::activity::{Need, Outcome};
use trailwright_engine::event::Row;
use trailwright_engine::permission::{Call, Mapper, Needs};

use crate::corpus::{Corpus, FileSizes, Options};

/// A small corpus in memory, in each state between a file and an activity.
pub struct Sample {
    /// Files as they are delivered.
    pub packed: Vec<Vec<u8>>,
    /// The same, inflated.
    pub texts: Vec<Vec<u8>>,
    /// The records in them.
    pub records: Vec<String>,
}

#[derive(Deserialize)]
struct Delivery<'a> {
    #[serde(borrow, rename = "Records")]
    records: Vec<&'a RawValue>,
}

/// The corpus that parts are measured on.
fn options(events: u64) -> Options {
    Options {
        events,
        accounts: 2,
        regions: 2,
        principals: 60,
        days: 5,
        start: jiff::civil::date(2026, 1, 1),
        files: FileSizes::Large,
        duplicates: 0,
        late: 0,
        gzip: 6,
        seed: 1,
        threads: 1,
    }
}

/// A folder with a corpus that goes away with it.
pub struct Folder(PathBuf);

impl Folder {
    /// Makes a corpus of `events` in a folder called `name`.
    pub fn new(name: &str, events: u64) -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("trailwright-{name}-{}", std::process::id()));
        let mut corpus = Corpus::new(options(events))?;
        corpus.deliver(corpus.whole(), &path)?;
        corpus.write_truth(&path.join("truth"))?;
        Ok(Self(path))
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is left to the system, which cleans this place.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Sample {
    /// A sample of `events`.
    pub fn new(events: u64) -> anyhow::Result<Self> {
        let folder = Folder::new("sample", events)?;
        let mut packed = Vec::new();
        read(&folder.path().join("AWSLogs"), &mut packed)?;
        let (mut texts, mut records) = (Vec::new(), Vec::new());
        for file in &packed {
            let mut text = Vec::new();
            flate2::read::GzDecoder::new(file.as_slice()).read_to_end(&mut text)?;
            let delivery: Delivery<'_> = serde_json::from_slice(&text)?;
            records.extend(
                delivery
                    .records
                    .iter()
                    .map(|record| record.get().to_owned()),
            );
            texts.push(text);
        }
        Ok(Self {
            packed,
            texts,
            records,
        })
    }

    /// What the busiest role did, grouped as SQL would.
    pub fn activity(&self) -> Vec<Activity> {
        let mut of_roles: BTreeMap<String, BTreeMap<String, Activity>> = BTreeMap::new();
        for record in &self.records {
            let Ok(row) = Row::from_record(record) else {
                continue;
            };
            let principal = row.text("principal").unwrap_or_default();
            if principal.contains(":role/") {
                let role = of_roles.entry(principal.to_owned()).or_default();
                add(&row, principal, role);
            }
        }
        let busiest = of_roles
            .into_values()
            .max_by_key(|role| role.values().map(|activity| activity.count).sum::<u64>());
        busiest
            .map(|role| role.into_values().collect())
            .unwrap_or_default()
    }
}

fn add(row: &Row<'_>, principal: &str, role: &mut BTreeMap<String, Activity>) {
    let call = Call::of(row);
    let Needs::Permissions(permissions) = Mapper::bundled().needs(&call) else {
        return;
    };
    let outcome = Outcome::of(row.text("error_code"), row.text("error_message"));
    for permission in permissions {
        let key = format!(
            "{} {} {}",
            permission.action,
            permission.resource,
            outcome.as_str()
        );
        let known = role.entry(key).or_insert_with(|| Activity {
            principal: principal.to_owned(),
            event_source: call.event_source.to_owned(),
            event_name: call.event_name.to_owned(),
            need: Need::Permission {
                action: permission.action.clone(),
                resource: permission.resource.clone(),
                origin: permission.origin,
                conditions: permission.conditions.clone(),
            },
            outcome,
            count: 0,
            events: 0,
            first_seen: row.event_time(),
            last_seen: row.event_time(),
            sample_event_id: None,
        });
        known.count += 1;
        known.events += 1;
        known.last_seen = row.event_time();
    }
}

/// Reads all files below a folder, in order of their names.
fn read(folder: &Path, files: &mut Vec<Vec<u8>>) -> anyhow::Result<()> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot read `{}`", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read(&path, files)?;
        } else {
            files.push(std::fs::read(&path)?);
        }
    }
    Ok(())
}
