//! Are conditions what the calls bear out, and proven by replay?

use serde_json::{Value, json};
use trailwright_tests::trail::{ROLE, Record, delivery, record};
use trailwright_tests::{Lab, Outcome};

use crate::lab;

fn lab_of(file: &str, records: &[Record]) -> Lab {
    let lab = lab();
    lab.write(file, delivery(records));
    lab.ingest("logs");
    lab
}

fn policy(lab: &Lab, conditions: &str) -> Outcome {
    let args = [
        "policy",
        "lake",
        "--principal",
        ROLE,
        "--prove",
        "--condition",
    ];
    lab.trailwright(args.into_iter().chain([conditions]))
        .status(0)
}

/// The conditions of each statement.
fn conditions(done: &Outcome) -> Vec<Value> {
    let document = done.json();
    let statements = document["Statement"].as_array().unwrap().iter();
    statements.map(|it| it["Condition"].clone()).collect()
}

fn identity(more: Value) -> Value {
    let mut identity = json!({
        "type": "AssumedRole",
        "arn": "arn:aws:sts::111122223333:assumed-role/reader/session",
        "accountId": "111122223333",
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE}},
    });
    for (key, value) in more.as_object().unwrap() {
        identity[key] = value.clone();
    }
    identity
}

fn from(id: u32, address: &str) -> Record {
    record(id).with("sourceIPAddress", address)
}

fn by_athena(id: u32) -> Record {
    let by = json!({"invokedBy": "athena.amazonaws.com"});
    from(id, "athena.amazonaws.com").with("userIdentity", identity(by))
}

#[test]
fn addresses_bind_direct_calls_and_leave_services_a_way() {
    let lab = lab_of(
        "logs/a.json",
        &[from(1, "203.0.113.7"), from(2, "203.0.113.9"), by_athena(3)],
    );
    let done = policy(&lab, "source-ip");
    assert_eq!(
        conditions(&done),
        [
            json!({"Bool": {"aws:ViaAWSService": "true"}}),
            json!({"IpAddress": {"aws:SourceIp": ["203.0.113.7", "203.0.113.9"]}}),
        ]
    );
    done.says("condition aws:SourceIp = 203.0.113.7, 203.0.113.9 on 1 permission")
        .says("replayed: 3 of 3 distinct requests allowed");
}

#[test]
fn an_endpoint_is_named_where_every_call_came_through_one() {
    let through = |id| from(id, "10.0.0.7").with("vpcEndpointId", "vpce-1");
    let lab = lab_of("logs/a.json", &[through(1)]);
    let done = policy(&lab, "source-vpce");
    let endpoint = json!({"StringEquals": {"aws:SourceVpce": "vpce-1"}});
    assert_eq!(conditions(&done), std::slice::from_ref(&endpoint));
    let lab = lab_of("logs/a.json", &[through(1), from(2, "203.0.113.7")]);
    let done = policy(&lab, "source-vpce");
    assert_eq!(conditions(&done), [Value::Null]);
    done.says("conditions that the calls do not bear out:")
        .says("source-vpce: some calls came through no VPC endpoint\n      s3:GetObject on arn:aws:s3:::logs/a.txt\n");
    let done = policy(&lab, "source-vpce,source-ip");
    let address = json!({"IpAddress": {"aws:SourceIp": "203.0.113.7"}});
    assert_eq!(conditions(&done), [address, endpoint]);
}

#[test]
fn mfa_is_asked_for_where_every_call_had_it() {
    let with_mfa = |id, mfa: &str| {
        let context = json!({"sessionContext": {
            "sessionIssuer": {"type": "Role", "arn": ROLE},
            "attributes": {"mfaAuthenticated": mfa},
        }});
        from(id, "203.0.113.7").with("userIdentity", identity(context))
    };
    let lab = lab_of("logs/a.json", &[with_mfa(1, "true")]);
    let mfa = json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}});
    assert_eq!(conditions(&policy(&lab, "mfa")), [mfa]);
    let lab = lab_of("logs/a.json", &[with_mfa(1, "true"), with_mfa(2, "false")]);
    let done = policy(&lab, "mfa");
    assert_eq!(conditions(&done), [Value::Null]);
    done.says("some calls were made without MFA");
}

