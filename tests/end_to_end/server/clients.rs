//! AWS's own clients, unmodified. `TRAILWRIGHT_TEST_PYTHON` names a Python that has boto3 and
//! awscli (`.ci/run` sees to that).

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use trailwright_tests::trail::ROLE;
use trailwright_tests::{Server, fixture};

use super::lab_of_reader;

fn python() -> Option<PathBuf> {
    let python = std::env::var_os("TRAILWRIGHT_TEST_PYTHON").map(PathBuf::from);
    if python.is_none() {
        eprintln!("skipped: TRAILWRIGHT_TEST_PYTHON is not set");
    }
    python
}

#[test]
fn boto3_generates_validates_and_checks_and_every_answer_fits_its_model() {
    let Some(python) = python() else { return };
    let lab = lab_of_reader();
    let server = Server::start(&lab, &[]);
    let (id, secret) = &server.key;
    let output = Command::new(python)
        .arg(fixture::root().join("tests/python/access_analyzer.py"))
        .args([&server.url(), id, secret, ROLE])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let policy: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = lab
        .trailwright(["policy", "lake", "--principal", ROLE])
        .status(0)
        .json();
    assert_eq!(policy, expected);
}

/// The AWS CLI beside the Python, with the key of the server and no settings of whoever runs this.
fn aws(python: &Path, server: &Server, args: &[&str]) -> Value {
    let (id, secret) = &server.key;
    let output = Command::new(python)
        .arg(python.with_file_name("aws"))
        .arg("accessanalyzer")
        .args(args)
        .args(["--endpoint-url", &server.url(), "--output", "json"])
        .env_clear()
        .envs([
            ("AWS_ACCESS_KEY_ID", id.as_str()),
            ("AWS_SECRET_ACCESS_KEY", secret),
            ("AWS_REGION", "eu-central-1"),
            // By this name older ones ask for it.
            ("AWS_DEFAULT_REGION", "eu-central-1"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("PATH", "/usr/bin:/bin"),
        ])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {stderr}");
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

#[test]
fn the_aws_cli_gets_a_policy_and_has_it_validated() {
    let Some(python) = python() else { return };
    let lab = lab_of_reader();
    let server = Server::start(&lab, &[]);
    let aws = |args: &[&str]| aws(&python, &server, args);
    let details = format!("principalArn={ROLE}");
    let started = aws(&[
        "start-policy-generation",
        "--policy-generation-details",
        &details,
    ]);
    let id = started["jobId"].as_str().unwrap();
    server.until(&format!("/api/v1/jobs/{id}"), super::ended);
    let listed = aws(&["list-policy-generations"]);
    assert_eq!(listed["policyGenerations"][0]["status"], "SUCCEEDED");
    let answer = aws(&["get-generated-policy", "--job-id", id]);
    let policy = &answer["generatedPolicyResult"]["generatedPolicies"][0]["policy"];
    let policy = policy.as_str().unwrap();
    assert!(policy.contains("arn:aws:s3:::logs/a.txt"), "{policy}");
    let kind = ["--policy-type", "IDENTITY_POLICY"];
    let validate = ["validate-policy", "--policy-document", policy];
    let validated = aws(&[&validate[..], &kind].concat());
    assert_eq!(validated["findings"].as_array().unwrap().len(), 0);
    let same = [
        "--existing-policy-document",
        policy,
        "--new-policy-document",
        policy,
    ];
    let checked = aws(&[&["check-no-new-access"][..], &same, &kind].concat());
    assert_eq!(checked["result"], "PASS");
    let access = [
        "--policy-document",
        policy,
        "--access",
        "actions=s3:GetObject",
    ];
    let checked = aws(&[&["check-access-not-granted"][..], &access, &kind].concat());
    assert_eq!(checked["result"], "FAIL");
}
