//! Claims about IAM's rules. Agreement with another implementation over thousands of
//! requests is tested in the `tests` crate.
#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};

use super::*;

pub(super) const ALICE: &str = "arn:aws:iam::111122223333:user/alice";

pub(super) fn policy(statements: Value) -> PolicyDocument {
    json!({"Version": "2012-10-17", "Statement": statements})
        .to_string()
        .parse()
        .unwrap()
}

fn get_object() -> Request {
    Request::new(ALICE, "s3:GetObject", "arn:aws:s3:::b/k")
}

pub(super) fn by_identity(request: &Request, document: PolicyDocument) -> Decision {
    let layers = Layers {
        identity: &[document],
        ..Layers::default()
    };
    evaluate(request, &layers)
}

/// Whether an Allow of everything under this condition allows a request with these values.
fn holds(operator: &str, wanted: Value, key: &str, found: &[&str]) -> bool {
    let document = policy(json!([{
        "Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {operator: {key: wanted}}
    }]));
    let mut request = get_object();
    let found = found.iter().map(|it| (*it).to_owned()).collect();
    request.context.set(&key.to_uppercase(), found);
    by_identity(&request, document).is_allowed()
}

#[test]
fn the_deciding_statement_is_named() {
    let document = policy(json!([
        {"Sid": "Lists", "Effect": "Allow", "Action": "s3:List*", "Resource": "*"},
        {"Sid": "Reads", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"},
        {"Sid": "No", "Effect": "Deny", "Action": "*", "Resource": "arn:aws:s3:::secret/*"},
    ]));
    let decider = |statement, sid: &str| Decider {
        layer: Layer::Identity,
        document: 0,
        statement,
        sid: Some(sid.to_owned()),
    };
    let decision = by_identity(&get_object(), document.clone());
    assert_eq!(decision, Decision::Allowed(decider(1, "Reads")));
    let secret = Request::new(ALICE, "s3:GetObject", "arn:aws:s3:::secret/k");
    let decision = by_identity(&secret, document.clone());
    assert_eq!(decision, Decision::ExplicitDeny(decider(2, "No")));
    let put = Request::new(ALICE, "s3:PutObject", "arn:aws:s3:::b/k");
    let decision = by_identity(&put, document);
    assert_eq!(decision, Decision::ImplicitDeny(Layer::Identity));
}

#[test]
fn every_layer_must_grant() {
    let all = policy(json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}]));
    let nothing = policy(json!([]));
    let denies = policy(json!([{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]));
    let levels = |last: &PolicyDocument| [vec![all.clone()], vec![nothing.clone(), last.clone()]];
    let decide = |identity: &PolicyDocument, boundary, levels: &[Vec<PolicyDocument>]| {
        let layers = Layers {
            identity: std::slice::from_ref(identity),
            boundary,
            service_control: levels,
        };
        evaluate(&get_object(), &layers)
    };
    assert!(decide(&all, Some(&all), &levels(&all)).is_allowed());
    assert_eq!(
        decide(&all, Some(&nothing), &levels(&all)),
        Decision::ImplicitDeny(Layer::Boundary)
    );
    assert_eq!(
        decide(&all, None, &levels(&nothing)),
        Decision::ImplicitDeny(Layer::ServiceControl { level: 1 })
    );
    assert!(matches!(
        decide(&nothing, Some(&denies), &levels(&all)),
        Decision::ExplicitDeny(Decider {
            layer: Layer::Boundary,
            ..
        })
    ));
}

#[test]
fn all_but_these_leaves_these_out() {
    let document = policy(json!([
        {"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::secret/*"}
    ]));
    let decide = |action, resource| {
        by_identity(&Request::new(ALICE, action, resource), document.clone()).is_allowed()
    };
    assert!(decide("s3:GetObject", "arn:aws:s3:::b/k"));
    assert!(decide("s3:ListAllMyBuckets", "*"));
    assert!(!decide("IAM:GetUser", ALICE));
    assert!(!decide("s3:GetObject", "arn:aws:s3:::secret/k"));
}

#[test]
fn an_action_without_a_resource_needs_all_of_them() {
    for (resource, allowed) in [("*", true), ("arn:aws:s3:::*", false), ("?", false)] {
        let document = policy(json!([{"Effect": "Allow", "Action": "*", "Resource": resource}]));
        let request = Request::new(ALICE, "s3:ListAllMyBuckets", "*");
        assert_eq!(
            by_identity(&request, document).is_allowed(),
            allowed,
            "{resource}"
        );
    }
}

#[test]
fn a_variable_without_a_value_covers_nothing_and_equals_nothing() {
    let team = "${aws:PrincipalTag/team}";
    let resource = format!("arn:aws:s3:::b/{team}*");
    let request = get_object();
    let decide = |statement: Value| by_identity(&request, policy(json!([statement]))).is_allowed();
    assert!(!decide(
        json!({"Effect": "Allow", "Action": "*", "Resource": &resource})
    ));
    assert!(decide(
        json!({"Effect": "Allow", "Action": "*", "NotResource": &resource})
    ));
    assert!(!holds("StringEquals", json!(team), "aws:UserAgent", &["x"]));
    assert!(holds(
        "StringNotEquals",
        json!(team),
        "aws:UserAgent",
        &["x"]
    ));
}