#[test]
fn the_organization_is_that_of_the_trail() {
    let file = "logs/AWSLogs/o-a1b2c3d4e5/111122223333/CloudTrail/eu-west-1/a.json";
    let done = policy(&lab_of(file, &[record(1)]), "org-id");
    let org = json!({"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}});
    assert_eq!(conditions(&done), [org]);
    policy(&lab_of("logs/a.json", &[record(1)]), "org-id").says(
        "org-id: no event tells the organization\n      s3:GetObject on arn:aws:s3:::logs/a.txt\n",
    );
}

#[test]
fn regions_and_prefixes_are_those_of_the_calls() {
    let listing = |id, prefix: &str| {
        let request = json!({"bucketName": "logs", "prefix": prefix, "list-type": "2"});
        record(id)
            .calls("s3.amazonaws.com", "ListObjects")
            .with("requestParameters", request)
    };
    let lab = lab_of("logs/a.json", &[listing(1, "a/"), listing(2, "${x}/*")]);
    let done = policy(&lab, "requested-region,s3-prefix");
    let expected = json!({"StringEquals": {
        "aws:RequestedRegion": "eu-west-1",
        "s3:prefix": ["${$}{x}/*", "a/"],
    }});
    assert_eq!(conditions(&done), [expected]);
    done.says("replayed: 2 of 2 distinct requests allowed");
}

#[test]
fn conditions_of_the_mapping_need_not_be_asked_for() {
    let lab = lab_of("logs/a.json", &[record(1)]);
    let done = policy(&lab, "kms-via-service,passed-to-service");
    assert_eq!(conditions(&done), [Value::Null]);
    let args = [
        "policy",
        "lake",
        "--principal",
        ROLE,
        "--style",
        "access-analyzer",
    ];
    lab.trailwright(args.into_iter().chain(["--condition", "mfa"]))
        .status(1)
        .says("error: --style access-analyzer has no conditions");
}

#[test]
fn conditions_of_the_mapping_are_told_when_asked_for_and_left_out_when_not_wanted() {
    let key = |id: u32, by: Option<&str>, key: &str| {
        let more = by.map_or(json!({}), |by| json!({"invokedBy": by}));
        let arn = format!("arn:aws:kms:eu-west-1:111122223333:key/{key}");
        from(id, by.unwrap_or("203.0.113.7"))
            .calls("kms.amazonaws.com", "Decrypt")
            .with("userIdentity", identity(more))
            .with("requestParameters", Value::Null)
            .with(
                "resources",
                json!([{"ARN": arn, "type": "AWS::KMS::Key", "accountId": "111122223333"}]),
            )
    };
    let (a, b) = (
        "1234abcd-12ab-34cd-56ef-123456789000",
        "1234abcd-12ab-34cd-56ef-123456789001",
    );
    let lab = lab_of(
        "logs/a.json",
        &[
            key(1, Some("s3.amazonaws.com"), a),
            key(2, Some("dynamodb.amazonaws.com"), a),
            key(3, None, b),
        ],
    );
    let done = policy(&lab, "kms-via-service");
    // Either service will do: one statement says both.
    let via = [
        "dynamodb.eu-west-1.amazonaws.com",
        "s3.eu-west-1.amazonaws.com",
    ];
    let expected = json!({"StringEquals": {"kms:ViaService": via}});
    assert_eq!(conditions(&done), [Value::Null, expected]);
    done.says("condition kms:ViaService = dynamodb.eu-west-1.amazonaws.com, s3.eu-west-1.amazonaws.com on 2 permissions")
        .says("kms-via-service: some calls were made directly, or by a service that IAM does not name\n      kms:Decrypt on arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-123456789001")
        .says("replayed: 3 of 3 distinct requests allowed");
    let args = ["policy", "lake", "--principal", ROLE, "--prove"];
    let without = ["--no-condition", "kms-via-service"];
    let done = lab.trailwright(args.iter().chain(&without)).status(0);
    assert_eq!(conditions(&done), [Value::Null]);
    let both = ["--condition", "kms-via-service"];
    lab.trailwright(args.iter().chain(&without).chain(&both))
        .status(1)
        .says("error: a condition is both asked for and left out");
}

#[test]
fn what_no_event_tells_is_not_narrowed() {
    let role = "arn:aws:iam::111122223333:role/f";
    let lab = lab_of(
        "logs/a.json",
        &[
            // Not through an endpoint that the event names, and no address that AWS sees.
            from(1, "10.1.2.3"),
            from(2, "203.0.113.7")
                .calls("lambda.amazonaws.com", "CreateFunction20150331")
                .with(
                    "requestParameters",
                    json!({"functionName": "f", "role": role}),
                ),
        ],
    );
    let done = policy(&lab, "source-ip");
    let passed = json!({"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}});
    let from = json!({"IpAddress": {"aws:SourceIp": "203.0.113.7"}});
    assert_eq!(conditions(&done), [passed, from, Value::Null]);
    done.says("source-ip: passing a role is never logged\n      iam:PassRole on arn:aws:iam::111122223333:role/f\n")
        .says("source-ip: some events do not tell where the call came from\n      s3:GetObject on arn:aws:s3:::logs/a.txt\n");
}

#[test]
fn sql_shows_the_context_of_a_call() {
    let lab = lab_of("logs/a.json", &[from(1, "203.0.113.7")]);
    let context = lab.value("SELECT context FROM permissions");
    let expected = r#"{"aws:RequestedRegion":"eu-west-1","aws:SourceIp":"203.0.113.7","aws:ViaAWSService":"false"}"#;
    assert_eq!(context, expected);
}
