//! Do other tools read a policy in their own form as the same documents?
//!
//! With their own parsers, if `TRAILWRIGHT_TEST_PYTHON` names a Python that has them (`.ci/run`
//! sees to that).

use std::process::Command;

use serde_json::{Value, json};
use trailwright_tests::trail::{ROLE, Record, delivery, record};
use trailwright_tests::{Lab, fixture};

use crate::lab;

/// A role with names in its log that a form could take for something else.
fn lab_of_hostile_keys() -> Lab {
    let keys = [
        "a ${aws:username} %{if} $${x} \"quoted\" \\n",
        "é/\u{1f600}/{{x}}/#: - yes",
        "*?\n\t\u{7f}",
    ];
    let get = |(key, id): (&str, u32)| {
        record(id).with(
            "requestParameters",
            json!({"bucketName": "logs", "key": key}),
        )
    };
    let mut records: Vec<Record> = keys.into_iter().zip(1..).map(get).collect();
    records.push(
        record(9)
            .calls("iam.amazonaws.com", "CreateServiceLinkedRole")
            .with(
                "requestParameters",
                json!({"aWSServiceName": "ecs.amazonaws.com"}),
            ),
    );
    let lab = lab();
    lab.write("logs/a.json", delivery(&records));
    lab.ingest("logs");
    lab
}

fn policy(lab: &Lab, args: &[&str]) -> String {
    let all = ["policy", "lake", "--principal", ROLE].iter().chain(args);
    lab.trailwright(all).status(0).stdout
}

/// What the parser of a form reads.
fn read(lab: &Lab, form: &str, file: &str, text: &str) -> Option<Value> {
    let Some(python) = std::env::var_os("TRAILWRIGHT_TEST_PYTHON") else {
        eprintln!("skipped: TRAILWRIGHT_TEST_PYTHON is not set");
        return None;
    };
    let path = lab.write(file, text);
    let script = fixture::root().join("tests/python/policy_forms.py");
    let output = Command::new(python)
        .arg(script)
        .arg(form)
        .arg(path)
        .output();
    let output = output.unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}\n{text}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn every_form_holds_the_same_documents() {
    let lab = lab_of_hostile_keys();
    let expected: Value = serde_json::from_str(&policy(&lab, &[])).unwrap();
    for (format, file) in [
        ("terraform", "policy.tf"),
        ("cloudformation", "policy.yaml"),
        ("yaml", "policy.yaml"),
    ] {
        let text = policy(&lab, &["--format", format]);
        let Some(read) = read(&lab, format, file, &text) else {
            return;
        };
        assert_eq!(read["documents"], json!([expected]), "{text}");
        assert_eq!(
            read.get("findings").unwrap_or(&json!([])),
            &json!([]),
            "{text}"
        );
    }
}

#[test]
fn every_target_is_one_that_the_tools_know() {
    let lab = lab_of_hostile_keys();
    for (target, terraform, cloudformation) in [
        (
            "managed",
            &["aws_iam_policy", "aws_iam_role_policy_attachment"][..],
            "AWS::IAM::ManagedPolicy",
        ),
        ("role", &["aws_iam_role_policy"], "AWS::IAM::RolePolicy"),
        ("group", &["aws_iam_group_policy"], "AWS::IAM::GroupPolicy"),
        ("boundary", &["aws_iam_policy"], "AWS::IAM::ManagedPolicy"),
        (
            "scp",
            &[
                "aws_organizations_policy",
                "aws_organizations_policy_attachment",
            ],
            "AWS::Organizations::Policy",
        ),
    ] {
        let text = policy(&lab, &["--target", target, "--format", "terraform"]);
        let Some(found) = read(&lab, "terraform", "policy.tf", &text) else {
            return;
        };
        assert_eq!(found["resources"], json!(terraform), "{text}");
        let text = policy(&lab, &["--target", target, "--format", "cloudformation"]);
        let found = read(&lab, "cloudformation", "policy.yaml", &text).unwrap();
        assert_eq!(found["resources"], json!([cloudformation]), "{text}");
        assert_eq!(found["findings"], json!([]), "{text}");
    }
}

#[test]
fn what_cloudformation_would_resolve_is_not_written() {
    let lab = lab();
    let request = json!({"bucketName": "logs", "key": "{{resolve:ssm:secret}}"});
    lab.write(
        "logs/a.json",
        delivery(&[record(1).with("requestParameters", request)]),
    );
    lab.ingest("logs");
    let args = [
        "policy",
        "lake",
        "--principal",
        ROLE,
        "--format",
        "cloudformation",
    ];
    lab.trailwright(args)
        .status(1)
        .stdout("")
        .says("error: statement `S3GetObject` cannot be written as CloudFormation")
        .says("hint: --format json and yaml take any text");
}

#[test]
fn an_account_gets_an_allow_list_of_what_all_its_users_did() {
    let lab = lab();
    let of = |id, identity: Value, name: &str| {
        record(id)
            .calls("sqs.amazonaws.com", name)
            .with("userIdentity", identity)
    };
    let root = json!({"type": "Root", "arn": "arn:aws:iam::111122223333:root", "accountId": "111122223333"});
    let other = json!({"type": "IAMUser", "arn": "arn:aws:iam::444455556666:user/x", "accountId": "444455556666"});
    let linked = "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/E";
    let linked = json!({"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/E/s",
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": linked}}});
    let records = [
        record(1),
        of(2, root, "ListQueues"),
        of(3, other, "CreateQueue"),
        of(4, linked, "DeleteQueue"),
    ];
    lab.write("logs/a.json", delivery(&records));
    lab.ingest("logs");
    let account = ["policy", "lake", "--account", "111122223333"];
    let done = lab
        .trailwright(account.into_iter().chain(["--target", "scp", "--prove"]))
        .status(0);
    // White space of a service control policy counts: there is none.
    let expected = r#"{"Version":"2012-10-17","Statement":[{"Sid":"UsedActions","Effect":"Allow","Action":["s3:GetObject","sqs:ListQueues"],"Resource":"*"}]}"#;
    assert_eq!(done.stdout, format!("{expected}\n"));
    done.says("bounds every user and role of an account, and denies all that it does not list");
    lab.trailwright(account)
        .status(1)
        .says("error: an account has no policy but a service control policy")
        .says("hint: add --target scp");
}
