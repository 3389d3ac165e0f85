//! Which questions are answered from coarser rows, and are the answers the same?

use serde_json::json;
use trailwright_tests::Lab;

use super::{Step, answers, assert_right, take};
use crate::lab;

/// What is answered from the rows by the year or, without them, by the month.
pub(super) const BY_YEAR: [&str; 5] = [
    "SELECT principal, service, action, outcome, sum(calls) AS calls, sum(events) AS events, \
        min(first_seen) AS first_seen, max(last_seen) AS last_seen, min(sample_event_id) AS sample \
        FROM activity GROUP BY ALL ORDER BY ALL",
    "SELECT * FROM principals ORDER BY principal, principal_type",
    "SELECT * FROM services ORDER BY service",
    "SELECT DISTINCT action FROM activity WHERE outcome = 'denied' ORDER BY action",
    "SELECT count(DISTINCT principal) AS principals, max(last_seen) AS last_seen, \
        sum(calls) FILTER (WHERE account = principal_account) AS own FROM activity",
];

/// What is answered from the resources by the month.
pub(super) const RESOURCES: [&str; 3] = [
    "SELECT action, resource, outcome, sum(calls) AS calls FROM activity \
        WHERE principal LIKE '%role-1' GROUP BY ALL ORDER BY ALL",
    "SELECT resource_origin, conditions, count(DISTINCT resource) AS resources FROM activity \
        GROUP BY ALL ORDER BY ALL",
    "SELECT DISTINCT resource FROM activity WHERE outcome = 'denied' ORDER BY resource",
];

/// What is answered from rows by the month and, at the ends of the range, by the day.
pub(super) const RANGES: [&str; 5] = [
    "SELECT principal, action, outcome, sum(calls) AS calls, min(first_seen) AS first FROM activity \
        WHERE day >= '2026-10-25' AND day < '2026-12-03' GROUP BY ALL ORDER BY ALL",
    "SELECT resource, sum(calls) AS calls FROM activity WHERE action IS NOT NULL \
        AND day > '2026-10-21' AND '2026-12-01' > day GROUP BY ALL ORDER BY ALL",
    "SELECT sum(events) AS events FROM activity WHERE day BETWEEN '2026-10-23' AND '2026-11-30'",
    "SELECT service, count(DISTINCT action) AS actions FROM (SELECT * FROM activity WHERE day > '2026-10-24') \
        AS late WHERE day < '2026-12-24' AND principal LIKE '%role-1' GROUP BY service ORDER BY service",
    "SELECT DISTINCT principal FROM activity WHERE day > '2026-10-31' AND day <= '2027-01-01' ORDER BY 1",
];

/// What is answered from what is counted by the day.
pub(super) const BY_DAY: [&str; 14] = [
    "SELECT principal, event_source, event_name, coalesce(error_code, '') AS error, count(*) AS n \
        FROM events GROUP BY ALL ORDER BY ALL",
    "SELECT event_name, count(*) AS n, min(event_time) AS first, max(event_time) AS last FROM events \
        WHERE principal LIKE '%role-1' GROUP BY event_name ORDER BY event_name",
    "SELECT recipient_account_id AS account, count(error_code) AS failed, count(event_time) AS timed, \
        count(*) FILTER (WHERE event_source = 's3.amazonaws.com') AS s3 FROM events GROUP BY 1 ORDER BY 1",
    "SELECT count(*) AS n, count(DISTINCT principal) AS who FROM events WHERE error_code = 'AccessDenied'",
    "SELECT count(*) AS n, max(event_time) AS last FROM events WHERE event_name = 'nothing'",
    "SELECT event_time::date AS day, count(*) AS n FROM events GROUP BY 1 ORDER BY 1",
    "SELECT date_trunc('month', event_time) AS month, count(*) AS n FROM events GROUP BY 1 ORDER BY 1",
    "SELECT extract(dow FROM event_time) AS day, count(*) AS n FROM events GROUP BY 1 ORDER BY 1",
    "SELECT event_month, count(*) AS n FROM events WHERE event_time >= '2026-10-25' \
        AND event_time < '2026-11-03T00:00:00Z' GROUP BY 1 ORDER BY 1",
    "SELECT count(*) AS n FROM events WHERE event_time > '2026-10-24T23:59:59.999999Z' \
        AND event_time BETWEEN '2026-10-22' AND '2026-11-01T23:59:59.999999'",
    "SELECT access_key_id, principal, count(*) AS n, max(event_time) AS last FROM events \
        GROUP BY ALL ORDER BY ALL",
    "SELECT count(*) AS n FROM events WHERE access_key_id = 'ASIA5' AND event_time >= '2026-10-25'",
    "SELECT DISTINCT event_source FROM events WHERE event_time IS NOT NULL ORDER BY 1",
    "SELECT e.name, count(*) AS n FROM (SELECT event_name AS name, error_code FROM events) e \
        WHERE e.error_code IS NULL GROUP BY e.name HAVING count(*) > 1 ORDER BY e.name",
];

