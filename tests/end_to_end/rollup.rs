//! Is the roll-up right, whatever happened to the lake?

mod coarser;

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use trailwright_tests::Lab;
use trailwright_tests::trail::{Record, delivery, record};

use crate::lab;
use coarser::{BY_DAY, BY_YEAR, RANGES, RESOURCES};

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
