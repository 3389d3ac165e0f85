//! Does the mapping find what the corpus declares?
//!
//! The corpus counts the needs that its templates declare. Here each record goes through the
//! mapping, and both must come to the same: every permission, every resource, every count.

#![cfg(feature = "engine")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use trailwright_benchmarks::corpus::{Corpus, FileSizes, Options};
use trailwright_engine::activity::Outcome;
use trailwright_engine::event::Row;
use trailwright_engine::permission::{Call, Mapper, Needs};

/// Principal, action, resource, outcome.
type Done = (String, String, String, String);

fn corpus() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("trailwright-truth-{}", std::process::id()));
    let options = Options {
        events: 8000,
        accounts: 2,
        regions: 2,
        principals: 100,
        days: 4,
        start: jiff::civil::date(2026, 1, 1),
        files: FileSizes::Large,
        duplicates: 1000,
        late: 2000,
        gzip: 1,
        seed: 3,
        threads: 2,
    };
    let mut corpus = Corpus::new(options).unwrap();
    corpus.deliver(corpus.whole(), &folder).unwrap();
    corpus.write_truth(&folder.join("truth")).unwrap();
    folder
}

/// The records of all files, each once, by their id.
fn records(folder: &Path) -> BTreeMap<String, String> {
    let mut records = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            records.append(&mut self::records(&path));
            continue;
        }
        let mut text = String::new();
        let packed = std::fs::read(&path).unwrap();
        let mut unpack = flate2::read::GzDecoder::new(packed.as_slice());
        unpack.read_to_string(&mut text).unwrap();
        let file: serde_json::Value = serde_json::from_str(&text).unwrap();
        for record in file["Records"].as_array().unwrap() {
            records.insert(record["eventID"].to_string(), record.to_string());
        }
    }
    records
}

/// What the mapping says of the records, counted; and the calls that no rule knows.
fn mapped(records: &BTreeMap<String, String>) -> (BTreeMap<Done, u64>, BTreeSet<String>) {
    let mapper = Mapper::bundled();
    let (mut done, mut unknown) = (BTreeMap::new(), BTreeSet::new());
    for record in records.values() {
        let row = Row::from_record(record).unwrap();
        // The copy of another account's call counts there.
        let shared = row.text("shared_event_id").is_some();
        let account = row.text("principal_account");
        if shared && account.is_some() && account != row.text("recipient_account_id") {
            continue;
        }
        let outcome = Outcome::of(row.text("error_code"), row.text("error_message"));
        let principal = row.text("principal").unwrap_or_default();
        let call = Call::of(&row);
        match mapper.needs(&call) {
            Needs::Permissions(permissions) => {
                for permission in permissions {
                    let key = (
                        principal.to_owned(),
                        permission.action.clone(),
                        permission.resource.clone(),
                        outcome.as_str().to_owned(),
                    );
                    *done.entry(key).or_default() += 1;
                }
            }
            Needs::Nothing { .. } => {}
            Needs::Unknown => {
                unknown.insert(format!("{} {}", call.event_source, call.event_name));
            }
        }
    }
    (done, unknown)
}

fn declared(folder: &Path) -> BTreeMap<Done, u64> {
    let table = std::fs::read_to_string(folder.join("truth/permissions.tsv")).unwrap();
    let rows = table.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        let [principal, _, action, resource, outcome, calls, ..] = cells[..] else {
            unreachable!("{line}");
        };
        let key = [principal, action, resource, outcome].map(ToOwned::to_owned);
        (key.into(), calls.parse().unwrap())
    });
    rows.collect()
}

#[test]
fn the_mapping_finds_what_the_corpus_declares() {
    let folder = corpus();
    let (found, unknown) = mapped(&records(&folder.join("AWSLogs")));
    let declared = declared(&folder);
    std::fs::remove_dir_all(folder).unwrap();

    assert_eq!(unknown, BTreeSet::new(), "no rule knows these");
    let mut differing = BTreeMap::new();
    for key in found.keys().chain(declared.keys()) {
        let (ours, theirs) = (found.get(key), declared.get(key));
        if ours != theirs {
            let (_, action, resource, outcome) = key;
            // One of each action and kind of difference tells enough.
            let kind = (action, ours.is_some(), theirs.is_some());
            let what = format!("{resource}, {outcome}: found {ours:?}, declared {theirs:?}");
            differing.entry(kind).or_insert(what);
        }
    }
    assert!(differing.is_empty(), "{differing:#?}");
}