/// Takes the data files of a table away, and leaves its log.
fn without_data(lab: &Lab, table: &str) {
    for entry in std::fs::read_dir(lab.path(&format!("lake/{table}"))).unwrap() {
        let path = entry.unwrap().path();
        if !path.ends_with("_delta_log") {
            std::fs::remove_dir_all(path).unwrap();
        }
    }
}

/// That a query cannot be answered, since data files were taken away.
#[track_caller]
fn assert_misses_data(lab: &Lab, query: &str) {
    let error = lab.trailwright(["sql", "lake", query]).status(1).stderr;
    assert!(error.contains(".parquet"), "{query}: {error}");
}

#[test]
fn what_asks_for_no_resource_or_day_reads_the_rows_by_the_year() {
    let lab = lab();
    take(&lab, 0, &Step::Ingest((0..59).collect()));
    assert_right(&lab, &Step::Refresh);
    let expected: Vec<_> = BY_YEAR.iter().map(|query| lab.sql(query)).collect();
    let assert_answers = || {
        for (query, expected) in BY_YEAR.iter().zip(&expected) {
            assert_eq!(lab.sql(query), *expected, "{query}");
        }
    };
    let by_year = lab.path("lake/activity_by_year");
    let aside = lab.path("aside");
    without_data(&lab, "activity");
    without_data(&lab, "resources_by_month");
    std::fs::rename(&by_year, &aside).unwrap();
    // Those by the month do as well.
    assert_answers();
    std::fs::rename(&aside, &by_year).unwrap();
    without_data(&lab, "activity_by_month");
    assert_answers();
    for finer in [
        "SELECT count(*) FROM activity WHERE mapping = 'mapped'",
        "SELECT resource, sum(calls) FROM activity GROUP BY resource",
        "SELECT aws_region, sum(calls) FROM activity GROUP BY aws_region",
        "SELECT sum(calls) FROM activity WHERE day > '2026-10-25'",
        "SELECT principal, sum(calls) FROM activity WHERE calls > 1 GROUP BY principal",
        "SELECT principal, max(calls) FROM activity GROUP BY principal",
        "SELECT principal, min(last_seen) FROM activity GROUP BY principal",
        "SELECT principal, max(first_seen) FROM activity GROUP BY principal",
        "SELECT calls, count(DISTINCT principal) FROM activity GROUP BY calls",
        "SELECT sum(calls * calls) FROM activity",
        "SELECT sum(calls) FILTER (WHERE events > 0) FROM activity",
        "SELECT sum(DISTINCT calls) FROM activity",
        "SELECT avg(calls) FROM activity",
        "SELECT count(principal) FROM activity",
        "SELECT principal FROM activity",
        "SELECT sum(principal) FROM (SELECT calls AS principal FROM activity WHERE events > 0)",
        "SELECT sum(calls) FROM (SELECT least(calls, 1) AS calls FROM activity)",
        "SELECT sum(calls) FROM (SELECT calls FROM activity LIMIT 5)",
    ] {
        assert_misses_data(&lab, finer);
    }
}

#[test]
fn what_asks_for_no_region_or_day_reads_the_resources_by_the_month() {
    let lab = lab();
    take(&lab, 0, &Step::Ingest((0..59).collect()));
    let expected: Vec<_> = RESOURCES.iter().map(|query| lab.sql(query)).collect();
    for table in ["activity", "activity_by_month", "activity_by_year"] {
        without_data(&lab, table);
    }
    for (query, expected) in RESOURCES.iter().zip(&expected) {
        assert_eq!(lab.sql(query), *expected, "{query}");
    }
    for finer in [
        "SELECT resource, aws_region, sum(calls) FROM activity GROUP BY ALL",
        "SELECT resource, sum(calls) FROM activity WHERE day > '2026-10-25' GROUP BY ALL",
        "SELECT resource FROM activity",
    ] {
        assert_misses_data(&lab, finer);
    }
}

