//! Is a corpus what its truth says, and the same each time?

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::PathBuf;

use serde_json::Value;

use super::*;

fn options() -> Options {
    Options {
        events: 6000,
        accounts: 2,
        regions: 2,
        principals: 40,
        days: 3,
        start: jiff::civil::date(2026, 1, 1),
        files: FileSizes::Large,
        duplicates: 5000,
        late: 5000,
        gzip: 1,
        seed: 7,
        threads: 2,
    }
}

/// Makes a corpus in a folder of its own.
fn made(name: &str, options: Options) -> anyhow::Result<(PathBuf, Summary)> {
    let folder = std::env::temp_dir().join(format!("trailwright-{name}-{}", std::process::id()));
    let mut corpus = Corpus::new(options)?;
    corpus.deliver(corpus.whole(), &folder)?;
    let summary = corpus.write_truth(&folder.join("truth"))?;
    Ok((folder, summary))
}

fn files(folder: &Path) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.display().to_string(), std::fs::read(&path)?);
            }
        }
    }
    Ok(files)
}

fn records(folder: &Path) -> anyhow::Result<Vec<Value>> {
    let mut records = Vec::new();
    for bytes in files(&folder.join("AWSLogs"))?.into_values() {
        let mut text = String::new();
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text)?;
        let file: Value = serde_json::from_str(&text)?;
        let of_file = file.get("Records").and_then(Value::as_array);
        records.extend(of_file.cloned().unwrap_or_default());
    }
    Ok(records)
}

fn text<'r>(record: &'r Value, path: &str) -> &'r str {
    record
        .pointer(path)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads() -> anyhow::Result<()> {
    let (one, _) = made(
        "one",
        Options {
            threads: 1,
            ..options()
        },
    )?;
    let (two, _) = made(
        "two",
        Options {
            threads: 3,
            ..options()
        },
    )?;
    let below = |folder: &Path| -> anyhow::Result<Vec<(String, Vec<u8>)>> {
        let prefix = folder.display().to_string();
        let files = files(folder)?.into_iter();
        Ok(files
            .map(|(path, bytes)| (path.replace(&prefix, ""), bytes))
            .collect())
    };
    assert!(below(&one)? == below(&two)?);
    let (other, _) = made(
        "other",
        Options {
            seed: 8,
            ..options()
        },
    )?;
    assert!(below(&one)? != below(&other)?);
    for folder in [one, two, other] {
        std::fs::remove_dir_all(folder)?;
    }
    Ok(())
}

#[test]
fn the_truth_is_what_the_files_hold() -> anyhow::Result<()> {
    let (folder, summary) = made("truth", options())?;
    let records = records(&folder)?;
    assert_eq!(summary.events, 6000);
    assert_eq!(summary.records, records.len() as u64);
    let mut seen: BTreeMap<&str, &Value> = BTreeMap::new();
    let mut twice = 0;
    for record in &records {
        if let Some(before) = seen.insert(text(record, "/eventID"), record) {
            assert_eq!(before, record, "what comes twice is the same");
            twice += 1;
        }
    }
    assert_eq!(seen.len() as u64, summary.events);
    assert_eq!(twice, summary.duplicates);
    assert!(twice > 0);

    let denied = seen.values().filter(|record| {
        let code = text(record, "/errorCode");
        code == "AccessDenied" || code == "Client.UnauthorizedOperation"
    });
    assert_eq!(denied.count() as u64, summary.denied);
    for needle in &summary.needles {
        let record = seen.get(needle.event_id.as_str());
        assert_eq!(
            record.map(|r| text(r, "/eventName")),
            Some(needle.event_name.as_str())
        );
    }
    for key in &summary.access_keys {
        let signed = seen
            .values()
            .filter(|record| text(record, "/userIdentity/accessKeyId") == key.access_key_id);
        assert_eq!(signed.count() as u64, key.events);
    }

    let mut counted: BTreeMap<(String, String, String), u64> = BTreeMap::new();
    for record in seen.values() {
        let key = ["/eventSource", "/eventName", "/errorCode"].map(|path| text(record, path));
        *counted
            .entry(key.map(ToOwned::to_owned).into())
            .or_default() += 1;
    }
    let mut told: BTreeMap<(String, String, String), u64> = BTreeMap::new();
    let table = std::fs::read_to_string(folder.join("truth/events.tsv"))?;
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        if let [_, source, name, error, events] = cells.as_slice() {
            let key = [source, name, error].map(|cell| (*cell).to_owned());
            *told.entry(key.into()).or_default() += events.parse::<u64>()?;
        }
    }
    assert_eq!(counted, told);
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

#[test]
fn a_corpus_has_what_trails_have() -> anyhow::Result<()> {
    let (folder, summary) = made("variety", options())?;
    let records = records(&folder)?;
    let kinds: BTreeSet<&str> = records
        .iter()
        .map(|r| text(r, "/userIdentity/type"))
        .collect();
    for kind in [
        "AWSAccount",
        "AWSService",
        "AssumedRole",
        "Directory",
        "FederatedUser",
        "IAMUser",
        "IdentityCenterUser",
        "Root",
        "SAMLUser",
        "Unknown",
        "WebIdentityUser",
        "",
    ] {
        assert!(kinds.contains(kind), "{kind}: {kinds:?}");
    }
    assert!(summary.event_types >= 60, "{}", summary.event_types);
    assert!(summary.event_sources >= 30, "{}", summary.event_sources);
    assert!(
        summary.data_events * 5 > summary.events,
        "{}",
        summary.data_events
    );
    assert!(summary.late > 0);
    assert!(
        summary.denied * 100 > summary.events / 2,
        "{}",
        summary.denied
    );
    // The busiest does far more than its share.
    assert!(
        summary.busiest_role.1 * 20 > summary.events,
        "{:?}",
        summary.busiest_role
    );
    let shared = records.iter().filter(|r| r.get("sharedEventID").is_some());
    let ids: Vec<&str> = shared.map(|r| text(r, "/sharedEventID")).collect();
    let different: BTreeSet<&&str> = ids.iter().collect();
    assert!(different.len() < ids.len(), "two accounts record one call");
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

#[test]
fn portions_make_the_whole() -> anyhow::Result<()> {
    let corpus = Corpus::new(options())?;
    let portions = corpus.portions(1000);
    assert!(portions.len() > 3);
    let all: Vec<usize> = portions.into_iter().flatten().collect();
    assert_eq!(all, corpus.whole().collect::<Vec<_>>());
    Ok(())
}

#[test]
fn files_of_few_records_are_as_small_as_those_of_a_real_bucket() -> anyhow::Result<()> {
    let options = Options {
        files: FileSizes::Few,
        gzip: 6,
        events: 20_000,
        ..options()
    };
    let (folder, summary) = made("few", options)?;
    std::fs::remove_dir_all(&folder)?;
    let mean = summary.bytes / summary.files;
    assert!((1_650..1_950).contains(&mean), "{mean} bytes");
    Ok(())
}
