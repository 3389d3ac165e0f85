//! Does `diff` tell what policies grant too much and too little?

use serde_json::{Value, json};
use trailwright_tests::Lab;
use trailwright_tests::trail::{ROLE, delivery, record};

use crate::lab;

fn lab_with_activity() -> Lab {
    let lab = lab();
    let listing = record(2)
        .calls("sqs.amazonaws.com", "ListQueues")
        .with("requestParameters", json!({}));
    lab.write("logs/a.json", delivery(&[record(1), listing]));
    lab.ingest("logs");
    lab
}

fn policy(actions: Value, resource: &str) -> String {
    let statement = json!({"Sid": "A", "Effect": "Allow", "Action": actions, "Resource": resource});
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

fn diff<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["diff", "lake", "--principal", ROLE, "--policy"];
    args.extend(more);
    args
}

#[test]
fn four_states_and_a_tightened_policy() {
    let lab = lab_with_activity();
    let actions = json!(["s3:GetObject", "s3:GetBucket*", "sqs:SendMessage"]);
    lab.write("policy.json", policy(actions, "*"));
    let done = lab.trailwright(diff(&["policy.json"])).status(4);
    let expected = json!([
        {"Sid": "A", "Effect": "Allow", "Action": ["s3:GetObject", "sqs:SendMessage"], "Resource": "*"},
    ]);
    assert_eq!(done.json()["Statement"], expected);
    done.says("used and granted: 1 action\n")
        .says("used but not granted: 1 action\n         1  sqs:ListQueues\n            on *")
        .says("granted and unused: ")
        .says("  s3: GetBucketAbac, ")
        .says("granted and never visible in these logs, kept: 1 action\n  sqs: SendMessage");
}

#[test]
fn a_tight_policy_is_status_0() {
    let lab = lab_with_activity();
    lab.write(
        "s3.json",
        policy(json!("s3:GetObject"), "arn:aws:s3:::logs/a.txt"),
    );
    lab.write("sqs.json", policy(json!("sqs:ListQueues"), "*"));
    lab.trailwright(diff(&["s3.json", "sqs.json"]))
        .status(0)
        .says("used and granted: 2 actions")
        .never_says("unused");
    lab.trailwright(diff(&["s3.json"])).status(4);
    lab.trailwright(diff(&["s3.json", "--fail-on", "unused"]))
        .status(0);
    lab.write("loose.json", policy(json!(["s3:GetObject", "sqs:*"]), "*"));
    lab.trailwright(diff(&["loose.json", "--fail-on", "not-granted"]))
        .status(0);
    lab.trailwright(diff(&["loose.json", "--fail-on", "nothing"]))
        .status(0);
}

#[test]
fn the_tightened_policy_is_a_fixed_point() {
    let lab = lab_with_activity();
    let data = record(7).with("eventCategory", "Data");
    lab.write("more/b.json", delivery(&[data]));
    lab.ingest("more");
    lab.write("loose.json", policy(json!(["s3:*", "sqs:List*"]), "*"));
    lab.trailwright(diff(&["loose.json", "--out", "tight.json"]))
        .status(4)
        .stdout("");
    lab.trailwright(diff(&["tight.json"])).status(0);
    lab.trailwright(["check-no-new-access", "loose.json", "tight.json"])
        .status(0);
}

#[test]
fn policies_are_taken_from_the_details_of_an_account() {
    let lab = lab_with_activity();
    let document: Value =
        serde_json::from_str(&policy(json!(["s3:GetObject", "sqs:ListQueues"]), "*")).unwrap();
    let details = json!({
        "UserDetailList": [],
        "GroupDetailList": [],
        "RoleDetailList": [{"Arn": ROLE, "RolePolicyList": [],
            "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::111122223333:policy/p", "PolicyName": "p"}]}],
        "Policies": [{"Arn": "arn:aws:iam::111122223333:policy/p", "DefaultVersionId": "v1",
            "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": true, "Document": document}]}],
    });
    lab.write("details.json", details.to_string());
    let done = lab.trailwright(diff(&["details.json", "--json"])).status(0);
    done.json()["actions"]
        .as_array()
        .unwrap()
        .iter()
        .for_each(|it| {
            assert_eq!(it["state"], "used");
            assert_eq!(
                it["grantedBy"],
                json!(["arn:aws:iam::111122223333:policy/p"])
            );
        });
    lab.write("empty.json", json!({"RoleDetailList": []}).to_string());
    lab.trailwright(diff(&["empty.json"]))
        .status(1)
        .stdout("")
        .says(&format!(
            "error: empty.json: no role or user `{ROLE}` in the authorization details"
        ))
        .says("hint: ask without a filter");
    lab.write("no.json", "{");
    lab.trailwright(diff(&["no.json"]))
        .status(1)
        .says("no.json:1:");
}
