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
        .says("         2  nosuch.amazonaws.com FrobThing\n            IAM knows no such service");
}

#[test]
fn actions_of_a_service_that_nobody_could_map_are_offered_and_can_be_added() {
    let unknown = |id| record(id).calls("sqs.amazonaws.com", "SendMessageToo");
    let lab = lab_of(&[record(1), unknown(2)]);
    policy(&lab, &[])
        .status(0)
        .says("         1  sqs.amazonaws.com SendMessageToo\n            to add one of ")
        .says(" actions of sqs: --add sqs:SendMessage, ");
    let done = policy(&lab, &["--add", "sqs:sendmessage"]).status(0);
    assert_eq!(
        statements(&done)[1],
        statement(
            "sqs:SendMessage",
            "arn:aws:sqs:${Region}:${Account}:${QueueName}"
        )
    );
    done.says("without a value: ${QueueName} in SqsSendMessage")
        .says("allows pairs of action and resource: 1 as seen, 1 waiting for a value");
    let add = ["--add", "sqs:SendMessage", "--set", "Region=eu-west-1"];
    policy(&lab, &[&add[..], &["--strict"]].concat())
        .status(1)
        .stdout("")
        .says("error: placeholders without a value: Account, QueueName")
        .says("hint: give each a value: --set Account=VALUE");
}

#[test]
fn a_file_answers_what_no_event_tells() {
    let lab = lab_of(&[record(1)]);
    let toml = r#"
        add = ["sqs:SendMessage", { action = "sns:Publish", resources = ["arn:aws:sns:eu-west-1:111122223333:t"] }]

        [set]
        Region = "eu-west-1"
        Account = "111122223333"
        QueueName = ["a", "b"]
    "#;
    let json = json!({
        "add": ["sqs:SendMessage", {"action": "sns:Publish", "resources": ["arn:aws:sns:eu-west-1:111122223333:t"]}],
        "set": {"Region": "eu-west-1", "Account": "111122223333", "QueueName": ["a", "b"]},
    });
    lab.write("answers.toml", toml);
    lab.write("answers.json", json.to_string());
    let [as_toml, as_json] = ["answers.toml", "answers.json"].map(|file| {
        let args = ["--answers", file, "--strict", "--prove"];
        policy(&lab, &args).status(0)
    });
    assert_eq!(as_toml.stdout, as_json.stdout);
    let statements = statements(&as_toml);
    assert_eq!(
        statements[1],
        statement("sns:Publish", "arn:aws:sns:eu-west-1:111122223333:t")
    );
    let queues = ["a", "b"].map(|name| format!("arn:aws:sqs:eu-west-1:111122223333:{name}"));
    assert_eq!(statements[2]["Resource"], json!(queues));
    as_toml.says("1 as seen, 3 never seen");
}

#[test]
fn answers_that_make_no_sense_are_told_what_would() {
    let lab = lab_of(&[record(1)]);
    lab.write("bad.toml", "ad = []\n");
    for (args, error, hint) in [
        (
            ["--add", "sqs:SendMesage"],
            "AWS knows no action `sqs:SendMesage`",
            "did you mean SendMessage",
        ),
        (
            ["--add", "sqs:*"],
            "`sqs:*` is a pattern: name the actions one by one",
            "an action that nobody named",
        ),
        (
            ["--set", "Region"],
            "expected NAME=VALUE, got `Region`",
            "for example BucketName=logs",
        ),
        (
            ["--answers", "bad.toml"],
            "`bad.toml` holds no answers: ",
            "as TOML: add = ",
        ),
        (["--answers", "none.toml"], "cannot read `none.toml`", ""),
    ] {
        let done = policy(&lab, &args).status(1).stdout("");
        let done = done.says(&format!("error: {error}"));
        if !hint.is_empty() {
            done.says(&format!("hint: {hint}"));
        }
    }
}

#[test]
fn the_shape_of_access_analyzer_allows_nothing_before_its_placeholders_are_filled() {
    let get = record(1)
        .calls("lambda.amazonaws.com", "GetFunction20150331v2")
        .with("requestParameters", json!({"functionName": "f"}));
    let lab = lab_of(&[get]);
    let style = ["--style", "access-analyzer"];
    let done = policy(&lab, &style).status(0);
    let template = "arn:aws:lambda:${Region}:${Account}:function:${FunctionName}";
    let document = done.json();
    let expected = json!([{"Sid": "SupportedServiceSid0", "Effect": "Allow",
        "Action": "lambda:GetFunction", "Resource": template}]);
    assert_eq!(document["Statement"], expected);
    done.says("replayed: 0 of 1 distinct requests allowed")
        .says("without a value: ${FunctionName} in SupportedServiceSid0");
    policy(&lab, &[&style[..], &["--prove"]].concat())
        .status(1)
        .stdout("")
        .says("error: the policy would refuse 1 of 1 requests that were seen, first lambda:GetFunction on arn:aws:lambda:eu-west-1:111122223333:function:f");
    let set = [
        "--set",
        "Region=eu-west-1",
        "--set",
        "Account=111122223333",
        "--set",
        "FunctionName=*",
        "--prove",
        "--strict",
    ];
    policy(&lab, &[&style[..], &set].concat())
        .status(0)
        .says("replayed: 1 of 1 distinct requests allowed")
        .says("allows pairs of action and resource: 0 as seen, 1 wider than seen");
}

