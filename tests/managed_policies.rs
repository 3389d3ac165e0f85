//! Are the policies that AWS itself writes and attaches found to be good?
//!
//! They come with moto, a mock of AWS in Python, which `.ci/run` installs and
//! `TRAILWRIGHT_TEST_PYTHON` names; nothing of them is in this repository.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::process::Command;

use trailwright_engine::validate::{FindingType, PolicyType, validate};
use trailwright_engine::{PolicyDocument, Reference};

const SCRIPT: &str = "
import json
from moto.iam.aws_managed_policies import aws_managed_policies_data
for name, policy in json.loads(aws_managed_policies_data).items():
    print(json.dumps({'name': name, 'text': json.dumps(policy['Document'], indent=1)}))
";

/// Errors that are found in these policies. Those of names are of services and actions that came or
/// went since one of the two lists was made.
const EXPECTED: [(&str, usize); 10] = [
    ("INVALID_SERVICE_IN_ACTION", 120),
    ("INVALID_ACTION", 120),
    // Some statements have an action too much, which their condition shuts out.
    ("UNSUPPORTED_ACTION_FOR_CONDITION_KEY", 40),
    ("INVALID_SERVICE", 8),
    ("MISSING_ARN_REGION", 8),
    ("INVALID_ARN_RESOURCE", 6),
    ("MISSING_QUALIFIER", 4),
    ("INVALID_GLOBAL_CONDITION_KEY", 4),
    ("INVALID_SERVICE_CONDITION_KEY", 2),
    ("INVALID_ARN_ACCOUNT", 2),
];

fn managed_policies() -> Option<Vec<(String, String)>> {
    let python = std::env::var_os("TRAILWRIGHT_TEST_PYTHON")?;
    let output = Command::new(python).args(["-c", SCRIPT]).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let policies = text.lines().map(|line| {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| row.get(key).unwrap().as_str().unwrap().to_owned();
        (text("name"), text("text"))
    });
    Some(policies.collect())
}

#[test]
fn policies_of_aws_itself_are_hardly_ever_at_fault() {
    let Some(policies) = managed_policies() else {
        eprintln!("skipped: TRAILWRIGHT_TEST_PYTHON is not set");
        return;
    };
    assert!(policies.len() > 1_000, "{}", policies.len());
    let mut errors: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut at_fault = 0;
    for (name, text) in &policies {
        let parsed: Result<PolicyDocument, _> = text.parse();
        assert!(parsed.is_ok(), "{name}: {parsed:?}");
        let findings = validate(text, PolicyType::Identity, Reference::bundled());
        let mut wrong = findings
            .iter()
            .filter(|it| it.finding_type == FindingType::Error)
            .peekable();
        at_fault += usize::from(wrong.peek().is_some());
        for finding in wrong {
            let told = format!("{name}: {}\n", finding.finding_details);
            errors.entry(finding.issue_code).or_default().push(told);
        }
    }
    eprintln!("errors in {at_fault} of {} policies", policies.len());
    for (code, told) in &errors {
        let expected = EXPECTED.iter().find(|(known, _)| known == code);
        let most = expected.map_or(0, |(_, most)| *most);
        assert!(
            told.len() <= most,
            "{} {code}: {}",
            told.len(),
            told.concat()
        );
    }
    assert!(at_fault * 20 < policies.len(), "{at_fault} policies");
}