#[test]
fn what_asks_for_a_range_of_days_reads_whole_months_from_rows_by_the_month() {
    let lab = lab();
    take(&lab, 0, &Step::Ingest((0..59).collect()));
    assert_right(&lab, &Step::Refresh);
    let expected: Vec<_> = RANGES.iter().map(|query| lab.sql(query)).collect();
    std::fs::remove_dir_all(lab.path("lake/activity/event_month=2026-11")).unwrap();
    for (query, expected) in RANGES.iter().zip(&expected) {
        assert_eq!(lab.sql(query), *expected, "{query}");
    }
    for finer in [
        "SELECT sum(calls) FROM activity WHERE day >= '2026-10-25' AND day < '2026-11-30'",
        "SELECT day, sum(calls) FROM activity WHERE day >= '2026-10-25' GROUP BY day",
        "SELECT max(day) FROM activity WHERE day >= '2026-10-25'",
        "SELECT count(day) FROM activity WHERE day >= '2026-10-25'",
        "SELECT sum(calls) FROM activity WHERE day >= '2026-10-25' AND day <> '2026-11-02'",
        "SELECT sum(calls) FROM activity WHERE day >= '2026-10-25' OR service = 's3'",
        "SELECT sum(calls) FROM activity WHERE day >= '2026-10-25' AND aws_region <> 'x'",
    ] {
        assert_misses_data(&lab, finer);
    }
}

#[test]
fn what_counts_events_reads_what_is_counted_by_the_day() {
    let lab = lab();
    take(&lab, 0, &Step::Ingest((0..60).collect()));
    assert_right(&lab, &Step::Refresh);
    let expected: Vec<_> = BY_DAY.iter().map(|query| lab.sql(query)).collect();
    without_data(&lab, "events");
    for (query, expected) in BY_DAY.iter().zip(expected) {
        assert_eq!(lab.sql(query), expected, "{query}");
    }
    // How many there are is known without reading anything.
    assert_eq!(lab.value("SELECT count(*) FROM events"), json!(60));
    for finer in [
        "SELECT source_ip_address, count(*) FROM events GROUP BY 1",
        "SELECT event_time, count(*) FROM events GROUP BY 1",
        "SELECT access_key_id, event_name, count(*) FROM events GROUP BY 1, 2",
        "SELECT date_trunc('hour', event_time), count(*) FROM events GROUP BY 1",
        "SELECT extract(hour FROM event_time), count(*) FROM events GROUP BY 1",
        "SELECT count(*) FROM events WHERE event_time > '2026-10-25'",
        "SELECT count(*) FROM events WHERE event_time >= '2026-10-25T10:00:00Z'",
        "SELECT count(*) FROM events WHERE event_time <= '2026-10-25'",
        "SELECT count(*) FROM events WHERE event_time = '2026-10-25'",
        "SELECT count(*) FROM events WHERE event_time BETWEEN '2026-10-22' AND '2026-11-01'",
        "SELECT count(*) FROM events WHERE event_id LIKE '%1%'",
        "SELECT count(DISTINCT event_time) FROM events",
        "SELECT max(event_time) FROM (SELECT event_time + interval '1 day' AS event_time FROM events)",
        "SELECT max(source_ip_address) FROM events WHERE event_source = 's3.amazonaws.com'",
        "SELECT array_agg(principal) FROM events",
        "SELECT sum(length(principal)) FROM events",
        "SELECT principal FROM events",
        "SELECT principal, count(*) FROM (SELECT principal FROM events LIMIT 5) GROUP BY 1",
        "SELECT events, count(*) FROM (SELECT source_ip_address AS events FROM events) GROUP BY 1",
    ] {
        assert_misses_data(&lab, finer);
    }
}

#[test]
fn names_that_a_query_gives_do_not_mix_with_those_of_sums() {
    let lab = lab();
    take(&lab, 0, &Step::Ingest((0..60).collect()));
    for query in [
        "SELECT events, count(*) AS n FROM (SELECT principal AS events FROM events) GROUP BY 1 ORDER BY 1",
        "SELECT first_seen, min(t) AS n FROM (SELECT event_name AS first_seen, event_time AS t FROM events) \
            GROUP BY 1 ORDER BY 1",
    ] {
        let (with, without) = answers(&lab, query);
        assert_eq!(with, without, "{query}");
    }
}

#[test]
fn rows_by_the_month_or_year_that_lag_behind_are_not_believed() {
    for table in [
        "resources_by_month",
        "activity_by_month",
        "activity_by_year",
    ] {
        assert_not_believed(table);
    }
}

#[track_caller]
fn assert_not_believed(table: &str) {
    let lab = lab();
    take(&lab, 0, &Step::Ingest((0..30).collect()));
    let kept = lab.path(&format!("lake/{table}"));
    let aside = lab.path("aside");
    let status = std::process::Command::new("cp")
        .arg("-r")
        .args([&kept, &aside])
        .status();
    assert!(status.unwrap().success());
    take(&lab, 1, &Step::Ingest((30..59).collect()));
    // As if the refresh had been killed before it came to them.
    std::fs::remove_dir_all(&kept).unwrap();
    std::fs::rename(&aside, &kept).unwrap();
    assert_right(&lab, &Step::Killed(0));
    take(&lab, 2, &Step::Refresh);
    without_data(&lab, "activity");
    let calls = "SELECT sum(events) AS events FROM activity";
    assert_eq!(lab.value(calls), answers(&lab, calls).1[0]["events"]);
}
