//! Does `explain` tell what an event needed, wherever the event comes from?

use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};
use trailwright_tests::trail::{Record, delivery, gzip, record};

use crate::lab;

/// A copy of an object, which reads one and writes another.
fn copy() -> Record {
    record(1).calls("s3.amazonaws.com", "CopyObject").with(
        "requestParameters",
        json!({"bucketName": "dst", "key": "k", "x-amz-copy-source": "src/k"}),
    )
}

#[test]
fn a_file_of_one_event_is_explained_with_rules_and_facts() {
    let lab = lab();
    lab.write("event.json", copy().text());
    let told = lab.trailwright(["explain", "event.json"]).status(0);
    let told = told.says_nothing();
    for line in [
        "s3.amazonaws.com CopyObject by ",
        "  needs s3:GetObject on arn:aws:s3:::src/k",
        "  needs s3:PutObject on arn:aws:s3:::dst/k",
        "    resource  named by the event",
        "    rule      exception",
        "    fact      ",
    ] {
        assert!(told.stdout.contains(line), "no `{line}` in:\n{told}");
    }
}

#[test]
fn standard_input_is_explained_like_a_file() {
    let lab = lab();
    lab.write("event.json", copy().text());
    let of_file = lab.trailwright(["explain", "event.json"]).status(0).stdout;

    let mut command = lab.command(["explain", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(copy().text().as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), of_file);
}

#[test]
fn a_compressed_delivery_is_explained_event_by_event() {
    let lab = lab();
    let listing = record(2).calls("ec2.amazonaws.com", "DescribeInstances");
    lab.write("log.json.gz", gzip(delivery(&[copy(), listing])));
    let told = lab.trailwright(["explain", "log.json.gz", "--json"]);
    let events = told.status(0).ndjson();
    let needs = |event: &Value| -> Vec<String> {
        let needs = event["needs"].as_array().unwrap().iter();
        needs
            .map(|it| format!("{} {}", it["action"], it["origin"]).replace('"', ""))
            .collect()
    };
    assert_eq!(events.len(), 2);
    assert_eq!(
        needs(&events[0]),
        ["s3:PutObject event", "s3:GetObject event"]
    );
    assert_eq!(needs(&events[1]), ["ec2:DescribeInstances any"]);
}

#[test]
fn an_event_of_a_lake_is_explained_by_its_id() {
    let lab = lab();
    lab.write("logs/a.json", delivery(&[copy()]));
    lab.ingest("logs");
    let id = lab.value("SELECT event_id FROM events");
    let id = id.as_str().unwrap();
    let told = lab.trailwright(["explain", id, "--lake", "lake"]).status(0);
    assert!(
        told.stdout
            .contains("needs s3:PutObject on arn:aws:s3:::dst/k"),
        "{told}"
    );
    lab.trailwright(["explain", "no-such-id", "--lake", "lake"])
        .status(1)
        .says("no event `no-such-id` in lake `lake`");
}

#[test]
fn an_event_that_needs_nothing_and_one_that_nobody_knows_say_so() {
    let lab = lab();
    let who = record(1).calls("sts.amazonaws.com", "GetCallerIdentity");
    lab.write("who.json", who.text());
    let told = lab.trailwright(["explain", "who.json"]).status(0);
    assert!(told.stdout.contains("needs no permission"), "{told}");

    let odd = record(1).calls("s3.amazonaws.com", "NoSuchOperation");
    lab.write("odd.json", odd.text());
    let told = lab.trailwright(["explain", "odd.json"]).status(0);
    assert!(told.stdout.contains("no rule knows"), "{told}");
}

#[test]
fn what_is_no_event_is_an_error_with_a_hint() {
    let lab = lab();
    lab.write("a.json", "{\"a\": 1}");
    lab.trailwright(["explain", "a.json"])
        .status(1)
        .says("a.json")
        .says("give a CloudTrail record");
    lab.trailwright(["explain", "missing.json"])
        .status(1)
        .says("cannot read `missing.json`");
}
