//! Do the functions that SQL has here say what they should?

use serde_json::json;
use trailwright_tests::trail::{delivery, record};

use crate::{lab, lab_with};

#[test]
fn functions_answer_as_documented() {
    let lab = lab_with("umccr-cloudtrail-parquet");
    for (call, expected) in [
        (
            "iam_actions('s3.amazonaws.com', 'GetObject')",
            json!(["s3:GetObject"]),
        ),
        (
            "iam_actions('sts.amazonaws.com', 'GetCallerIdentity')",
            json!([]),
        ),
        (
            "iam_actions('nobody.amazonaws.com', 'Nothing')",
            json!(null),
        ),
        ("iam_actions(NULL, 'GetObject')", json!(null)),
        ("outcome('AccessDenied', NULL)", json!("denied")),
        ("outcome('NoSuchKey', NULL)", json!("failed")),
        ("outcome(NULL, NULL)", json!("allowed")),
        ("arn_partition('arn:aws-cn:s3:::b/k')", json!("aws-cn")),
        ("arn_service('arn:aws:s3:::b/k')", json!("s3")),
        ("arn_region('arn:aws:s3:::b/k')", json!(null)),
        (
            "arn_region('arn:aws:sqs:eu-west-1:1:q')",
            json!("eu-west-1"),
        ),
        (
            "arn_account('arn:aws:iam::111122223333:role/ci/deploy')",
            json!("111122223333"),
        ),
        (
            "arn_resource('arn:aws:iam::1:role/ci/deploy')",
            json!("role/ci/deploy"),
        ),
        (
            "arn_resource_type('arn:aws:iam::1:role/ci/deploy')",
            json!("role"),
        ),
        (
            "arn_resource_type('arn:aws:sqs:eu-west-1:1:q')",
            json!(null),
        ),
        (
            "arn_resource_id('arn:aws:lambda:eu-west-1:1:function:f:prod')",
            json!("f:prod"),
        ),
        ("arn_service('not an arn')", json!(null)),
        ("arn_service('arn:aws')", json!(null)),
        ("arn_service(NULL)", json!(null)),
        (
            "principal_name('arn:aws:iam::1:role/ci/deploy')",
            json!("deploy"),
        ),
        (
            "principal_name('ec2.amazonaws.com')",
            json!("ec2.amazonaws.com"),
        ),
        ("takes_policy('arn:aws:iam::1:role/deploy')", json!(true)),
        ("takes_policy('arn:aws:iam::1:root')", json!(false)),
        ("takes_policy(NULL)", json!(null)),
        ("ip_in_range('10.1.2.3', '10.0.0.0/8')", json!(true)),
        ("ip_in_range('11.1.2.3', '10.0.0.0/8')", json!(false)),
        ("ip_in_range('::ffff:10.1.2.3', '10.0.0.0/8')", json!(true)),
        ("ip_in_range('2001:db8::1', '2001:db8::/32')", json!(true)),
        ("ip_in_range('2001:db8::1', '10.0.0.0/8')", json!(false)),
        ("ip_in_range('10.1.2.3', '10.1.2.3')", json!(true)),
        (
            "ip_in_range('cloudformation.amazonaws.com', '10.0.0.0/8')",
            json!(null),
        ),
        ("ip_in_range('10.1.2.3', NULL)", json!(null)),
        ("ip_is_private('192.168.1.1')", json!(true)),
        ("ip_is_private('8.8.8.8')", json!(false)),
        ("ip_is_private('AWS Internal')", json!(null)),
        ("ip_network('203.0.113.77')", json!("203.0.113.0/24")),
        ("ip_network('2001:db8:1:2::3')", json!("2001:db8:1::/48")),
        ("json_get('{\"a\":[1,2.50]}', 'a', 1)", json!("2.50")),
        ("'{\"a\":[1,2.50]}' -> 'a' -> 1", json!("2.50")),
        ("'{\"a\":{\"b\":\"x\"}}' -> 'a' ->> 'b'", json!("x")),
        ("'{\"a\":{\"b\":\"x\"}}' -> 'a' -> 'b'", json!("\"x\"")),
        ("'{\"a\":null}' ->> 'a'", json!(null)),
        ("'{\"a\":null}' -> 'a'", json!("null")),
        (
            "'{\"a\":1}' ->> 'a' = '1' AND '{\"a\":1}' ->> 'b' IS NULL",
            json!(true),
        ),
        ("json_get_int('{\"a\":7}', 'a') + 1", json!(8)),
        ("json_get_float('{\"a\":7.5}', 'a')", json!(7.5)),
        ("json_get_int('{\"a\":\"7\"}', 'a')", json!(null)),
        ("json_get_bool('{\"a\":true}', 'a')", json!(true)),
        ("json_get_str('nonsense', 'a')", json!(null)),
        ("json_length('[1,2,3]')", json!(3)),
        ("json_object_keys('{\"b\":1,\"a\":2}')", json!(["b", "a"])),
        ("json_contains('{\"a\":null}', 'a')", json!(true)),
        ("'{\"a\":1}' ? 'b'", json!(false)),
    ] {
        let query = format!("SELECT {call} AS v");
        assert_eq!(lab.value(&query), expected, "{call}");
    }
}

#[test]
fn json_columns_answer_to_arrows() {
    let lab = lab();
    let records = [
        record(1),
        record(2).with(
            "requestParameters",
            json!({"bucketName": "other", "key": "b.txt", "n": 12345678901234567890_u64}),
        ),
        record(3).with("requestParameters", json!(null)),
    ];
    lab.write("logs/a.json", delivery(&records));
    lab.ingest("logs");
    let rows = lab.sql(
        "SELECT request_parameters ->> 'bucketName' AS bucket, request_parameters ->> 'n' AS n \
         FROM events ORDER BY event_id",
    );
    assert_eq!(
        rows,
        [
            json!({"bucket": "logs", "n": null}),
            json!({"bucket": "other", "n": "12345678901234567890"}),
            json!({"bucket": null, "n": null}),
        ]
    );
    let others = "SELECT count(*) FROM events WHERE request_parameters ->> 'bucketName' <> 'logs'";
    assert_eq!(lab.value(others), 1);
}