#[test]
fn the_old_grammar_has_no_variables() {
    let text =
        r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::${*}/k"}}"#;
    let decide = |resource| {
        let request = Request::new(ALICE, "s3:GetObject", resource);
        by_identity(&request, text.parse().unwrap()).is_allowed()
    };
    assert!(decide("arn:aws:s3:::${b}/k"));
    assert!(!decide("arn:aws:s3:::*/k"));
}

#[test]
fn an_absent_key_passes_where_aws_says_so() {
    for (operator, passes) in [
        ("StringEquals", false),
        ("StringNotEquals", true),
        ("StringEqualsIfExists", true),
        ("ForAllValues:StringEquals", true),
        ("ForAnyValue:StringEquals", false),
        ("ForAnyValue:StringNotEquals", false),
        ("ForAnyValue:StringEqualsIfExists", true),
        ("NumericNotEquals", true),
        ("NotIpAddress", true),
        ("ArnNotLike", true),
        ("Bool", false),
        ("DateLessThan", false),
    ] {
        assert_eq!(
            holds(operator, json!("1"), "aws:TagKeys", &[]),
            passes,
            "{operator}"
        );
    }
    assert!(holds("Null", json!(true), "aws:TagKeys", &[]));
    assert!(!holds("Null", json!("false"), "aws:TagKeys", &[]));
    assert!(holds("Null", json!("false"), "aws:TagKeys", &[""]));
    assert!(holds(
        "ForAllValues:Null",
        json!("true"),
        "aws:TagKeys",
        &["a"]
    ));
    assert!(!holds(
        "ForAnyValue:Null",
        json!("true"),
        "aws:TagKeys",
        &[]
    ));
}

#[test]
fn several_values_need_a_quantifier() {
    let tags =
        |operator: &str, found: &[&str]| holds(operator, json!(["a", "b"]), "aws:TagKeys", found);
    for (operator, one, both, none) in [
        ("ForAllValues:StringEquals", false, true, false),
        ("ForAnyValue:StringEquals", true, true, false),
        ("ForAllValues:StringNotEquals", false, false, true),
        ("ForAnyValue:StringNotEquals", true, false, true),
        ("StringEquals", false, false, false),
    ] {
        assert_eq!(tags(operator, &["a", "x"]), one, "{operator}");
        assert_eq!(tags(operator, &["a", "b"]), both, "{operator}");
        assert_eq!(tags(operator, &["x", "y"]), none, "{operator}");
    }
}

#[test]
fn values_compare_by_their_type() {
    for (operator, wanted, found, expected) in [
        ("StringEquals", json!("a*"), "ab", false),
        ("StringLike", json!("a*"), "ab", true),
        ("StringLike", json!("A*"), "ab", false),
        ("StringEqualsIgnoreCase", json!("AB"), "ab", true),
        ("StringNotLike", json!(["x*", "a*"]), "ab", false),
        ("NumericEquals", json!(10), "10.0", true),
        ("NumericLessThan", json!("10"), "9.5", true),
        ("NumericGreaterThanEquals", json!("10"), "10", true),
        ("NumericNotEquals", json!("ten"), "10", false),
        ("NumericEquals", json!("inf"), "inf", false),
        (
            "DateEquals",
            json!("2020-01-01"),
            "2020-01-01T01:00:00+01:00",
            true,
        ),
        (
            "DateEquals",
            json!("1577836800"),
            "2020-01-01T00:00:00Z",
            true,
        ),
        ("DateLessThan", json!("2020"), "2019-12-31T23:59:59Z", true),
        ("DateNotEquals", json!("today"), "2020-01-01", false),
        ("Bool", json!(true), "True", true),
        ("Bool", json!("false"), "no", false),
        ("BinaryEquals", json!("QQ=="), "QQ==", true),
        ("IpAddress", json!("10.0.0.5/8"), "10.1.2.3", true),
        ("IpAddress", json!("0.0.0.0/0"), "1.2.3.4", true),
        ("IpAddress", json!("2001:db8::/32"), "2001:DB8::1", true),
        ("IpAddress", json!("2001:db8::1"), "2001:db8:0:0::1", true),
        (
            "NotIpAddress",
            json!(["10.0.0.0/8", "11.0.0.0/8"]),
            "11.1.1.1",
            false,
        ),
        ("NotIpAddress", json!("2001:db8::/32"), "10.0.0.1", true),
        ("NotIpAddress", json!("ten"), "10.0.0.1", false),
        (
            "ArnEquals",
            json!("arn:aws:sns:*:1:*"),
            "arn:aws:sns:us-east-1:1:t:s",
            true,
        ),
        (
            "ArnLike",
            json!("arn:aws:sns:*"),
            "arn:aws:sns:us-east-1:1:t",
            false,
        ),
        (
            "ArnLike",
            json!("arn:aws:*:1:t"),
            "arn:aws:sns:us-east-1:1:t",
            false,
        ),
        ("ArnNotEquals", json!("arn:aws:sns:*:1:t"), "no ARN", false),
    ] {
        assert_eq!(
            holds(operator, wanted.clone(), "aws:x", &[found]),
            expected,
            "{operator} {wanted} {found}"
        );
    }
}

#[test]
fn an_unknown_operator_never_grants_and_always_denies() {
    assert!(!holds("StringSame", json!("a"), "aws:x", &["a"]));
    let document = policy(json!([
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringSame": {"a": "b"}}},
    ]));
    assert!(matches!(
        by_identity(&get_object(), document),
        Decision::ExplicitDeny(_)
    ));
}
