//! What is not read, since it is known that it cannot hold the answer?

use trailwright_tests::Lab;
use trailwright_tests::trail::{delivery, record};

use crate::lab;

/// A lake of three months, in a file each.
fn three_months() -> Lab {
    let lab = lab();
    let mut records = Vec::new();
    for (month, key) in [("01", "B"), ("02", "D"), ("03", "F")] {
        for day in 1..=20 {
            let id = records.len() as u32 + 1;
            let mut identity = serde_json::json!({"type": "IAMUser", "accountId": "111122223333"});
            identity["arn"] = format!("arn:aws:iam::111122223333:user/{key}{day}").into();
            identity["accessKeyId"] = format!("AKIA{key}{day:02}").into();
            records.push(
                record(id)
                    .at(&format!("2026-{month}-{day:02}T10:00:00Z"))
                    .with("userIdentity", identity),
            );
        }
    }
    lab.write("logs/a.json", delivery(&records));
    lab.ingest("logs");
    lab
}

/// How a query is run, or will be.
fn plan(lab: &Lab, explain: &str) -> String {
    let rows = lab.sql(explain);
    let plans = rows.iter().map(|row| row["plan"].as_str().unwrap());
    plans.collect::<Vec<_>>().join("\n")
}

/// Of a measure such as `row_groups_pruned_bloom_filter=3 total → 0 matched`, both numbers.
fn measure(plan: &str, name: &str) -> (usize, usize) {
    let found = plan.split_once(&format!("{name}="));
    let (_, rest) = found.unwrap_or_else(|| panic!("no {name} in {plan}"));
    let mut words = rest.split(' ');
    let total = words.next().unwrap().parse().unwrap();
    assert_eq!(words.next(), Some("total"), "{rest}");
    (total, words.nth(1).unwrap().parse().unwrap())
}

#[test]
fn a_range_reads_its_months_alone() {
    let lab = three_months();
    let query = "EXPLAIN SELECT event_name FROM events";
    assert_eq!(plan(&lab, query).matches(".parquet").count(), 3);
    for condition in [
        "event_time >= '2026-02-03' AND event_time < '2026-02-10'",
        "event_month = '2026-02'",
    ] {
        let plan = plan(&lab, &format!("{query} WHERE {condition}"));
        assert_eq!(plan.matches(".parquet").count(), 1, "{plan}");
        assert!(plan.contains("event_month=2026-02/"), "{plan}");
    }
    let ranged = lab.trailwright(["sql", "lake", query, "--during", "2026-03", "-o", "json"]);
    let ranged = ranged.status(0).stdout;
    assert_eq!(ranged.matches(".parquet").count(), 1, "{ranged}");
}

#[test]
fn files_whose_bounds_leave_a_principal_out_are_not_opened() {
    let lab = three_months();
    let query =
        "SELECT event_name FROM events WHERE principal = 'arn:aws:iam::111122223333:user/D7'";
    let before = plan(&lab, &format!("EXPLAIN {query}"));
    assert_eq!(before.matches(".parquet").count(), 1, "{before}");
    let done = plan(&lab, &format!("EXPLAIN ANALYZE {query}"));
    assert_eq!(measure(&done, "files_pruned_log"), (3, 1), "{done}");
}

/// Its lines are longer than any terminal is wide, and in a table all would be as long.
#[test]
fn a_plan_is_shown_as_it_is() {
    let lab = three_months();
    let query = "EXPLAIN SELECT event_name FROM events WHERE event_id = 'x' ORDER BY 1";
    let shown = lab.trailwright(["sql", "lake", query]).status(0).stdout;
    assert!(shown.starts_with("logical_plan\n  Sort: "), "{shown}");
    assert!(shown.contains("\nphysical_plan\n  "), "{shown}");
    assert!(!shown.contains("|"), "{shown}");
    assert!(shown.lines().all(|line| line == line.trim_end()), "{shown}");
}

#[test]
fn a_needle_is_looked_for_in_bloom_filters() {
    let lab = three_months();
    for (column, there, not_there) in [
        (
            "event_id",
            "00000000-0000-4000-8000-000000000030",
            // Between the first and the last.
            "00000000-0000-4000-8000-00000000003x",
        ),
        ("access_key_id", "AKIAD07", "AKIAD07x"),
    ] {
        let query = |id: &str| {
            format!("EXPLAIN ANALYZE SELECT event_name FROM events WHERE {column} = '{id}'")
        };
        let found = plan(&lab, &query(there));
        assert_eq!(
            measure(&found, "row_groups_pruned_bloom_filter"),
            (1, 1),
            "{found}"
        );
        let missed = plan(&lab, &query(not_there));
        assert_eq!(
            measure(&missed, "row_groups_pruned_bloom_filter"),
            (1, 0),
            "{missed}"
        );
    }
}

#[test]
fn row_groups_whose_bounds_leave_the_answer_out_are_not_read() {
    let lab = three_months();
    // An access key has no bounds in the log, only in the files.
    let plan = plan(
        &lab,
        "EXPLAIN ANALYZE SELECT event_name FROM events WHERE access_key_id = 'AKIAD07'",
    );
    assert_eq!(
        measure(&plan, "row_groups_pruned_statistics"),
        (3, 1),
        "{plan}"
    );
}

/// Bounds of times are milliseconds in the log, cut off.
#[test]
fn an_event_in_the_last_millisecond_of_its_file_is_found() {
    let lab = lab();
    let records = [record(1).at("2026-01-01T10:00:00.000700Z")];
    lab.write("logs/a.json", delivery(&records));
    lab.ingest("logs");
    let query = "SELECT count(*) FROM events WHERE event_time > '2026-01-01T10:00:00.000600Z'";
    assert_eq!(lab.value(query), 1);
}

#[test]
fn a_table_of_a_later_reader_version_is_read_by_deltalake() {
    let lab = three_months();
    let query =
        "SELECT event_name, event_month, count(user_agent) FROM events GROUP BY 1, 2 ORDER BY 2";
    let answer = lab.sql(query);
    assert!(!plan(&lab, &format!("EXPLAIN {query}")).contains("DeltaScan"));

    let log = lab.path("lake/events/_delta_log/00000000000000000000.json");
    let text = std::fs::read_to_string(&log).unwrap();
    let lines = text.lines().map(|line| match line.contains("\"protocol\":") {
        true => {
            r#"{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors"]}}"#
        }
        false => line,
    });
    std::fs::write(&log, lines.collect::<Vec<_>>().join("\n")).unwrap();

    assert_eq!(lab.sql(query), answer);
    assert!(plan(&lab, &format!("EXPLAIN {query}")).contains("DeltaScan"));
}
