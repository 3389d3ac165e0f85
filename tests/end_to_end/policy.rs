//! Is the policy what the principal did, no less and no more?

use serde_json::{Value, json};
use trailwright_tests::trail::{ROLE, Record, delivery, record};
use trailwright_tests::{Lab, Outcome};

use crate::{lab, lab_with};

/// The report and the policy, to be read by a person.
#[track_caller]
fn snapshot(name: &str, lab: &Lab, principal: &str, range: &[&str]) {
    let args = ["policy", "lake", "--principal", principal];
    let done = lab.trailwright(args.iter().chain(range)).status(0);
    insta::assert_snapshot!(name, format!("{}\n{}", done.stderr, done.stdout));
}

#[test]
fn policies_of_a_real_trail() {
    let lab = lab_with("invictus");
    let account = "arn:aws:iam::123837392027";
    let of = |name: &str, principal: &str, range: &[&str]| {
        snapshot(name, &lab, &format!("{account}:{principal}"), range);
    };
    of("invictus_benjamin", "user/benjamin", &[]);
    let minutes = ["--from", "2023-07-10T12:22", "--to", "2023-07-10T12:26"];
    of("invictus_bert_jan_four_minutes", "user/bert-jan", &minutes);
    let instance = "role/stratus-red-team-ec2-steal-credentials-role";
    of("invictus_instance_role", instance, &[]);
    let runner = "role/stratus-red-team-ec2lui-role-pcccexdthk";
    of("invictus_run_instances", runner, &[]);
}

#[test]
fn policies_of_detonation_logs() {
    let lab = lab_with("stratus-red-team");
    let commands = "arn:aws:iam::056392974792:user/christophe";
    snapshot("stratus_send_command", &lab, commands, &[]);
    let models = "arn:aws:iam::494659789341:role/test-role";
    snapshot("stratus_invoke_model", &lab, models, &[]);
}

fn lab_of(records: &[Record]) -> Lab {
    let lab = lab();
    lab.write("logs/a.json", delivery(records));
    lab.ingest("logs");
    lab
}

fn policy(lab: &Lab, more: &[&str]) -> Outcome {
    let args = ["policy", "lake", "--principal", ROLE];
    lab.trailwright(args.iter().chain(more))
}

/// The statements of a policy without their names.
fn statements(policy: &Outcome) -> Value {
    let mut document = policy.json();
    assert_eq!(document["Version"], "2012-10-17");
    for statement in document["Statement"].as_array_mut().unwrap() {
        assert!(statement.as_object_mut().unwrap().remove("Sid").is_some());
    }
    document["Statement"].take()
}

fn statement(action: &str, resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": resource})
}

fn object(key: &str) -> Value {
    json!({"bucketName": "logs", "key": key})
}

#[test]
fn all_sessions_of_a_role_make_one_policy() {
    let other = json!({
        "type": "AssumedRole",
        "arn": "arn:aws:sts::111122223333:assumed-role/reader/other-session",
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE}},
    });
    let second = record(2)
        .with("userIdentity", other)
        .with("requestParameters", object("b.txt"));
    let done = policy(&lab_of(&[record(1), second]), &[]).status(0);
    let resources = json!(["arn:aws:s3:::logs/a.txt", "arn:aws:s3:::logs/b.txt"]);
    assert_eq!(statements(&done)[0]["Action"], "s3:GetObject");
    assert_eq!(statements(&done)[0]["Resource"], resources);
}

#[test]
fn denied_calls_grant_nothing_and_are_listed() {
    let denied = record(2)
        .calls("s3.amazonaws.com", "DeleteObject")
        .with("errorCode", "AccessDenied");
    let done = policy(&lab_of(&[record(1), denied]), &[]).status(0);
    let expected = json!([statement("s3:GetObject", "arn:aws:s3:::logs/a.txt")]);
    assert_eq!(statements(&done), expected);
    done.says("not granted, as AWS denied it:\n         1  s3:DeleteObject");
}

