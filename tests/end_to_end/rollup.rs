//! Is the roll-up right, whatever happened to the lake?

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use trailwright_tests::Lab;
use trailwright_tests::trail::{Record, delivery, record};

use crate::lab;

/// Something that happens to a lake.
#[derive(Debug, Clone)]
enum Step {
    /// A delivery of these events arrives; some of them may have been there before.
    Ingest(Vec<u32>),
    /// The same, and the roll-up is left behind.
    IngestAlone(Vec<u32>),
    Optimize,
    /// Everything before this day of November goes.
    Retain(u32),
    Refresh,
    /// A refresh is killed after some time.
    Killed(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ids = prop::collection::vec(0..60_u32, 1..12);
    let step = prop_oneof![
        4 => ids.clone().prop_map(Step::Ingest),
        4 => ids.prop_map(Step::IngestAlone),
        2 => Just(Step::Optimize),
        1 => (1..28_u32).prop_map(Step::Retain),
        2 => Just(Step::Refresh),
        2 => (0..400_u64).prop_map(Step::Killed),
    ];
    prop::collection::vec(step, 1..7)
}

/// The event number `id`: who, what and when follow from the number, so that a number that comes
/// again is the same event. Some are copies of the same call in several accounts.
fn event(id: u32) -> Record {
    let accounts = ["111122223333", "222233334444", "333344445555"];
    let account = accounts[id as usize % 3];
    let caller = accounts[(id / 3) as usize % 2];
    let arn = format!("arn:aws:sts::{caller}:assumed-role/role-{}/session", id % 2);
    let issuer = format!("arn:aws:iam::{caller}:role/role-{}", id % 2);
    let identity = json!({
        "type": "AssumedRole",
        "arn": arn,
        "accountId": caller,
        "accessKeyId": format!("ASIA{}", id % 7),
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": issuer}},
    });
    // Three numbers in a row are copies of one call.
    let call = id / 3;
    let day = 20 + call % 20;
    let time = match day {
        day if day <= 31 => format!("2026-10-{day:02}T10:00:00Z"),
        39 => "2027-01-05T00:00:00Z".to_owned(),
        day => format!("2026-11-{:02}T00:00:00Z", day - 31),
    };
    let mut event = record(id)
        .with("userIdentity", identity)
        .with("recipientAccountId", account)
        .at(&time);
    if !call.is_multiple_of(4) {
        event = event.with("sharedEventID", format!("shared-{call}"));
    }
    if call % 5 == 1 {
        event = event.with("errorCode", "AccessDenied");
    }
    if call % 7 == 3 {
        event = event.calls("lambda.amazonaws.com", "CreateFunction20150331");
        event = event.with(
            "requestParameters",
            json!({"functionName": "f", "role": "arn:aws:iam::111122223333:role/passed"}),
        );
    }
    if id == 59 {
        event = event.without("eventTime");
    }
    event
}

/// The lake with its roll-up, and the same events without one.
fn answers(lab: &Lab, query: &str) -> (Vec<Value>, Vec<Value>) {
    let with = lab.sql(query);
    let bare = lab.path("bare");
    if !bare.exists() {
        std::fs::create_dir(&bare).unwrap();
        std::os::unix::fs::symlink(lab.path("lake/events"), bare.join("events")).unwrap();
    }
    let without = lab
        .trailwright(["sql", "bare", query, "--output", "ndjson"])
        .status(0)
        .ndjson();
    (with, without)
}

const ALL: &str = "SELECT * FROM activity ORDER BY principal, account, action, resource, outcome, \
    day, event_name, calls";

const DAYS: &str = "SELECT * FROM days ORDER BY account, aws_region, day, data_events_of";

/// What is answered from the rows by the year or, without them, by the month.
const BY_YEAR: [&str; 5] = [
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
const RESOURCES: [&str; 3] = [
    "SELECT action, resource, outcome, sum(calls) AS calls FROM activity \
        WHERE principal LIKE '%role-1' GROUP BY ALL ORDER BY ALL",
    "SELECT resource_origin, conditions, count(DISTINCT resource) AS resources FROM activity \
        GROUP BY ALL ORDER BY ALL",
    "SELECT DISTINCT resource FROM activity WHERE outcome = 'denied' ORDER BY resource",
];

/// What is answered from rows by the month and, at the ends of the range, by the day.
const RANGES: [&str; 5] = [
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
const BY_DAY: [&str; 14] = [
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

#[track_caller]
fn assert_right(lab: &Lab, after: &Step) {
    let queries: Vec<&str> = [ALL, DAYS]
        .into_iter()
        .chain(BY_YEAR)
        .chain(RESOURCES)
        .chain(RANGES)
        .chain(BY_DAY)
        .collect();
    // One process answers all of them, one after the other.
    let (with, without) = answers(lab, &queries.join("; "));
    assert_eq!(with, without, "after {after:?}");
}

fn take(lab: &Lab, number: usize, step: &Step) {
    let ingest = |ids: &[u32], options: &[&str]| {
        let records: Vec<Record> = ids.iter().map(|id| event(*id)).collect();
        let name = format!("logs/{number}.json");
        lab.write(&name, delivery(&records));
        let args = ["ingest", "lake", &name];
        lab.trailwright(args.iter().chain(options)).status(0);
    };
    match step {
        Step::Ingest(ids) => ingest(ids, &[]),
        Step::IngestAlone(ids) => ingest(ids, &["--no-refresh"]),
        Step::Optimize => {
            lab.trailwright(["lake", "optimize", "lake"]).status(0);
        }
        Step::Retain(day) => {
            let now = std::time::SystemTime::now();
            let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
            // 2026-11-01 was on this day of the epoch.
            let cutoff = 20_758 + u64::from(*day);
            let days = (now / 86_400).saturating_sub(cutoff).max(1);
            let days = days.to_string();
            lab.trailwright(["lake", "retain", "lake", "--days", &days])
                .status(0);
        }
        Step::Refresh => {
            lab.trailwright(["lake", "refresh", "lake"]).status(0);
        }
        Step::Killed(millis) => {
            let mut child = lab.command(["lake", "refresh", "lake"]).spawn().unwrap();
            std::thread::sleep(Duration::from_millis(*millis));
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

#[test]
fn the_roll_up_is_right_after_any_mix_of_steps() {
    let config = Config {
        cases: 6,
        failure_persistence: None,
        max_shrink_iters: 20,
        ..Config::default()
    };
    let run = TestRunner::new(config).run(&steps(), |steps| {
        let lab = lab();
        lab.write("logs/first.json", delivery(&[event(1)]));
        lab.trailwright(["ingest", "lake", "logs/first.json", "--no-refresh"])
            .status(0);
        for (number, step) in steps.iter().enumerate() {
            take(&lab, number, step);
            if !matches!(step, Step::Ingest(_)) {
                assert_right(&lab, step);
            }
        }
        take(&lab, steps.len(), &Step::Refresh);
        assert_right(&lab, &Step::Refresh);
        Ok(())
    });
    run.unwrap();
}

#[test]
fn each_step_leaves_the_roll_up_right() {
    // One lake through every kind of step, in the order in which they are hardest.
    let lab = lab();
    let steps = [
        Step::Ingest((0..20).collect()),
        Step::IngestAlone((10..25).collect()),
        Step::Optimize,
        Step::IngestAlone((25..40).rev().collect()),
        Step::Killed(120),
        Step::IngestAlone(vec![59, 40, 41, 2, 5]),
        Step::Optimize,
        Step::Refresh,
        Step::Retain(2),
        Step::Ingest((40..58).collect()),
    ];
    for (number, step) in steps.iter().enumerate() {
        take(&lab, number, step);
        assert_right(&lab, step);
    }
}

#[test]
fn a_range_is_cut_from_the_roll_up_as_from_the_events() {
    let lab = lab();
    take(&lab, 0, &Step::Ingest((0..40).collect()));
    take(&lab, 1, &Step::IngestAlone((30..60).collect()));
    answers(&lab, "SELECT 1");
    for range in [
        vec!["--from", "2026-10-25"],
        vec!["--to", "2026-10"],
        vec![
            "--from",
            "2026-10-22T10:00:00Z",
            "--to",
            "2026-11-03T00:00:00Z",
        ],
        vec![
            "--from",
            "2026-10-22T10:00:00Z",
            "--to",
            "2026-11-03T00:00:01Z",
        ],
        vec![
            "--from",
            "2026-10-22T09:00:00Z",
            "--to",
            "2026-10-22T11:00:00Z",
        ],
        vec!["--during", "2026-10-24..2026-10-26"],
        vec!["--from", "2027"],
    ] {
        let ask = |lake: &str| {
            let args = ["sql", lake, ALL, "-o", "ndjson"];
            lab.trailwright(args.iter().chain(&range))
                .status(0)
                .ndjson()
        };
        assert_eq!(ask("lake"), ask("bare"), "{range:?}");
    }
}

#[test]
fn of_copies_of_a_call_one_counts_whichever_comes_first() {
    // Copies of call 1 are the events 3, 4 and 5; the caller's own is number 4.
    let own = |lab: &Lab| lab.sql("SELECT account, calls FROM activity ORDER BY account");
    let expected = [json!({"account": "222233334444", "calls": 1})];
    for order in [[3, 4, 5], [5, 3, 4], [4, 5, 3], [3, 5, 4]] {
        let lab = lab();
        for (number, id) in order.iter().enumerate() {
            take(&lab, number, &Step::Ingest(vec![*id]));
        }
        assert_eq!(own(&lab), expected, "{order:?}");
    }
    // Without the caller's own, the first account's counts.
    let lab = lab();
    take(&lab, 0, &Step::Ingest(vec![5]));
    take(&lab, 1, &Step::Ingest(vec![3]));
    assert_eq!(own(&lab), [json!({"account": "111122223333", "calls": 1})]);
}

/// What the log of the roll-up says of its last commit.
fn last_commit(lab: &Lab) -> Vec<Value> {
    let log = lab.path("lake/activity/_delta_log");
    let mut commits: Vec<_> = std::fs::read_dir(log)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    commits.sort();
    let text = std::fs::read_to_string(commits.last().unwrap()).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_refresh_reads_what_is_new_and_says_how_far_it_got() {
    let lab = lab();
    take(&lab, 0, &Step::Ingest((0..40).collect()));
    let version = |lab: &Lab| {
        let actions = last_commit(lab);
        let mut transactions = actions
            .iter()
            .filter_map(|action| action["txn"].as_object());
        transactions.next().unwrap()["version"].as_u64().unwrap()
    };
    let first = version(&lab);
    // A day in November touches November alone.
    take(&lab, 1, &Step::Ingest(vec![45, 46]));
    assert!(version(&lab) > first);
    let touched: BTreeMap<String, usize> = last_commit(&lab)
        .iter()
        .filter_map(|action| action["add"]["partitionValues"]["event_month"].as_str())
        .fold(BTreeMap::new(), |mut months, month| {
            *months.entry(month.to_owned()).or_default() += 1;
            months
        });
    assert_eq!(touched.keys().collect::<Vec<_>>(), ["2026-11"]);
    // Nothing new, nothing written.
    lab.trailwright(["lake", "refresh", "lake"])
        .status(0)
        .says("nothing to do");
    // Rewritten files hold no new events.
    take(&lab, 2, &Step::Optimize);
    assert_right(&lab, &Step::Optimize);
}

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

#[test]
fn two_refreshes_at_once_count_once() {
    let lab = lab();
    take(&lab, 0, &Step::Ingest((0..20).collect()));
    take(&lab, 1, &Step::IngestAlone((20..59).collect()));
    let refresh = || lab.command(["lake", "refresh", "lake"]).spawn().unwrap();
    let children: Vec<_> = (0..4).map(|_| refresh()).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_right(&lab, &Step::Refresh);
}

#[test]
fn a_roll_up_of_other_rules_is_not_believed() {
    let lab = lab();
    take(&lab, 0, &Step::Ingest((0..20).collect()));
    written_by_another_version(&lab, "activity", &[(", mapping ", ", mapping x")]);
    let rows = lab.value("SELECT count(*) FROM activity");
    assert_right(&lab, &Step::Refresh);
    lab.trailwright(["lake", "refresh", "lake"])
        .status(0)
        .says("made anew");
    assert_eq!(lab.value("SELECT count(*) FROM activity"), rows);
    assert_right(&lab, &Step::Refresh);
}

#[test]
fn a_roll_up_with_other_columns_is_made_anew() {
    let lab = lab();
    take(&lab, 0, &Step::Ingest((0..20).collect()));
    let other = [
        (", mapping ", ", mapping x"),
        (r#"\"name\":\"calls\""#, r#"\"name\":\"uses\""#),
    ];
    written_by_another_version(&lab, "activity", &other);
    let by_day = [
        (", mapping ", ", mapping x"),
        (r#"\"name\":\"invoked_by\""#, r#"\"name\":\"invoker\""#),
    ];
    written_by_another_version(&lab, "events_by_day", &by_day);
    assert_right(&lab, &Step::Refresh);
    lab.trailwright(["lake", "refresh", "lake"])
        .status(0)
        .says("made anew");
    assert_right(&lab, &Step::Refresh);
    take(&lab, 1, &Step::Ingest((10..30).collect()));
    assert_right(&lab, &Step::Refresh);
}

/// Changes the log of a stored table, as if another version of the program had written it.
fn written_by_another_version(lab: &Lab, table: &str, changes: &[(&str, &str)]) {
    let log = lab.path(&format!("lake/{table}/_delta_log"));
    let mut changed = false;
    for entry in std::fs::read_dir(log).unwrap() {
        let path = entry.unwrap().path();
        let before = std::fs::read_to_string(&path).unwrap();
        let text = changes
            .iter()
            .fold(before.clone(), |text, (old, new)| text.replace(old, new));
        changed |= text != before;
        std::fs::write(&path, text).unwrap();
    }
    assert!(changed, "nothing changed in {table}");
}

#[test]
fn a_damaged_roll_up_is_no_wrong_answer() {
    let lab = lab();
    take(&lab, 0, &Step::Ingest((0..20).collect()));
    std::fs::remove_dir_all(lab.path("lake/activity_by_year")).unwrap();
    lab.trailwright(["lake", "refresh", "lake"])
        .status(0)
        .says("1 table beside it was brought up");
    std::fs::remove_dir_all(lab.path("lake/activity")).unwrap();
    assert_right(&lab, &Step::Refresh);
    lab.trailwright(["lake", "refresh", "lake"])
        .status(0)
        .says("made anew");
    assert_right(&lab, &Step::Refresh);
}
