//! AWS's own clients, unmodified. `TRAILWRIGHT_TEST_PYTHON` names a Python that has boto3 and
//! awscli (`.ci/run` sees to that).

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
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

#[test]
fn the_api_is_described_and_answers_as_described() {
    let Some(python) = python() else { return };
    let lab = lab_of_reader();
    let server = Server::start(&lab, &[]);
    let output = Command::new(python)
        .arg(fixture::root().join("tests/python/openapi.py"))
        .args([&server.url(), &server.token, ROLE])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
}

/// Its one exception tells what the client saw.
const THROTTLED: &str = r#"
import sys, boto3
from botocore.config import Config
url, key_id, secret = sys.argv[1:]
aa = boto3.client("accessanalyzer", endpoint_url=url, region_name="eu-west-1", aws_access_key_id=key_id,
    aws_secret_access_key=secret, config=Config(retries={"total_max_attempts": 1}))
try:
    aa.list_policy_generations()
except aa.exceptions.ThrottlingException as error:
    print(error.response["retryAfterSeconds"], error.response["ResponseMetadata"]["HTTPStatusCode"])
"#;

#[test]
fn boto3_is_told_when_to_come_again() {
    let Some(python) = python() else { return };
    let lab = lab_of_reader();
    let server = Server::start(&lab, &["--requests", "1"]);
    let (id, secret) = &server.key;
    // A body that does not come is given up in the end; then it takes its place once more.
    let told = (0..10).any(|_| {
        let slow = server.hold("POST", "/policy/validation", 100);
        let output = Command::new(&python)
            .args(["-c", THROTTLED, &server.url(), id, secret])
            .output()
            .unwrap();
        drop(slow);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        output.stdout == b"1 429\n"
    });
    assert!(told);
}

#[test]
fn whoever_wants_a_star_for_every_resource_as_aws_has_it_gets_it() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &["--resources", "any"]);
    let id = super::start(&server);
    server.until(&format!("/api/v1/jobs/{id}"), super::ended);
    let policy = |query: &str| {
        let path = format!("/policy/generation/{id}{query}");
        let answer = server.ask("GET", &path, "").status(200).json();
        let policies = &answer["generatedPolicyResult"]["generatedPolicies"];
        assert_eq!(policies.as_array().unwrap().len(), 1, "{policies}");
        serde_json::from_str::<Value>(policies[0]["policy"].as_str().unwrap()).unwrap()
    };
    let expected = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "SupportedServiceSid0",
            "Effect": "Allow",
            "Action": ["iam:GetRole", "s3:GetObject"],
            "Resource": "*",
        }],
    });
    assert_eq!(policy(""), expected);
    let templates = policy("?includeResourcePlaceholders=true");
    let statements = templates["Statement"].as_array().unwrap().iter();
    let resources: Vec<&Value> = statements.map(|it| &it["Resource"]).collect();
    let role = "arn:aws:iam::${Account}:role/${RoleNameWithPath}";
    let object = "arn:aws:s3:::${BucketName}/${ObjectName}";
    assert_eq!(resources, [role, object]);
}

/// The AWS CLI beside the Python, with the key of the server and no settings of whoever runs this.
fn aws_output(python: &Path, server: &Server, args: &[&str]) -> Output {
    let (id, secret) = &server.key;
    Command::new(python)
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
        .unwrap()
}

fn aws(python: &Path, server: &Server, args: &[&str]) -> Value {
    let output = aws_output(python, server, args);
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
    // Pages, which the CLI puts together, or not.
    for _ in 0..2 {
        aws(&[
            "start-policy-generation",
            "--policy-generation-details",
            &details,
        ]);
    }
    let jobs = |args: &[&str]| {
        let listed = aws(&[&["list-policy-generations"][..], args].concat());
        (
            listed["policyGenerations"].as_array().unwrap().len(),
            listed["NextToken"].is_string(),
        )
    };
    assert_eq!(jobs(&["--page-size", "1"]), (3, false));
    assert_eq!(jobs(&["--max-items", "2"]), (2, true));
    assert_eq!(
        jobs(&["--principal-arn", "arn:aws:iam::111122223333:role/nobody"]),
        (0, false)
    );
    // Errors are those that it knows.
    let failed = |args: &[&str]| {
        let output = aws_output(&python, &server, args);
        // By its version, one or the other is an error of the service.
        assert!(
            matches!(output.status.code(), Some(254 | 255)),
            "{output:?}"
        );
        String::from_utf8(output.stderr).unwrap()
    };
    let told = failed(&["cancel-policy-generation", "--job-id", id]);
    let expected = "An error occurred (ValidationException) when calling the CancelPolicyGeneration operation: the job has ended: it is SUCCEEDED";
    assert!(told.contains(expected), "{told}");
    let told = failed(&["get-generated-policy", "--job-id", "nothing"]);
    assert!(
        told.contains("(ValidationException)") && told.contains("no longer kept"),
        "{told}"
    );
    let token = ["--client-token", "one", "--policy-generation-details"];
    let start = ["start-policy-generation"];
    aws(&[&start[..], &token, &[&details]].concat());
    let other = "principalArn=arn:aws:iam::111122223333:role/other";
    let told = failed(&[&start[..], &token, &[other]].concat());
    assert!(told.contains("(ConflictException)"), "{told}");
    // One that waits can be canceled.
    let lab = lab_of_reader();
    let busy = Server::start(&lab, &["--jobs", "1"]);
    let ids: Vec<String> = (0..400).map(|_| super::start(&busy)).collect();
    let cancel = ["cancel-policy-generation", "--job-id", &ids[399]];
    self::aws(&python, &busy, &cancel);
    let path = format!("/api/v1/jobs/{}", ids[399]);
    assert_eq!(busy.until(&path, super::ended)["status"], "CANCELED");
}