#[test]
fn a_compact_policy_tells_what_it_adds() {
    let keys = ["d/1", "d/2", "d/3", "e/1"].iter().zip(1..);
    let records: Vec<Record> = keys
        .map(|(key, id)| record(id).with("requestParameters", object(key)))
        .collect();
    let lab = lab_of(&records);
    let done = policy(&lab, &["--style", "compact", "--threshold", "2"]).status(0);
    let expected = json!(["arn:aws:s3:::logs/d/*", "arn:aws:s3:::logs/e/1"]);
    assert_eq!(statements(&done)[0]["Resource"], expected);
    done.says(
        "generalized, as more than 2 are alike: 3 that were seen are now arn:aws:s3:::logs/d/*, with all others of that form",
    )
    .says("allows pairs of action and resource: 1 as seen, 1 wider than seen");
}

#[test]
fn evidence_names_events_rules_and_origins() {
    let second = record(2).at("2026-11-25T09:30:00Z");
    let done = policy(&lab_of(&[record(1), second]), &["--explain"]).status(0);
    done.says(
        "evidence
  S3GetObject
    s3:GetObject: 2 events
      seen      2026-11-24T09:30:00Z to 2026-11-25T09:30:00Z
      such as   00000000-0000-4000-8000-000000000001
      resource  observed (2)
      rule      s3.amazonaws.com GetObject: ",
    );
}

