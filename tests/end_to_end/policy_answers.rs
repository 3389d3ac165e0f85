//! Is what the user adds taken as meant, or refused with a reason?

use serde_json::{Value, json};
use trailwright_tests::trail::{ROLE, delivery, record};
use trailwright_tests::{Lab, Outcome};

use crate::lab;

fn lab_of_reader() -> Lab {
    let lab = lab();
    lab.write("logs/a.json", delivery(&[record(1)]));
    lab.ingest("logs");
    lab
}

fn policy(lab: &Lab, more: &[&str]) -> Outcome {
    let args = ["policy", "lake", "--principal", ROLE];
    lab.trailwright(args.iter().chain(more))
}

#[test]
fn what_iam_would_refuse_is_refused_with_a_hint_and_nothing_is_written() {
    let lab = lab_of_reader();
    let add = "--add=s3:PutObject";
    for (more, error, hint) in [
        (
            &[add, "--set", "BucketName=\u{65e5}\u{672c}"][..],
            "`\u{65e5}\u{672c}` has the character `\u{65e5}` (U+65E5), and IAM takes those up to U+00FF in a policy",
            "hint: write ? for that one character, or * for any",
        ),
        (
            &[add, "--set", "BucketName=a\u{7}"],
            "has the character U+0007, and IAM takes those up to U+00FF",
            "hint: write ?",
        ),
        (
            &[add, "--set", "BucketName="],
            "expected NAME=VALUE, got `BucketName=`",
            "hint: for example BucketName=logs",
        ),
        (
            &[add, "--set", "=x"],
            "expected NAME=VALUE, got `=x`",
            "hint: for example",
        ),
        (
            &[add, "--set", "BucketName= "],
            "the placeholder `BucketName` is given no value",
            "hint: for example BucketName=logs",
        ),
        (
            &[add, "--set", "Bucket:Name=x"],
            "`Bucket:Name` is no name of a placeholder",
            "hint: the name is what stands between ${ and }, such as BucketName",
        ),
        (
            &["--add", "s3:PutObject=arn:aws:s3:::logs/\u{436}"],
            "has the character `\u{436}` (U+0436)",
            "hint: write ?",
        ),
        (
            &["--add", "s3:PutObject="],
            "`` is no resource for `s3:PutObject`",
            "hint: give an ARN, or * for all",
        ),
        (
            &["--add", "sqs:SendMessage=arn:aws:sqs:eu-west-1:12:jobs"],
            "`arn:aws:sqs:eu-west-1:12:jobs` is no resource that IAM takes",
            "hint: give an ARN",
        ),
    ] {
        policy(&lab, more)
            .status(1)
            .stdout("")
            .says(error)
            .says(hint);
    }
    for (answers, error) in [
        (
            json!({"set": {"BucketName": []}}),
            "the placeholder `BucketName` is given no value",
        ),
        (
            json!({"add": [{"action": "s3:PutObject", "resources": []}]}),
            "`s3:PutObject` is to be added on no resource",
        ),
        (
            json!({"set": {"BucketName": 7}}),
            "`answers.json` holds no answers",
        ),
    ] {
        lab.write("answers.json", answers.to_string());
        policy(&lab, &[add, "--answers", "answers.json"])
            .status(1)
            .stdout("")
            .says(error);
    }
}

#[test]
fn odd_values_that_iam_takes_stand_in_the_policy_as_they_are() {
    let lab = lab_of_reader();
    let more = [
        "--add",
        "s3:PutObject=arn:aws:s3:::${BucketName}/${ObjectName}",
        "--set",
        "BucketName=logs",
        "--set",
        "ObjectName=\u{e9} \"x\"/${aws:username}/*",
        "--set",
        "QueueName=jobs",
    ];
    let done = policy(&lab, &more).status(0);
    let put = |it: &&Value| it["Action"] == "s3:PutObject";
    let document = done.json();
    let statements = document["Statement"].as_array().unwrap();
    let resource = &statements.iter().find(put).unwrap()["Resource"];
    assert_eq!(resource, "arn:aws:s3:::logs/\u{e9} \"x\"/${aws:username}/*");
    done.says("values that nothing takes, as the policy has no such placeholder: QueueName");
    // What was written is what a check of policies takes.
    lab.write("policy.json", document.to_string());
    lab.trailwright(["validate", "policy.json"]).status(0);
}
