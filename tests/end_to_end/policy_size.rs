//! Is every document one that IAM takes, and are there as few as can be?

use serde_json::{Value, json};
use trailwright_tests::trail::{ROLE, Record, delivery, record};
use trailwright_tests::{Lab, Outcome};

use crate::lab;

fn lab_of_keys(keys: impl Iterator<Item = String>) -> Lab {
    let get = |(id, key): (u32, String)| {
        let request = json!({"bucketName": "logs", "key": key});
        record(id).with("requestParameters", request)
    };
    let records: Vec<Record> = (0..).zip(keys).map(get).collect();
    let lab = lab();
    lab.write("logs/a.json", delivery(&records));
    lab.ingest("logs");
    lab
}

fn policy(lab: &Lab, more: &[&str]) -> Outcome {
    let args = ["policy", "lake", "--principal", ROLE];
    lab.trailwright(args.iter().chain(more))
}

fn size(text: &str) -> usize {
    text.chars().filter(|sign| !sign.is_whitespace()).count()
}

/// The resources of all statements.
fn resources(document: &Value) -> Vec<String> {
    let statements = document["Statement"].as_array().unwrap().iter();
    statements
        .flat_map(|it| match &it["Resource"] {
            Value::Array(several) => several.clone(),
            one => vec![one.clone()],
        })
        .map(|it| it.as_str().unwrap().to_owned())
        .collect()
}

fn long_keys() -> impl Iterator<Item = String> {
    (0..200).map(|n| format!("{n}/{}", "x".repeat(60)))
}

#[test]
fn a_policy_that_is_too_large_is_split_into_files_that_fit() {
    let lab = lab_of_keys(long_keys());
    policy(&lab, &["--out", "out", "--prove"])
        .status(0)
        .says("larger than the 6,144 that IAM takes there, split into 3 documents\n");
    policy(&lab, &["--target", "user"])
        .status(1)
        .stdout("")
        .says("the inline policies of a user takes 2048")
        .says("the largest statement is `S3GetObject` with 200 resources")
        .says("hint: --target managed takes it as 3 documents");
    let mut seen = 0;
    for number in 1..=3 {
        let text = std::fs::read_to_string(lab.path(&format!("out/policy-{number}.json")));
        let text = text.unwrap();
        assert!(size(&text) <= 6_144);
        seen += resources(&serde_json::from_str(&text).unwrap()).len();
    }
    assert_eq!(seen, 200);
}

#[test]
fn what_goes_to_stdout_is_documents_that_fit_one_after_the_other() {
    let lab = lab_of_keys(long_keys());
    let done = policy(&lab, &[])
        .status(0)
        .says("split into 3 documents, one after the other: --out writes a file for each\n");
    let documents = serde_json::Deserializer::from_str(&done.stdout).into_iter::<Value>();
    let documents: Vec<Value> = documents.collect::<Result<_, _>>().unwrap();
    assert_eq!(documents.len(), 3);
    assert!(documents.iter().all(|it| size(&it.to_string()) <= 6_144));
    assert_eq!(documents.iter().flat_map(resources).count(), 200);
}

#[test]
fn thousands_of_objects_are_told_what_makes_a_policy_of_them() {
    let lab = lab_of_keys((0..1_500).map(|n| format!("data/part-{n:06}-{}", "x".repeat(40))));
    policy(&lab, &[])
        .status(1)
        .stdout("")
        .says("documents of 10 that can be attached")
        .says("hint: --style compact makes one document of it");
    let done = policy(&lab, &["--style", "compact", "--prove"]).status(0);
    let expected = ["arn:aws:s3:::logs/data/part-*"];
    assert_eq!(resources(&done.json()), expected);
    done.says("replayed: 1,500 of 1,500 distinct requests allowed");
    // Nor is anything applied of it: IAM is not even asked.
    let nowhere = "http://127.0.0.1:9";
    let apply = [
        "apply",
        "lake",
        "--principal",
        ROLE,
        "--endpoint-url",
        nowhere,
    ];
    lab.trailwright(apply)
        .status(1)
        .stdout("")
        .says("documents of 10 that can be attached")
        .says("\nhint: --style compact makes one document of it\n");
    // In a batch everybody else gets a policy, and this one what is known of it.
    let batch = ["policy", "lake", "--all", "--out", "out"];
    lab.trailwright(batch).status(0);
    let index: Value = read(&lab, "out/index.json");
    let error = index["principals"][0]["error"].as_str().unwrap();
    assert!(
        error.ends_with("; --style compact makes one document of it"),
        "{error}"
    );
    let evidence = read(&lab, "out/111122223333/role/reader/evidence.json");
    assert_eq!(evidence["uses"], 1_500);
    assert_eq!(evidence["coverage"]["days"], 1);
}

fn read(lab: &Lab, file: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(lab.path(file)).unwrap()).unwrap()
}

#[test]
fn characters_that_iam_refuses_in_a_policy_become_a_star() {
    let keys = [
        "docs/\u{65e5}\u{672c}.pdf",
        "docs/\u{e9}.pdf",
        "x/\u{1f600}${*}",
    ];
    let lab = lab_of_keys(keys.into_iter().map(ToOwned::to_owned));
    let done = policy(&lab, &["--prove", "--explain"]).status(0);
    let taken = |sign: char| matches!(sign, '\t' | '\n' | '\r' | ' '..='\u{ff}');
    assert!(done.stdout.chars().all(taken), "{}", done.stdout);
    let expected = [
        "arn:aws:s3:::logs/docs/*.pdf",
        "arn:aws:s3:::logs/x/*${$}{${*}}",
    ];
    assert_eq!(resources(&done.json()), expected);
    done.says("written with *, as IAM takes only characters up to U+00FF: 1 that were seen are now arn:aws:s3:::logs/docs/*.pdf")
        .says("replayed: 3 of 3 distinct requests allowed")
        .says("S3GetObject: 2 wider")
        .says("s3:GetObject: 3 events");
}
