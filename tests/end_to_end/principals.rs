//! Is everybody named, and nobody mixed up?

use std::collections::BTreeMap;

use serde_json::{Value, json};
use trailwright_tests::fixture;
use trailwright_tests::trail::{delivery, record};

use crate::{lab, lab_with};

#[test]
fn roles_and_users_have_the_events_that_name_them() {
    for name in fixture::WHOLE {
        let lab = lab_with(name);
        let listed = lab.trailwright(["principals", "lake", "-o", "ndjson"]);
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        for row in listed.status(0).ndjson() {
            let principal = row["principal"].as_str().unwrap();
            let events = row["events"].as_u64().unwrap();
            *found.entry(principal.to_owned()).or_default() += usize::try_from(events).unwrap();
        }
        let expected = fixture::count(&fixture::folder(name)).by_principal;
        for (principal, events) in &expected {
            assert_eq!(found.get(principal), Some(events), "{name} {principal}");
        }
        let arns = found.keys().filter(|p| p.starts_with("arn:")).count();
        assert_eq!(arns, expected.len(), "{name}: nobody else");
    }
}

#[test]
fn each_kind_of_identity_is_a_principal_of_its_own() {
    let issuer = |kind: &str, arn: &str| json!({"sessionIssuer": {"type": kind, "arn": arn}});
    let role = "arn:aws:iam::111122223333:role/path/deploy";
    let identities = [
        json!({"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/deploy/a",
            "sessionContext": issuer("Role", role)}),
        json!({"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/deploy/b",
            "sessionContext": issuer("Role", role)}),
        json!({"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/deploy"}),
        json!({"type": "Root", "arn": "arn:aws:iam::111122223333:root"}),
        json!({"type": "FederatedUser", "arn": "arn:aws:sts::111122223333:federated-user/deploy",
            "sessionContext": issuer("IAMUser", "arn:aws:iam::111122223333:user/deploy")}),
        json!({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}),
        json!({"type": "WebIdentityUser", "principalId": "token.example.com:app:sub"}),
        json!({"type": "AWSAccount", "accountId": "444455556666", "principalId": "AROAX:a"}),
        Value::Null,
    ];
    let records: Vec<_> = (1..)
        .zip(identities)
        .map(|(id, identity)| record(id).with("userIdentity", identity))
        .collect();
    let lab = lab();
    lab.write("logs/a.json", delivery(&records));
    lab.ingest("logs");
    let listed = lab.trailwright(["principals", "lake", "--output", "csv"]);
    let rows: Vec<String> = listed
        .status(0)
        .stdout
        .lines()
        .map(|line| line.split(',').take(3).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        rows,
        [
            "principal principal_type events",
            "arn:aws:iam::111122223333:role/path/deploy AssumedRole 2",
            "AROAX AWSAccount 1",
            "arn:aws:iam::111122223333:root Root 1",
            "arn:aws:iam::111122223333:user/deploy FederatedUser 1",
            "arn:aws:iam::111122223333:user/deploy IAMUser 1",
            "ec2.amazonaws.com AWSService 1",
            "token.example.com:app:sub WebIdentityUser 1",
            "unknown Unknown 1",
        ]
    );
}

#[test]
fn first_and_last_seen_and_refusals_are_told() {
    let lab = lab();
    let denied = record(3)
        .at("2026-11-24T12:00:00Z")
        .with("errorCode", "AccessDenied");
    let records = [
        record(1).at("2026-11-24T11:00:00Z"),
        record(2).at("2026-11-24T10:00:00Z"),
        denied,
    ];
    lab.write("logs/a.json", delivery(&records));
    lab.ingest("logs");
    let rows = lab.trailwright(["principals", "lake", "-o", "ndjson"]);
    let row = &rows.status(0).ndjson()[0];
    assert_eq!(row["first_seen"], "2026-11-24T10:00:00Z");
    assert_eq!(row["last_seen"], "2026-11-24T12:00:00Z");
    assert_eq!((&row["events"], &row["denied"]), (&json!(3), &json!(1)));
    let later = ["principals", "lake", "--from", "2026-11-24T11:30", "-ojson"];
    let later = lab.trailwright(later).status(0).json();
    assert_eq!(later[0]["events"], 1);
}
