//! Do the questions that have a name answer?

use serde_json::json;
use trailwright_tests::Lab;
use trailwright_tests::trail::{Record, delivery, record};

use crate::{lab, lab_with};

fn ask(lab: &Lab, name: &str, params: &[&str]) -> Vec<serde_json::Value> {
    let mut args = vec!["query", "run", name, "lake", "-o", "ndjson"];
    for param in params {
        args.extend(["--param", param]);
    }
    lab.trailwright(args).status(0).ndjson()
}

#[test]
fn every_question_is_listed_shown_and_answered() {
    let lab = lab_with("invictus");
    let listed = lab.trailwright(["query", "list"]).status(0).stdout;
    let names: Vec<&str> = listed
        .lines()
        .filter(|line| !line.starts_with(' '))
        .collect();
    assert_eq!(names.len(), 10);
    for name in names {
        let shown = lab.trailwright(["query", "show", name]).status(0).stdout;
        assert!(shown.starts_with("-- "), "{name}");
        let params: &[&str] = match name {
            "access-key" => &["key=AKIAIOSFODNN7EXAMPLE"],
            _ => &[],
        };
        ask(&lab, name, params);
    }
    lab.trailwright(["query", "run", "nope", "lake"])
        .status(1)
        .says("no query `nope`")
        .says("root-use");
}

#[test]
fn values_are_bound_and_not_pasted() {
    let lab = lab_with("invictus");
    let all = "SELECT count(*) FROM events";
    let before = lab.value(all);
    let found = ask(&lab, "access-key", &["key=' OR 1=1; DROP TABLE events; --"]);
    assert!(found.is_empty());
    assert_eq!(lab.value(all), before);
    for (params, said) in [
        (vec![], "query `access-key` needs `key`"),
        (vec!["key"], "expected NAME=VALUE, got `key`"),
        (vec!["key=x", "nope=1"], "takes no `nope`"),
    ] {
        let mut args = vec!["query", "run", "access-key", "lake"];
        for param in params {
            args.extend(["--param", param]);
        }
        lab.trailwright(args).status(1).says(said);
    }
    lab.trailwright([
        "query",
        "run",
        "denied-bursts",
        "lake",
        "--param",
        "least=many",
    ])
    .status(1)
    .says("`least` is to be of type integer, got `many`");
    lab.trailwright([
        "query",
        "run",
        "first-use",
        "lake",
        "--param",
        "since=someday",
    ])
    .status(1)
    .says("`since` is to be of type time, got `someday`")
    .says("hint: write 2026");
}

fn console(id: u32, mfa: &str, kind: &str) -> Record {
    record(id)
        .calls("signin.amazonaws.com", "ConsoleLogin")
        .with("eventType", "AwsConsoleSignIn")
        .with(
            "userIdentity",
            json!({"type": kind, "arn": format!("arn:aws:iam::1:user/{id}"), "accountId": "1"}),
        )
        .with("responseElements", json!({"ConsoleLogin": "Success"}))
        .with("additionalEventData", json!({"MFAUsed": mfa}))
}

