//! Is everything in the lake, once?

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;
use trailwright_tests::trail::{delivery, gzip, record};
use trailwright_tests::{Lab, fixture};

use crate::{lab, lab_with};

/// The counts of a query whose rows are a name and a number.
fn counts(lab: &Lab, query: &str) -> BTreeMap<String, usize> {
    let rows = lab.sql(query).into_iter();
    rows.map(|row| {
        let count = row["n"].as_u64().unwrap();
        (
            row["name"].as_str().unwrap().to_owned(),
            usize::try_from(count).unwrap(),
        )
    })
    .collect()
}

fn ids(lab: &Lab) -> BTreeSet<String> {
    let given = "SELECT event_id FROM events WHERE event_id NOT LIKE 'sha256-%'";
    let rows = lab.sql(given).into_iter();
    rows.map(|row| row["event_id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_lake_counts_as_the_files_do() {
    for name in fixture::WHOLE {
        let lab = lab_with(name);
        let expected = fixture::count(&fixture::folder(name));
        assert_eq!(ids(&lab), expected.ids(), "{name}");
        let rows = lab.value("SELECT count(*) FROM events");
        assert_eq!(rows, expected.events.len(), "{name}");
        let by_type = "SELECT principal_type AS name, count(*) AS n FROM events GROUP BY 1";
        assert_eq!(counts(&lab, by_type), expected.by_type, "{name}");
        let by_source = "SELECT event_source AS name, count(*) AS n FROM events GROUP BY 1";
        assert_eq!(counts(&lab, by_source), expected.by_source, "{name}");
    }
}

#[test]
fn the_summary_counts_as_the_files_do() {
    for name in fixture::WHOLE {
        let folder = fixture::folder(name);
        let expected = fixture::count(&folder);
        let done = lab().ingest(&folder);
        assert_eq!(done.tally("files"), fixture::json_files(&folder).len());
        assert_eq!(done.tally("records"), expected.records);
        assert_eq!(done.tally("new"), expected.events.len());
        let repeated = expected.records - expected.events.len();
        assert_eq!(done.tally("duplicates"), repeated);
        assert_eq!(done.tally("rejected"), 0);
        done.stdout("").never_says("nothing new");
    }
}

#[test]
fn ingesting_twice_adds_nothing_and_says_so() {
    let lab = lab_with("stratus-red-team");
    let version = delta_versions(&lab);
    let again = lab.ingest(fixture::folder("stratus-red-team"));
    assert_eq!((again.tally("new"), again.tally("files")), (0, 0));
    assert_eq!(
        again.tally("known"),
        fixture::json_files(&fixture::folder("stratus-red-team")).len()
    );
    again.says("nothing new: every event was in the lake already");
    assert_eq!(lab.value("SELECT count(*) FROM events"), 310);
    assert_eq!(delta_versions(&lab), version, "no empty commit");
}

fn delta_versions(lab: &Lab) -> usize {
    fs::read_dir(lab.path("lake/events/_delta_log"))
        .unwrap()
        .count()
}

#[test]
fn a_second_source_adds_to_the_lake() {
    let lab = lab_with("stratus-red-team");
    let done = lab.ingest(fixture::folder("invictus"));
    assert_eq!((done.tally("new"), done.tally("duplicates")), (2_900, 0));
    assert_eq!(lab.value("SELECT count(*) FROM events"), 3_210);
}

#[test]
fn every_shape_of_delivery_is_read() {
    let [one, two] = [record(1), record(2)];
    let (one_line, two_lines) = (one.text(), format!("{}\n{}\n", one.text(), two.text()));
    let both = delivery(&[one.clone(), two.clone()]);
    let members = [gzip(delivery(&[one])), gzip(delivery(&[two]))].concat();
    for (name, bytes, expected) in [
        ("wrapped.json", both.clone().into_bytes(), 2),
        ("wrapped.json.gz", gzip(&both), 2),
        ("gzip-by-content.json", gzip(&both), 2),
        ("plain-by-content.json.gz", both.clone().into_bytes(), 2),
        ("two-members.json.gz", members, 2),
        ("marked.json", format!("\u{feff}{both}").into_bytes(), 2),
        ("array.json", format!("[{one_line}]").into_bytes(), 1),
        ("single.json", one_line.clone().into_bytes(), 1),
        ("lines.jsonl", two_lines.clone().into_bytes(), 2),
        ("lines.ndjson", two_lines.clone().into_bytes(), 2),
        ("lines.gz", gzip(&two_lines), 2),
        ("no-end", both.clone().into_bytes(), 2),
    ] {
        let lab = lab();
        let file = lab.write(name, bytes);
        assert_eq!(lab.ingest(file).tally("new"), expected, "{name}");
    }
}

#[test]
fn a_folder_is_searched_to_its_depth_and_equal_names_are_different_files() {
    let lab = lab();
    for (id, folder) in [(1, "logs"), (2, "logs/a"), (3, "logs/a/b")] {
        lab.write(&format!("{folder}/same.json"), delivery(&[record(id)]));
    }
    lab.write("logs/CloudTrail-Digest/digest.json.gz", gzip("{}"));
    lab.write("logs/README.md", "no log");
    let done = lab.ingest("logs");
    assert_eq!((done.tally("files"), done.tally("new")), (3, 3));
    done.says("2  files and folders that are no logs (1 digests)");
    let files = "SELECT count(DISTINCT log_file) FROM events";
    assert_eq!(lab.value(files), 3);
}

#[test]
fn a_source_named_twice_is_read_once() {
    let lab = lab();
    lab.write("logs/a.json", delivery(&[record(1)]));
    let done = lab.trailwright(["ingest", "lake", "logs", "logs/a.json", "logs"]);
    assert_eq!(done.status(0).tally("files"), 1);
}

#[test]
fn the_first_of_a_repeated_event_is_kept() {
    let lab = lab();
    lab.write("logs/a.json", delivery(&[record(1), record(2), record(1)]));
    lab.write("logs/b.json", delivery(&[record(2)]));
    let done = lab.ingest("logs");
    assert_eq!((done.tally("new"), done.tally("duplicates")), (2, 2));
}

#[test]
fn an_event_without_an_id_is_known_by_its_content() {
    let lab = lab();
    let nameless = record(1).without("eventID");
    let records = [nameless.clone(), nameless.clone(), nameless.with("x", 1)];
    lab.write("logs/a.json", delivery(&records));
    assert_eq!(lab.ingest("logs").tally("new"), 2);
    assert_eq!(lab.ingest("logs").tally("new"), 0);
    let own = "SELECT count(*) FROM events WHERE event_id LIKE 'sha256-%'";
    assert_eq!(lab.value(own), 2);
}

#[test]
fn an_event_without_a_time_is_known_again() {
    let lab = lab();
    lab.write("logs/a.json", delivery(&[record(1).without("eventTime")]));
    assert_eq!(lab.ingest("logs").tally("new"), 1);
    assert_eq!(lab.ingest("logs").tally("new"), 0);
    assert_eq!(lab.value("SELECT event_time FROM events"), Value::Null);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let whole = |threads: &str| {
        let lab = lab();
        let folder = fixture::folder("stratus-red-team");
        let args = ["ingest", "lake", "--threads", threads];
        lab.trailwright(args.iter().map(AsRef::as_ref).chain([folder.as_os_str()]))
            .status(0);
        let all = "SELECT * EXCLUDE (log_file) FROM events ORDER BY event_id";
        lab.sql(all)
    };
    assert_eq!(whole("1"), whole("7"));
}

#[test]
fn events_lie_in_their_months() {
    let lab = lab();
    let times = [
        "2026-10-31T23:59:59Z",
        "2026-11-01T00:00:00Z",
        "2026-11-30T23:59:59Z",
    ];
    let records: Vec<_> = (1..).zip(times).map(|(id, at)| record(id).at(at)).collect();
    lab.write("logs/a.json", delivery(&records));
    lab.ingest("logs");
    let by_month = "SELECT event_month AS name, count(*) AS n FROM events GROUP BY 1";
    let months: Vec<_> = counts(&lab, by_month).into_iter().collect();
    assert_eq!(months, [("2026-10".into(), 1), ("2026-11".into(), 2)]);
    for month in ["2026-10", "2026-11"] {
        assert!(
            lab.path(&format!("lake/events/event_month={month}"))
                .is_dir()
        );
    }
}
