//! Which logs are bundled, and what is in them by a count of our own?

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::json;

/// Bundled samples whose records are all whole.
pub const WHOLE: [&str; 3] = ["invictus", "stratus-red-team", "umccr-cloudtrail-parquet"];

/// Root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Folder of all bundled logs.
pub fn logs() -> PathBuf {
    root().join("tests/fixtures/logs")
}

/// The bundled logs called `name`.
pub fn folder(name: &str) -> PathBuf {
    logs().join(name)
}

/// What some logs hold.
#[derive(Debug, Default)]
pub struct Count {
    /// Records, with those that come twice.
    pub records: usize,
    /// Of each unique event its record, as [`json::canonical`] writes it, by its id, or by itself
    /// where it has none. Several, if records differ and claim to be the same event.
    pub events: BTreeMap<String, BTreeSet<String>>,
    /// Events of each `userIdentity.type`; a service that gives none counts as `AWSService`.
    pub by_type: BTreeMap<String, usize>,
    /// Events of each `eventSource`.
    pub by_source: BTreeMap<String, usize>,
    /// Events that name a role or user, of each ARN that it is known by.
    pub by_principal: BTreeMap<String, usize>,
}

#[derive(Deserialize)]
struct Delivery<'a> {
    #[serde(borrow, rename = "Records")]
    records: Vec<&'a RawValue>,
}

/// Counts the records in the `.json` files of a folder. They must all be whole.
pub fn count(folder: &Path) -> Count {
    let mut count = Count::default();
    for file in json_files(folder) {
        let text = fs::read_to_string(&file).unwrap();
        let records: Vec<&RawValue> = match text.trim_start().starts_with('[') {
            true => serde_json::from_str(&text).unwrap(),
            false => serde_json::from_str::<Delivery<'_>>(&text).unwrap().records,
        };
        for record in records {
            count.add(record.get());
        }
    }
    assert!(count.records > 0, "no records in {}", folder.display());
    count
}

impl Count {
    fn add(&mut self, record: &str) {
        self.records += 1;
        let value: Value = serde_json::from_str(record).unwrap();
        let records = self.events.entry(id_of(record)).or_default();
        let known = !records.is_empty();
        records.insert(json::canonical(record));
        if known {
            return;
        }
        let identity = &value["userIdentity"];
        let kind = identity["type"].as_str().unwrap_or("AWSService");
        *self.by_type.entry(kind.to_owned()).or_default() += 1;
        let source = value["eventSource"].as_str().unwrap();
        *self.by_source.entry(source.to_owned()).or_default() += 1;
        let issuer = &identity["sessionContext"]["sessionIssuer"]["arn"];
        if let Some(arn) = issuer.as_str().or(identity["arn"].as_str()) {
            *self.by_principal.entry(arn.to_owned()).or_default() += 1;
        }
    }

    /// The unique ids that AWS gave.
    pub fn ids(&self) -> BTreeSet<String> {
        let ids = self.events.keys().filter(|id| !id.starts_with('{'));
        ids.cloned().collect()
    }
}

/// What tells a record from others: its `eventID`, or all of it.
pub fn id_of(record: &str) -> String {
    let value: Value = serde_json::from_str(record).unwrap();
    let id = value["eventID"].as_str();
    id.map_or_else(|| json::canonical(record), ToOwned::to_owned)
}

/// The `.json` files in a folder and in those within it.
pub fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(json_files(&path));
        } else if path.extension().is_some_and(|end| end == "json") {
            files.push(path);
        }
    }
    files.sort();
    files
}