#[test]
fn questions_find_what_they_are_for() {
    let lab = lab();
    let root = json!({"type": "Root", "arn": "arn:aws:iam::111122223333:root", "accountId": "111122223333"});
    let user = json!({
        "type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ann", "accountId": "111122223333",
        "accessKeyId": "AKIAIOSFODNN7EXAMPLE", "userName": "ann",
    });
    let mut records = vec![
        record(1)
            .with("userIdentity", root)
            .calls("iam.amazonaws.com", "CreateAccessKey"),
        console(2, "No", "IAMUser"),
        console(3, "Yes", "IAMUser"),
        console(4, "No", "AssumedRole"),
        record(5)
            .with("userIdentity", user.clone())
            .with("sourceIPAddress", "203.0.113.7")
            .calls("sts.amazonaws.com", "AssumeRole")
            .with(
                "requestParameters",
                json!({"roleArn": "arn:aws:iam::999999999999:role/far", "roleSessionName": "s"}),
            ),
        record(6)
            .with("userIdentity", user.clone())
            .with("sourceIPAddress", "10.0.0.1")
            .calls("sts.amazonaws.com", "AssumeRole")
            .with(
                "requestParameters",
                json!({"roleArn": "arn:aws:iam::111122223333:role/near", "roleSessionName": "s"}),
            ),
    ];
    for id in 10..25 {
        let denied = record(id)
            .with("errorCode", "AccessDenied")
            .at(&format!("2026-11-20T08:00:{id}Z"));
        records.push(denied);
    }
    lab.write("logs/a.json", delivery(&records));
    lab.ingest("logs");

    let roots = ask(&lab, "root-use", &[]);
    assert_eq!(
        (roots.len(), &roots[0]["event_name"]),
        (1, &json!("CreateAccessKey"))
    );
    let sign_ins = ask(&lab, "console-without-mfa", &[]);
    assert_eq!(
        (sign_ins.len(), &sign_ins[0]["principal"]),
        (1, &json!("arn:aws:iam::1:user/2"))
    );
    let keys = ask(&lab, "access-keys", &[]);
    assert_eq!(
        (&keys[0]["access_key_id"], &keys[0]["addresses"]),
        (&json!("AKIAIOSFODNN7EXAMPLE"), &json!(2))
    );
    let key = ask(&lab, "access-key", &["key=AKIAIOSFODNN7EXAMPLE"]);
    assert_eq!(key.len(), 2);
    let far = ask(&lab, "cross-account-assumes", &[]);
    assert_eq!(
        (far.len(), &far[0]["role"]),
        (1, &json!("arn:aws:iam::999999999999:role/far"))
    );
    let bursts = ask(&lab, "denied-bursts", &[]);
    assert_eq!((bursts.len(), &bursts[0]["denied"]), (1, &json!(15)));
    assert!(ask(&lab, "denied-bursts", &["least=16"]).is_empty());
    let escalation = ask(&lab, "privilege-escalation", &["since=2026"]);
    assert_eq!(escalation[0]["action"], "iam:CreateAccessKey");
    let networks = ask(&lab, "ip-ranges", &["outside=10.0.0.0/8"]);
    let networks: Vec<_> = networks.iter().map(|row| row["network"].clone()).collect();
    assert!(
        networks.contains(&json!("203.0.113.0/24")) && !networks.contains(&json!("10.0.0.0/24"))
    );
    let unused = ask(&lab, "unused-roles", &["since=2026-11-19"]);
    assert!(unused.is_empty());
    assert!(!ask(&lab, "unused-roles", &["since=2026-12"]).is_empty());
    assert!(ask(&lab, "first-use", &["since=2026-11-25"]).is_empty());
    assert!(!ask(&lab, "first-use", &["since=2026-11"]).is_empty());
}

#[test]
fn a_folder_of_ones_own_is_read_too() {
    let lab = lab_with("umccr-cloudtrail-parquet");
    lab.write(
        "mine/busy.sql",
        "-- Who is busy?\n--\n-- $least integer = 1: events\nSELECT principal FROM principals WHERE events >= $least\n",
    );
    lab.write(
        "mine/root-use.sql",
        "-- What did root do here?\nSELECT 1 AS mine\n",
    );
    let run = |name: &str| {
        let args = [
            "query",
            "--queries",
            "mine",
            "run",
            name,
            "lake",
            "-o",
            "ndjson",
        ];
        lab.trailwright(args).status(0).ndjson()
    };
    assert!(!run("busy").is_empty());
    assert_eq!(run("root-use"), [json!({"mine": 1})]);
    lab.write("bad/x.sql", "-- What?\n-- $a number: b\nSELECT 1\n");
    lab.trailwright(["query", "--queries", "bad", "list"])
        .status(1)
        .says("query `x`: cannot read `-- $a number: b`")
        .says("hint: write -- $name text|integer|time");
}
