//! Event in, permissions out, and why: one case for each trap that a real trail holds.
//!
//! The cases are data, `cases/<service>.json`. A permission is written
//! `ACTION on RESOURCE (ORIGIN) if OPERATOR KEY = VALUE`, the origin left out where the event
//! names the resource. `nothing` is an event that needs no permission, `unknown` one that no
//! rule knows.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Deserialize;
use trailwright_engine::event::Row;
use trailwright_engine::permission::{Call, Mapper, Needs, Origin, Permission};

#[derive(Deserialize)]
struct Case {
    name: String,
    why: String,
    event: serde_json::Value,
    needs: BTreeSet<String>,
}

fn cases() -> Vec<(String, Case)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().flatten().collect();
    files.sort_by_key(std::fs::DirEntry::path);
    let mut cases = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file.path()).unwrap();
        let of_service: Vec<Case> = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", file.path().display()));
        let service = file
            .path()
            .file_stem()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        cases.extend(of_service.into_iter().map(|case| (service.clone(), case)));
    }
    cases
}

/// What the mapping says of an event, written as cases write it. What a case leaves out is
/// an API call of account 111122223333 in us-east-1.
fn needs(event: &serde_json::Value) -> BTreeSet<String> {
    let mut record = serde_json::json!({
        "eventType": "AwsApiCall",
        "awsRegion": "us-east-1",
        "recipientAccountId": "111122223333",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": "arn:aws:sts::111122223333:assumed-role/app/session",
            "accountId": "111122223333",
            "sessionContext": {"sessionIssuer": {
                "type": "Role",
                "arn": "arn:aws:iam::111122223333:role/app",
                "accountId": "111122223333"
            }}
        }
    });
    for (key, value) in event.as_object().unwrap() {
        record[key] = value.clone();
    }
    let text = record.to_string();
    let row = Row::from_record(&text).unwrap();
    let call = Call::of(&row);
    match Mapper::bundled().needs(&call) {
        Needs::Nothing { .. } => BTreeSet::from(["nothing".to_owned()]),
        Needs::Unknown => BTreeSet::from(["unknown".to_owned()]),
        Needs::Permissions(permissions) => permissions.iter().map(written).collect(),
    }
}

fn written(permission: &Permission) -> String {
    let mut text = format!("{} on {}", permission.action, permission.resource);
    if !matches!(permission.origin, Origin::Event | Origin::Any) {
        write!(text, " ({})", permission.origin.as_str()).unwrap();
    }
    for condition in &permission.conditions {
        let values = condition.values.join(", ");
        write!(
            text,
            " if {} {} = {values}",
            condition.operator, condition.key
        )
        .unwrap();
    }
    text
}

#[test]
fn every_case_comes_out_as_it_should() {
    let mut wrong = String::new();
    for (service, case) in cases() {
        let found = needs(&case.event);
        if found != case.needs {
            writeln!(wrong, "\n{service}: {} ({})", case.name, case.why).unwrap();
            for line in case.needs.difference(&found) {
                writeln!(wrong, "  missing {line}").unwrap();
            }
            for line in found.difference(&case.needs) {
                writeln!(wrong, "  surplus {line}").unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn names_are_unique_and_each_case_says_why() {
    let mut names = BTreeSet::new();
    for (service, case) in cases() {
        assert!(!case.why.is_empty(), "{service}: {}", case.name);
        assert!(
            names.insert((service, case.name.clone())),
            "{} twice",
            case.name
        );
    }
}