#[test]
fn calls_that_failed_for_other_reasons_were_authorized() {
    let failed = record(1).with("errorCode", "NoSuchKey");
    let done = policy(&lab_of(&[failed]), &[]).status(0);
    assert_eq!(statements(&done)[0]["Action"], "s3:GetObject");
}

#[test]
fn what_could_not_be_mapped_is_listed_and_not_granted() {
    let unknown = |id| record(id).calls("nosuch.amazonaws.com", "FrobThing");
    let done = policy(&lab_of(&[record(1), unknown(2), unknown(3)]), &[]).status(0);
    assert_eq!(statements(&done).as_array().unwrap().len(), 1);
    done.says("no rule knows its permission")
        .says("         2  nosuch.amazonaws.com FrobThing");
}

#[test]
fn an_action_without_resources_gets_the_star() {
    let listing = record(1)
        .calls("s3.amazonaws.com", "ListBuckets")
        .with("requestParameters", Value::Null);
    let done = policy(&lab_of(&[listing]), &[]).status(0);
    let expected = json!([statement("s3:ListAllMyBuckets", "*")]);
    assert_eq!(statements(&done), expected);
}

#[test]
fn only_the_range_counts() {
    let later = record(2)
        .at("2026-12-01T00:00:00Z")
        .with("requestParameters", object("b.txt"));
    let lab = lab_of(&[record(1), later]);
    for (range, key) in [(["--to", "2026-11"], "a"), (["--from", "2026-12"], "b")] {
        let done = policy(&lab, &range).status(0);
        let resource = format!("arn:aws:s3:::logs/{key}.txt");
        assert_eq!(statements(&done)[0]["Resource"], resource);
    }
    policy(&lab, &["--from", "2027-01"])
        .status(1)
        .says("is not in the lake from 2027-01-01T00:00:00Z")
        .says("hint: the lake has no events in that range");
}

#[test]
fn nobody_gets_a_policy_of_what_others_did() {
    let other = json!({"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/other"});
    let theirs = record(2)
        .calls("s3.amazonaws.com", "DeleteObject")
        .with("userIdentity", other);
    let done = policy(&lab_of(&[record(1), theirs]), &[]).status(0);
    assert!(!done.stdout.contains("DeleteObject"));
}

#[test]
fn a_name_that_is_not_there_is_told_who_is() {
    let lab = lab_of(&[record(1)]);
    for name in ["reader", "arn:aws:iam::999999999999:role/Reader"] {
        lab.trailwright(["policy", "lake", "--principal", name])
            .status(1)
            .stdout("")
            .says(&format!("principal `{name}` is not in the lake"))
            .says(&format!("hint: did you mean {ROLE}"));
    }
    lab.trailwright(["policy", "lake", "--principal", "zzz"])
        .status(1)
        .says("hint: `trailwright principals` lists who is there");
}

