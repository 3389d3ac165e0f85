//! Are policies judged as IAM Access Analyzer judges them, and the program's own found good?

use serde_json::{Value, json};
use trailwright_tests::trail::{delivery, record};

use crate::{lab, lab_with};

const POLICY: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListObjects"], "Resource": "arn:aws:s3:::logs/*"},
    {"Sid": "Hand On", "Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}
  ]
}
"#;

#[test]
fn findings_read_like_those_of_a_compiler() {
    let lab = lab();
    lab.write("policy.json", POLICY);
    let done = lab.trailwright(["validate", "policy.json"]).status(4);
    expect_test::expect![[r#"
        policy.json:4:52: error[INVALID_ACTION]: there is no action `s3:ListObjects`; a call of that name needs s3:ListBucket
          4 |     {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListObjects"], "Resource": "arn:aws:s3:::logs…
            |                                                    ^^^^^^^^^^^^^^^^
          hint: `trailwright reference SERVICE:ACTION` tells what AWS knows
        policy.json:5:13: error[UNSUPPORTED_SID]: the Sid `Hand On` has more than letters and digits
          5 |     {"Sid": "Hand On", "Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}
            |             ^^^^^^^^^
          hint: use letters and digits only
        policy.json:5:81: security warning[PASS_ROLE_WITH_STAR_IN_RESOURCE]: any role can be passed to any service; name the roles, or limit iam:PassedToService
          5 |     {"Sid": "Hand On", "Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}
            |                                                                                 ^^^
    "#]]
    .assert_eq(&done.stdout);
    done.says("2 errors, 1 security warning\n");
}

#[test]
fn findings_as_json_have_the_form_of_the_api() {
    let lab = lab();
    lab.write("policy.json", POLICY);
    let done = lab
        .trailwright(["validate", "policy.json", "--json"])
        .status(4);
    let answer = done.json();
    let first = &answer["findings"][0];
    assert_eq!(first["findingType"], "ERROR");
    assert_eq!(first["issueCode"], "UNSUPPORTED_SID");
    let expected = json!([{
        "path": [{"value": "Statement"}, {"index": 1}, {"value": "Sid"}],
        "span": {
            "start": {"line": 5, "column": 12, "offset": 164},
            "end": {"line": 5, "column": 21, "offset": 173},
        },
    }]);
    assert_eq!(first["locations"], expected);
    lab.write("good.json", r#"{"Version": "2012-10-17", "Statement": []}"#);
    let both = lab
        .trailwright(["validate", "policy.json", "good.json", "--json"])
        .status(4)
        .ndjson();
    assert_eq!(both[0]["file"], "policy.json");
    assert_eq!(both[1], json!({"file": "good.json", "findings": []}));
}

#[test]
fn a_good_policy_is_0_and_how_grave_a_finding_must_be_can_be_said() {
    let lab = lab();
    lab.write(
        "old.json",
        r#"{"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}}"#,
    );
    lab.trailwright(["validate", "old.json"])
        .status(0)
        .says("1 warning\n");
    lab.trailwright(["validate", "old.json", "--fail-on", "warning"])
        .status(4);
    // What is good for a role is good for a boundary; an organization has limits of its own.
    lab.write("scp.json", r#"{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}}"#);
    let codes = |kind: &str| {
        let done = lab
            .trailwright(["validate", "scp.json", "--type", kind, "--json"])
            .status(4);
        done.json()["findings"][0]["issueCode"].take()
    };
    assert_eq!(codes("boundary"), "UNSUPPORTED_PRINCIPAL");
    assert_eq!(codes("scp"), "SCP_SYNTAX_ERROR_PRINCIPAL");
}

#[test]
fn what_is_no_policy_is_found_where_it_breaks() {
    let lab = lab();
    lab.write("broken.json", "{\n  \"Statement\": [}\n}");
    let done = lab.trailwright(["validate", "broken.json"]).status(4);
    assert!(
        done.stdout
            .starts_with("broken.json:2:17: error[JSON_SYNTAX_ERROR]: expected value\n"),
        "{done}"
    );
    lab.write(
        "hostile.json",
        "{\"Statement\": [\"\\u001b[2J\u{7f}\", {\"Effect\": \"\\u001b[2J\"}]}",
    );
    let done = lab.trailwright(["validate", "hostile.json"]).status(4);
    assert!(!done.stdout.contains(['\u{1b}', '\u{7f}']), "{done}");
    lab.write("bytes.json", [0xff, 0xfe]);
    lab.trailwright(["validate", "bytes.json"])
        .status(1)
        .says("error: `bytes.json` is no text in UTF-8");
    lab.write("large.json", vec![b' '; 300_000]);
    lab.trailwright(["validate", "large.json"])
        .status(1)
        .says("it is no policy");
    lab.trailwright(["validate", "nowhere.json"])
        .status(1)
        .says("error: cannot read `nowhere.json`");
}

#[test]
fn standard_input_is_a_file_too() {
    let lab = lab();
    let mut command = lab.command(["validate", "-"]);
    let file = lab.write("policy.json", POLICY);
    command.stdin(std::fs::File::open(file).unwrap());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(output.stdout.starts_with(b"-:4:52: error[INVALID_ACTION]"));
}

/// Placeholders of the style `access-analyzer` with values, as they must have before use.
fn filled(policy: &str) -> String {
    let mut text = String::new();
    let mut rest = policy;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').unwrap();
        text += before;
        text += &match name {
            "Partition" => "aws".to_owned(),
            "Region" => "us-east-1".to_owned(),
            "Account" => "111122223333".to_owned(),
            // A literal sign, and policy variables.
            "*" | "?" | "$" => format!("${{{name}}}"),
            it if it.contains(':') => format!("${{{name}}}"),
            _ => "name".to_owned(),
        };
        rest = after;
    }
    text + rest
}

/// The text with real regions. Those of some logs were replaced by names such as
/// `me-northwest-3r` before they were published.
fn with_real_regions(policy: &str) -> String {
    let fictional = |field: &&str| field.contains('-') && field.ends_with(['1', '2', '3', '4']);
    let parts = policy
        .split(':')
        .map(|field| match field.strip_suffix('r') {
            Some(region) if fictional(&region) && !field.contains('/') => "us-east-1",
            _ => field,
        });
    parts.collect::<Vec<&str>>().join(":")
}

/// The policies of everybody in the lake of `name` must have no errors and no security warnings;
/// `styles` of them are written for each.
fn all_policies_are_good(name: &str, styles: usize) -> usize {
    let lab = lab_with(name);
    let principals = lab.sql(
        "SELECT principal FROM principals WHERE principal LIKE 'arn:%:iam::%:role/%' OR principal LIKE 'arn:%:iam::%:user/%'",
    );
    let mut files = Vec::new();
    let all = ["exact", "access-analyzer", "compact"];
    for (at, row) in principals.iter().enumerate() {
        for style in all.iter().cycle().skip(at).take(styles) {
            let principal = row["principal"].as_str().unwrap();
            let done =
                lab.trailwright(["policy", "lake", "--principal", principal, "--style", style]);
            // Service-linked roles take none, and some used nothing.
            let none = ["there is no policy to write", "cannot write a policy for"];
            if none.iter().any(|text| done.stderr.contains(text)) {
                continue;
            }
            let text = with_real_regions(&filled(&done.status(0).stdout));
            let documents = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
            for document in documents {
                let file = format!("policy-{}.json", files.len());
                lab.write(&file, document.unwrap().to_string());
                files.push(file);
            }
        }
    }
    let mut args = vec!["validate".to_owned()];
    args.extend(files.iter().cloned());
    let done = lab.trailwright(args);
    let found = &done.stdout;
    assert!(
        !found.contains(" error[") && !found.contains(" security warning["),
        "{found}"
    );
    done.status(0);
    files.len()
}

#[test]
fn what_the_program_writes_has_no_errors_or_security_warnings() {
    let files = all_policies_are_good("invictus", 3)
        + all_policies_are_good("stratus-red-team", 1)
        + all_policies_are_good("umccr-cloudtrail-parquet", 3);
    assert!(files > 40, "only {files} policies");
}

#[test]
fn the_allow_list_of_an_account_is_a_good_service_control_policy() {
    let lab = lab_with("invictus");
    let account = [
        "policy",
        "lake",
        "--account",
        "123837392027",
        "--target",
        "scp",
    ];
    for style in ["exact", "compact"] {
        let more = ["--style", style, "--prove"];
        let done = lab.trailwright(account.iter().chain(&more)).status(0);
        // A document a line: it is more than the 5,120 characters that one takes.
        assert_eq!(done.stdout.lines().count(), 2);
        for document in done.stdout.lines() {
            assert!(document.len() <= 5_120, "{}", document.len());
            lab.write("scp.json", document);
            let done = lab.trailwright(["validate", "--type", "scp", "scp.json"]);
            done.status(0).stdout("");
        }
    }
}

#[test]
fn a_check_of_new_access_passes_or_fails_with_reasons() {
    let lab = lab();
    let policy = |name: &str, statements: Value| {
        lab.write(
            name,
            json!({"Version": "2012-10-17", "Statement": statements}).to_string(),
        );
    };
    let allow = |action: &str, resource: &str| json!({"Sid": "A", "Effect": "Allow", "Action": action, "Resource": resource});
    policy("wide.json", json!([allow("s3:Get*", "arn:aws:s3:::logs*")]));
    policy(
        "narrow.json",
        json!([allow("s3:GetObject", "arn:aws:s3:::logs/a?/*")]),
    );
    let check = |one: &str, other: &str| lab.trailwright(["check-no-new-access", one, other]);
    check("wide.json", "narrow.json")
        .status(0)
        .stdout("PASS: The modified permissions do not grant new access compared to your existing policy.\n");
    check("narrow.json", "wide.json").status(4).stdout(
        "FAIL: The modified permissions grant new access compared to your existing policy.\n\
         wide.json:1:15: New access in the statement with sid: A.\n",
    );
    let done = lab
        .trailwright(["check-no-new-access", "narrow.json", "wide.json", "--json"])
        .status(4);
    assert_eq!(
        done.json(),
        json!({
            "result": "FAIL",
            "message": "The modified permissions grant new access compared to your existing policy.",
            "reasons": [{"description": "New access in the statement with sid: A.", "statementId": "A", "statementIndex": 0}],
        })
    );
    lab.write(
        "broken.json",
        "{\n \"Statement\": [{\"Effect\": \"allow\", \"Action\": \"*\", \"Resource\": \"*\"}]}",
    );
    check("wide.json", "broken.json")
        .status(1)
        .stdout("")
        .says("error: broken.json:2:27: unknown effect `allow`, expected `Allow` or `Deny`, at Statement[0].Effect")
        .says("hint: `trailwright validate broken.json` lists everything that is wrong with it");
}

#[test]
fn a_check_of_access_that_must_not_be_passes_or_fails_with_reasons() {
    let lab = lab();
    lab.write("policy.json", POLICY.replace("s3:ListObjects", "s3:Put*"));
    let check = |more: &[&str]| {
        lab.trailwright(
            ["check-access-not-granted", "policy.json"]
                .iter()
                .chain(more),
        )
    };
    check(&["--action", "s3:DeleteObject,kms:Decrypt"])
        .status(0)
        .stdout("PASS: The policy document does not grant access to perform one or more of the listed actions.\n");
    check(&[
        "--action",
        "s3:PutObjectAcl",
        "--resource",
        "arn:aws:s3:::logs/secret/*",
    ])
    .status(4)
    .stdout(
        "FAIL: The policy document grants access to perform one or more of the listed actions.\n\
             policy.json:4:5: One or more of the listed actions in the statement with index: 0.\n",
    );
    check(&[
        "--action",
        "s3:PutObject",
        "--resource",
        "arn:aws:s3:::other/*",
    ])
    .status(0);
    lab.write(
        "access.json",
        r#"[{"actions": ["kms:*"]}, {"resources": ["arn:aws:iam::111122223333:role/admin"]}]"#,
    );
    let done = check(&["--access", "access.json", "--json"]).status(4);
    assert_eq!(done.json()["reasons"][0]["statementId"], "Hand On");
    check(&[]).status(1).says("--access");
    check(&["--action", "GetObject"])
        .status(1)
        .says("`GetObject` is no action")
        .says("hint: an action is written service:Name");
    check(&["--resource", "logs"])
        .status(1)
        .says("`logs` is no ARN");
    lab.write("access.json", r#"[{"action": "kms:*"}]"#);
    check(&["--access", "access.json"])
        .status(1)
        .says("`access.json` is no list of access")
        .says("unknown field `action`");
}

#[test]
fn a_policy_grants_nothing_new_beside_itself_in_another_style() {
    let lab = lab();
    lab.write("logs/a.json", delivery(&[record(1), record(2)]));
    lab.ingest("logs");
    let principal = trailwright_tests::trail::ROLE;
    for style in ["exact", "compact"] {
        let done = lab
            .trailwright(["policy", "lake", "--principal", principal, "--style", style])
            .status(0);
        lab.write(style, done.stdout);
    }
    lab.trailwright(["check-no-new-access", "compact", "exact"])
        .status(0);
}

#[test]
fn a_trust_policy_is_judged_as_one() {
    let lab = lab();
    let trust = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"#;
    lab.write("trust.json", trust);
    lab.trailwright(["validate", "trust.json", "--type", "trust"])
        .status(0)
        .stdout("");
    lab.trailwright(["validate", "trust.json", "--type", "s3-bucket"])
        .status(4)
        .stdout_has("UNSUPPORTED_ACTION_IN_POLICY")
        .stdout_has("MISSING_RESOURCE");
    lab.trailwright(["validate", "trust.json"])
        .status(4)
        .stdout_has("UNSUPPORTED_PRINCIPAL");
    lab.write(
        "wider.json",
        trust.replace(
            "\"ec2.amazonaws.com\"",
            "[\"ec2.amazonaws.com\", \"lambda.amazonaws.com\"]",
        ),
    );
    lab.trailwright(["check-no-new-access", "wider.json", "trust.json"])
        .status(0);
    lab.trailwright(["check-no-new-access", "trust.json", "wider.json"])
        .status(4);
}