#[test]
fn every_report_says_which_logs_it_rests_on() {
    let later = record(2)
        .at("2026-11-28T00:00:00Z")
        .with("awsRegion", "us-east-1");
    let lab = lab_of(&[record(1), later]);
    policy(&lab, &[])
        .status(0)
        .says("logs: 2026-11-24 to 2026-11-28, 5 days, 1 account, 2 regions")
        .says("missing: 111122223333 has no events on 3 of 5 days: 2026-11-25..2026-11-27")
        .says("no data events: calls such as s3:GetObject are not in these logs");
    let data = record(3)
        .with("eventCategory", "Data")
        .at("2026-11-26T00:00:00Z");
    lab.write("more/b.json", delivery(&[data]));
    lab.ingest("more");
    policy(&lab, &["--from", "2026-11-26", "--to", "2026-11-26"])
        .status(0)
        .says("logs: 2026-11-26 to 2026-11-26, 1 day, 1 account, 1 region")
        .says("data events of s3.amazonaws.com only")
        .never_says("missing");
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
        .stdout("")
        .says("the lake has no events from 2027-01-01T00:00:00Z")
        .says("hint: it has events from 2026-11-24 to 2026-12-01");
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
    let session = "arn:aws:sts::111122223333:assumed-role/reader/session";
    for name in ["reader", "arn:aws:iam::999999999999:role/Reader", session] {
        lab.trailwright(["policy", "lake", "--principal", name])
            .status(1)
            .stdout("")
            .says(&format!("principal `{name}` is not in the lake"))
            .says(&format!("hint: did you mean {ROLE}"));
    }
    // `r` is in every name.
    for name in ["zzz", "r"] {
        lab.trailwright(["policy", "lake", "--principal", name])
            .status(1)
            .says("hint: `trailwright principals` lists who is there");
    }
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

const EC2: &str = "ec2.amazonaws.com";

/// A lake in which somebody puts a role into the instance profile `web` before the usual role launches
/// instances with it.
fn lab_of_instances(launches: &[(&str, &str, &str)]) -> Lab {
    let admin = json!({"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/admin"});
    let put = record(1)
        .calls("iam.amazonaws.com", "AddRoleToInstanceProfile")
        .at("2026-10-01T00:00:00Z")
        .with("userIdentity", admin)
        .with("awsRegion", "us-east-1")
        .with(
            "requestParameters",
            json!({"instanceProfileName": "web", "roleName": "web-role"}),
        );
    let ec2 = json!({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"});
    let mut records = vec![put];
    for (number, (profile, instance, assumed)) in (10..).step_by(2).zip(launches) {
        let launched = json!({"instancesSet": {"items": [{"instanceId": instance}]}});
        records.push(
            record(number)
                .calls("ec2.amazonaws.com", "RunInstances")
                .with(
                    "requestParameters",
                    json!({"iamInstanceProfile": {"name": profile}}),
                )
                .with("responseElements", launched),
        );
        if !assumed.is_empty() {
            records.push(
                record(number + 1)
                    .calls("sts.amazonaws.com", "AssumeRole")
                    .with("userIdentity", ec2.clone())
                    .with(
                        "requestParameters",
                        json!({"roleArn": assumed, "roleSessionName": instance}),
                    ),
            );
        }
    }
    lab_of(&records)
}

/// The roles that may be passed to a service.
fn passed(policy: &Outcome, service: &str) -> Value {
    let statements = statements(policy);
    let mut passing = statements.as_array().unwrap().iter();
    let passing = passing.find(|it| it["Action"] == "iam:PassRole").unwrap();
    let to = &passing["Condition"]["StringEquals"]["iam:PassedToService"];
    assert_eq!(to, service);
    passing["Resource"].clone()
}

#[test]
fn the_role_of_an_instance_profile_is_looked_for_in_other_events() {
    let web = json!("arn:aws:iam::111122223333:role/web-role");
    let lab = lab_of_instances(&[("web", "i-1", ""), ("web", "i-2", "")]);
    let done = policy(&lab, &[]).status(0);
    assert_eq!(passed(&done, EC2), web);
    // Whoever put it there did so before the range.
    let later = policy(&lab, &["--from", "2026-11-01"]).status(0);
    assert_eq!(passed(&later, EC2), web);
}

#[test]
fn the_role_that_ec2_assumed_tells_an_instance_profile_of_old() {
    let old = "arn:aws:iam::111122223333:role/path/old-role";
    let lab = lab_of_instances(&[("web", "i-1", ""), ("old", "i-2", old)]);
    let both = json!([
        "arn:aws:iam::111122223333:role/path/old-role",
        "arn:aws:iam::111122223333:role/web-role"
    ]);
    assert_eq!(passed(&policy(&lab, &[]).status(0), EC2), both);
}

#[test]
fn an_instance_profile_that_nothing_tells_of_leaves_every_role() {
    let every = json!("arn:aws:iam::111122223333:role/*");
    let lab = lab_of_instances(&[("web", "i-1", ""), ("old", "i-2", "")]);
    let done = policy(&lab, &[]).status(0);
    assert_eq!(passed(&done, EC2), every);
    done.says("iam:PassRole");
    // What the instance was given is not what the profile is known to hold.
    let lab = lab_of_instances(&[("web", "i-1", "arn:aws:iam::111122223333:role/another")]);
    assert_eq!(passed(&policy(&lab, &[]).status(0), EC2), every);
}

#[test]
fn who_runs_a_task_passes_the_roles_of_its_definition() {
    let definition = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:7";
    let task = "arn:aws:iam::111122223333:role/task";
    let execution = "arn:aws:iam::111122223333:role/execution";
    let admin = json!({"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/admin"});
    let registered = json!({
        "taskDefinitionArn": definition,
        "taskRoleArn": task,
        "executionRoleArn": execution,
    });
    let registered = record(1)
        .calls("ecs.amazonaws.com", "RegisterTaskDefinition")
        .at("2026-10-01T00:00:00Z")
        .with("userIdentity", admin)
        .with(
            "requestParameters",
            json!({"family": "web", "taskRoleArn": task}),
        )
        .with("responseElements", json!({"taskDefinition": registered}));
    let run = |id: u32, revision: &str| {
        record(id)
            .calls("ecs.amazonaws.com", "RunTask")
            .with(
                "requestParameters",
                json!({"cluster": "c", "taskDefinition": "web"}),
            )
            .with(
                "responseElements",
                json!({"tasks": [{"taskDefinitionArn": revision}]}),
            )
    };
    let lab = lab_of(&[registered, run(2, definition), run(3, definition)]);
    let done = policy(&lab, &[]).status(0);
    let to = "ecs-tasks.amazonaws.com";
    assert_eq!(passed(&done, to), json!([execution, task]));
    // The definition was registered before the range, and one of another revision never.
    let later = policy(&lab, &["--from", "2026-11-01"]).status(0);
    assert_eq!(later.stdout, done.stdout);
    let old = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:6";
    let untold = policy(&lab_of(&[run(2, old)]), &[]).status(0);
    assert!(!untold.stdout.contains("PassRole"), "{untold}");
    let unknown =
        "1  iam.amazonaws.com PassRole, of task definitions that the lake does not tell of";
    assert!(untold.stderr.contains(unknown), "{untold}");
    assert!(untold.stderr.contains("--add iam:PassRole"), "{untold}");
}