#[test]
fn who_takes_no_policy_is_told_why() {
    let root = json!({"type": "Root", "arn": "arn:aws:iam::111122223333:root"});
    let service = json!({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"});
    let lab = lab_of(&[
        record(1).with("userIdentity", root),
        record(2).with("userIdentity", service),
    ]);
    for (name, why) in [
        (
            "arn:aws:iam::111122223333:root",
            "IAM policies do not limit root",
        ),
        (
            "ec2.amazonaws.com",
            "a service acts by trust and resource policies",
        ),
    ] {
        lab.trailwright(["policy", "lake", "--principal", name])
            .status(1)
            .stdout("")
            .says(&format!("cannot write a policy for `{name}`: {why}"))
            .says("hint: ");
    }
}

#[test]
fn who_used_nothing_gets_no_empty_policy() {
    let denied = record(1).with("errorCode", "AccessDenied");
    policy(&lab_of(&[denied]), &[])
        .status(1)
        .stdout("")
        .says("there is no policy to write")
        .says("hint: ");
}

#[test]
fn trying_writes_the_policy_that_a_lake_would_give() {
    let lab = lab();
    lab.write("logs/a.json", delivery(&[record(1)]));
    lab.ingest("logs");
    let kept = policy(&lab, &[]).status(0).stdout;
    lab.trailwright(["try", "logs"])
        .status(0)
        .says("1 events  arn:aws:iam::111122223333:role/reader (AssumedRole)")
        .stdout(&kept);
    lab.trailwright(["try", "logs", "--principal", ROLE])
        .status(0)
        .stdout(&kept);
    lab.write("logs/bad.json", "no log");
    lab.trailwright(["try", "logs"]).status(2).stdout(&kept);
}

#[test]
fn a_call_that_two_accounts_recorded_counts_once_for_the_caller() {
    let owner = "444455556666";
    let shared = |id| record(id).with("sharedEventID", "5f0e8a0c-0000-4000-8000-000000000001");
    let lab = lab_of(&[shared(1), shared(2).with("recipientAccountId", owner)]);
    let calls = lab.value("SELECT sum(calls) FROM activity WHERE action = 's3:GetObject'");
    assert_eq!(calls, 1);
    let accounts = lab.value("SELECT max(account) FROM permissions");
    assert_eq!(accounts, "111122223333");
}

#[test]
fn a_call_that_only_the_owner_recorded_still_counts() {
    let foreign = record(1)
        .with("sharedEventID", "5f0e8a0c-0000-4000-8000-000000000001")
        .with("recipientAccountId", "444455556666");
    let lab = lab_of(&[foreign]);
    assert_eq!(lab.value("SELECT sum(calls) FROM activity"), 1);
}

#[test]
fn a_service_that_decrypts_for_the_role_is_named_in_a_condition() {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let mut identity = json!({
        "type": "AssumedRole",
        "arn": "arn:aws:sts::111122223333:assumed-role/reader/session",
        "accountId": "111122223333",
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE}},
    });
    identity["invokedBy"] = "secretsmanager.amazonaws.com".into();
    let lab = lab_of(&[record(1)
        .calls("kms.amazonaws.com", "Decrypt")
        .with("userIdentity", identity)
        .with("requestParameters", json!({"keyId": key}))
        .with("resources", json!([{"ARN": key, "type": "AWS::KMS::Key"}]))]);
    let mut expected = statement("kms:Decrypt", key);
    let via = "secretsmanager.eu-west-1.amazonaws.com";
    expected["Condition"] = json!({"StringEquals": {"kms:ViaService": via}});
    assert_eq!(statements(&policy(&lab, &["--prove"])), json!([expected]));
}

#[test]
fn a_path_that_one_event_tells_is_known_to_the_others() {
    let with_path = "arn:aws:iam::111122223333:role/ci/deploy";
    let deploy = json!({
        "type": "AssumedRole",
        "arn": "arn:aws:sts::111122223333:assumed-role/deploy/session",
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": with_path}},
    });
    let lab = lab_of(&[
        record(1).with("userIdentity", deploy),
        record(2)
            .calls("iam.amazonaws.com", "GetRole")
            .with("requestParameters", json!({"roleName": "deploy"})),
    ]);
    let expected = [statement("iam:GetRole", with_path)];
    assert_eq!(statements(&policy(&lab, &[])), json!(expected));
}

#[test]
fn a_policy_that_is_too_large_is_split_into_files_that_fit() {
    let records: Vec<Record> = (0..200)
        .map(|n| {
            record(n).with(
                "requestParameters",
                object(&format!("{n}/{}", "x".repeat(60))),
            )
        })
        .collect();
    let lab = lab_of(&records);
    policy(&lab, &["--out", "out", "--prove"]).status(0);
    let mut resources = 0;
    for number in 1..=4 {
        let Ok(text) = std::fs::read_to_string(lab.path(&format!("out/policy-{number}.json")))
        else {
            continue;
        };
        assert!(text.chars().filter(|sign| !sign.is_whitespace()).count() <= 6_144);
        let document: Value = serde_json::from_str(&text).unwrap();
        for statement in document["Statement"].as_array().unwrap() {
            resources += statement["Resource"].as_array().map_or(1, Vec::len);
        }
    }
    assert_eq!(resources, 200);
}
