//! Does the lake open in an engine that is not ours?
//!
//! The Delta log is read by the test itself, the data files that it names by DuckDB if
//! `TRAILWRIGHT_TEST_PYTHON` names a Python that has it (`.ci/run` sees to that), else by the
//! bare Parquet reader.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::{Value, json};
use trailwright_tests::trail::{delivery, record};
use trailwright_tests::{Lab, fixture};

use crate::{lab, lab_with};

/// The data files that the Delta log of `table` names as those of its last version.
fn active_files(table: &Path) -> Vec<PathBuf> {
    let mut commits: Vec<PathBuf> = fs::read_dir(table.join("_delta_log"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    commits.sort();
    let mut files = BTreeSet::new();
    for commit in commits {
        for line in fs::read_to_string(commit).unwrap().lines() {
            let action: Value = serde_json::from_str(line).unwrap();
            if let Some(path) = action["add"]["path"].as_str() {
                files.insert(path.to_owned());
            }
            if let Some(path) = action["remove"]["path"].as_str() {
                files.remove(path);
            }
        }
    }
    files.iter().map(|path| table.join(path)).collect()
}

/// What another reader finds in the data files.
fn counts_elsewhere(lab: &Lab) -> Value {
    let files = active_files(&lab.path("lake/events"));
    match std::env::var_os("TRAILWRIGHT_TEST_PYTHON") {
        Some(python) => with_duckdb(Path::new(&python), &files),
        None => {
            eprintln!("TRAILWRIGHT_TEST_PYTHON is not set: read by the parquet crate, not DuckDB");
            with_parquet(&files)
        }
    }
}

fn with_duckdb(python: &Path, files: &[PathBuf]) -> Value {
    let output = Command::new(python)
        .arg(fixture::root().join("tests/python/active_files.py"))
        .args(files)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn with_parquet(files: &[PathBuf]) -> Value {
    let mut rows = 0;
    let mut without_time = 0;
    let mut ids = BTreeSet::new();
    let mut by_source: BTreeMap<String, usize> = BTreeMap::new();
    let mut by_type: BTreeMap<String, usize> = BTreeMap::new();
    for file in files {
        let reader = SerializedFileReader::new(File::open(file).unwrap()).unwrap();
        for row in reader.get_row_iter(None).unwrap() {
            let row = row.unwrap();
            let row: BTreeMap<&String, &Field> = row.get_column_iter().collect();
            let text = |name: &str| match row[&name.to_owned()] {
                Field::Str(text) => text.clone(),
                _ => String::new(),
            };
            rows += 1;
            without_time += usize::from(matches!(row[&"event_time".to_owned()], Field::Null));
            if !text("event_id").starts_with("sha256-") {
                ids.insert(text("event_id"));
            }
            *by_source.entry(text("event_source")).or_default() += 1;
            *by_type.entry(text("principal_type")).or_default() += 1;
        }
    }
    json!({"rows": rows, "ids": ids, "by_source": by_source, "by_type": by_type,
        "without_time": without_time})
}

#[test]
fn another_reader_counts_as_the_files_do() {
    for name in fixture::WHOLE {
        let lab = lab_with(name);
        let expected = fixture::count(&fixture::folder(name));
        assert_eq!(
            counts_elsewhere(&lab),
            json!({
                "rows": expected.events.len(),
                "ids": expected.ids(),
                "by_source": expected.by_source,
                "by_type": expected.by_type,
                "without_time": 0,
            }),
            "{name}"
        );
    }
}

#[test]
fn another_reader_sees_each_commit_and_events_without_a_month() {
    let lab = lab();
    lab.write("logs/a.json", delivery(&[record(1), record(2)]));
    lab.ingest("logs");
    let timeless = record(3).without("eventTime");
    lab.write("logs/b.json", delivery(&[timeless]));
    lab.ingest("logs");
    let found = counts_elsewhere(&lab);
    assert_eq!(
        (&found["rows"], &found["without_time"]),
        (&json!(3), &json!(1))
    );
}

/// Questions in the SQL that all engines share.
const QUESTIONS: [&str; 12] = [
    "SELECT event_source, event_name, count(*) AS n FROM events GROUP BY 1, 2",
    "SELECT principal, principal_type, count(*) AS n, count(DISTINCT event_name) AS names FROM events GROUP BY 1, 2",
    "SELECT principal, event_name, count(*) AS n FROM events \
     WHERE error_code IN ('AccessDenied', 'Client.UnauthorizedOperation') GROUP BY 1, 2",
    "SELECT event_source, CAST(extract(epoch FROM min(event_time)) AS BIGINT) AS first, \
     CAST(extract(epoch FROM max(event_time)) AS BIGINT) AS last FROM events GROUP BY 1",
    "SELECT count(*) AS n, count(event_time) AS times, count(error_code) AS errors, count(DISTINCT event_id) AS ids, \
     count(DISTINCT source_ip_address) AS addresses, count(read_only) AS flags FROM events",
    "SELECT event_name, sum(length(user_identity)) AS who, sum(length(request_parameters)) AS what, \
     max(length(response_elements)) AS answer FROM events GROUP BY 1",
    "SELECT event_id, user_agent, aws_region FROM events WHERE event_name LIKE 'Describe%' AND read_only",
    "SELECT event_id, request_parameters, resources FROM events WHERE event_source = 's3.amazonaws.com'",
    "SELECT event_source, event_id FROM (SELECT event_source, event_id, row_number() OVER \
     (PARTITION BY event_source ORDER BY event_time, event_id) AS place FROM events) AS places WHERE place <= 3",
    "SELECT a.event_id, count(*) AS others FROM events a JOIN events b ON a.request_id = b.request_id \
     AND a.event_id <> b.event_id GROUP BY 1",
    "SELECT principal, service, action, outcome, sum(calls) AS n FROM activity GROUP BY 1, 2, 3, 4",
    "SELECT action, resource, count(*) AS rows, sum(events) AS events FROM activity WHERE mapping <> 'unmapped' GROUP BY 1, 2",
];

/// Rows as texts, in an order of their own: engines give them in any.
fn sorted(rows: impl IntoIterator<Item = Value>) -> Vec<String> {
    let mut rows: Vec<String> = rows
        .into_iter()
        .map(|mut row| {
            if let Value::Object(row) = &mut row {
                row.retain(|_, value| !value.is_null());
            }
            row.to_string()
        })
        .collect();
    rows.sort();
    rows
}

#[test]
fn other_readers_answer_as_we_do() {
    let Some(python) = std::env::var_os("TRAILWRIGHT_TEST_PYTHON") else {
        eprintln!("TRAILWRIGHT_TEST_PYTHON is not set: no other reader is asked");
        return;
    };
    for name in fixture::WHOLE {
        let lab = lab();
        // A place that has to be quoted.
        let lake = "the 'lake' of 100 %";
        let source = fixture::folder(name);
        lab.trailwright(["ingest", lake, source.to_str().unwrap()])
            .status(0);
        let files = lab.trailwright(["connect", lake, "--files"]).status(0);
        let connect = lab.trailwright(["connect", lake, "--engine", "python"]);
        let asked = json!({
            "files": files.stdout.lines().collect::<Vec<_>>(),
            "connect": connect.status(0).stdout,
            "queries": QUESTIONS,
        });
        let mut reader = Command::new(&python)
            .arg(fixture::root().join("tests/python/other_readers.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = reader.stdin.take().unwrap();
        stdin.write_all(asked.to_string().as_bytes()).unwrap();
        drop(stdin);
        let output = reader.wait_with_output().unwrap();
        assert!(output.status.success());
        let theirs: Value = serde_json::from_slice(&output.stdout).unwrap();
        for (i, query) in QUESTIONS.iter().enumerate() {
            let rows = lab
                .trailwright(["sql", lake, query, "--output", "ndjson"])
                .status(0)
                .ndjson();
            let ours = sorted(rows);
            for engine in ["duckdb", "deltalake"] {
                if let Value::Array(rows) = &theirs[engine][i] {
                    assert_eq!(ours, sorted(rows.clone()), "{engine} in {name}: {query}");
                }
            }
        }
    }
}
