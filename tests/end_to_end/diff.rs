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

/// Text as the API itself has it, in which everything but letters and digits is percent-encoded.
fn encoded(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric();
    text.bytes()
        .map(|byte| match plain(&byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

#[test]
fn the_details_of_an_account_have_policies_of_every_kind() {
    let alice = "arn:aws:iam::111122223333:user/team/alice";
    let identity =
        json!({"type": "IAMUser", "arn": alice, "accountId": "111122223333", "userName": "alice"});
    let calls = |id, source: &str, name: &str| {
        let record = record(id).calls(source, name);
        record.with("userIdentity", identity.clone())
    };
    let topic = json!({"topicArn": "arn:aws:sns:eu-west-1:111122223333:t"});
    let records = [
        record(1).with("userIdentity", identity.clone()),
        calls(2, "sqs.amazonaws.com", "ListQueues").with("requestParameters", json!({})),
        calls(3, "ec2.amazonaws.com", "DescribeInstances").with("requestParameters", json!({})),
        calls(4, "sns.amazonaws.com", "GetTopicAttributes").with("requestParameters", topic),
        calls(5, "cloudtrail.amazonaws.com", "ListTrails").with("requestParameters", json!({})),
    ];
    let lab = lab();
    lab.write("logs/a.json", delivery(&records));
    lab.ingest("logs");

    let object = |actions: Value, resource: &str| -> Value {
        serde_json::from_str(&policy(actions, resource)).unwrap()
    };
    let managed = |name: &str, default: &str, old: Value, document: Value| {
        json!({"PolicyName": name, "Arn": format!("arn:aws:iam::111122223333:policy/{name}"), "DefaultVersionId": default,
            "AttachmentCount": 1, "IsAttachable": true, "PolicyVersionList": [
                {"VersionId": "v3", "IsDefaultVersion": default == "v3", "Document": document},
                {"VersionId": "v2", "IsDefaultVersion": default == "v2", "Document": old}]})
    };
    let attached = |name: &str| json!({"PolicyName": name, "PolicyArn": format!("arn:aws:iam::111122223333:policy/{name}")});
    let all = || object(json!("*"), "*");
    let details = json!({
        "UserDetailList": [
            {"UserName": "bob", "Path": "/", "Arn": "arn:aws:iam::111122223333:user/bob", "GroupList": [],
                "UserPolicyList": [{"PolicyName": "all", "PolicyDocument": all()}], "AttachedManagedPolicies": []},
            {"UserName": "alice", "Path": "/team/", "Arn": alice, "GroupList": ["readers"],
                "UserPolicyList": [
                    {"PolicyName": "own", "PolicyDocument": encoded(&policy(json!(["s3:GetObject", "s3:PutObject"]), "arn:aws:s3:::logs/*"))},
                    {"PolicyName": "more", "PolicyDocument": object(json!("sqs:ListQueues"), "*")}],
                "AttachedManagedPolicies": [attached("first"), attached("second")],
                "PermissionsBoundary": {"PermissionsBoundaryType": "Policy",
                    "PermissionsBoundaryArn": "arn:aws:iam::111122223333:policy/bound"}}],
        "GroupDetailList": [
            {"GroupName": "readers", "Path": "/", "Arn": "arn:aws:iam::111122223333:group/readers",
                "GroupPolicyList": [{"PolicyName": "topics", "PolicyDocument": object(json!(["sns:GetTopicAttributes"]), "*")}],
                "AttachedManagedPolicies": [attached("third")]},
            {"GroupName": "others", "GroupPolicyList": [{"PolicyName": "all", "PolicyDocument": all()}], "AttachedManagedPolicies": []}],
        "RoleDetailList": [{"RoleName": "alice", "Arn": "arn:aws:iam::111122223333:role/team/alice",
            "RolePolicyList": [{"PolicyName": "all", "PolicyDocument": all()}], "AttachedManagedPolicies": [],
            "AssumeRolePolicyDocument": encoded("{}")}],
        "Policies": [
            managed("first", "v3", all(), object(json!("ec2:DescribeInstances"), "*")),
            managed("second", "v2", object(json!("cloudtrail:ListTrails"), "*"), all()),
            managed("third", "v3", all(), json!(encoded(&policy(json!("ec2:DescribeVpcs"), "*")))),
            managed("bound", "v3", all(), json!(encoded(&policy(json!(["s3:*", "sqs:*", "ec2:*", "sns:*"]), "*")))),
            managed("unattached", "v3", all(), all())],
        "IsTruncated": false,
    });
    lab.write(
        "details.json",
        serde_json::to_string_pretty(&details).unwrap(),
    );
    let args = [
        "diff",
        "lake",
        "--principal",
        alice,
        "--policy",
        "details.json",
        "--json",
    ];
    let done = lab.trailwright(args).status(4);
    let by = |name: &str| format!("arn:aws:iam::111122223333:policy/{name}");
    let actions = done.json()["actions"].take();
    let told: Vec<(String, String, Value)> = actions
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let text = |key: &str| it[key].as_str().unwrap().to_owned();
            (text("action"), text("state"), it["grantedBy"].clone())
        })
        .collect();
    let expected = [
        ("ec2:DescribeInstances", "used", json!([by("first")])),
        ("s3:GetObject", "used", json!(["own"])),
        ("sns:GetTopicAttributes", "used", json!(["topics"])),
        ("sqs:ListQueues", "used", json!(["more"])),
        // The second managed policy grants it, and the boundary does not.
        ("cloudtrail:ListTrails", "notGranted", Value::Null),
        ("ec2:DescribeVpcs", "unused", json!([by("third")])),
        ("s3:PutObject", "invisible", json!(["own"])),
    ];
    let expected = expected.map(|(action, state, by)| (action.to_owned(), state.to_owned(), by));
    assert_eq!(told, expected);
    done.says("  own: 1 statements\n")
        .says(&format!("  {}: 1 statements\n", by("third")))
        .says("and a permissions boundary")
        .never_says("unattached");
    // Without the groups it would seem that what they grant is not granted.
    let mut without = details;
    without["GroupDetailList"].take();
    lab.write("details.json", without.to_string());
    lab.trailwright(args)
        .status(1)
        .stdout("")
        .says("error: details.json: the user is in the group `readers`, and the authorization details do not have it\n")
        .says("hint: ask without a filter, or with Group in --filter");
}
