//! Laws that hold for any document and any request.
#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::tests::{ALICE, by_identity, policy};
use super::*;

fn any_actions() -> impl Strategy<Value = String> {
    prop_oneof![
        "(s3|ec2):(Get|Put|\\*){1,2}[?*]?",
        Just("*".to_owned()),
        "[s3:*?]{0,6}",
    ]
}

fn any_resource() -> impl Strategy<Value = String> {
    prop_oneof![
        "arn:aws:s3:::[ab*]{1,3}(/[ab*?]{0,3})?",
        "arn:aws:(s3|\\*):[*]?:[*]?:[ab/*]{0,4}",
        Just("*".to_owned()),
        "arn:aws:s3:::\\$\\{[a-z:*']{0,9}\\}?[ab]",
        ".{0,12}",
    ]
}

fn any_condition() -> impl Strategy<Value = Value> {
    let operator = prop_oneof![
        "(ForAnyValue:|ForAllValues:)?(String(Not)?(Equals|Like)|Numeric(Not)?Equals|DateLessThan|Bool|(Not)?IpAddress|Arn(Not)?Like|Null)(IfExists)?",
        ".{0,8}",
    ];
    let value = prop_oneof![
        "[ab*1.]{0,4}",
        "\\$\\{aws:username\\}",
        "10.0.0.0/[0-9]{1,2}",
        ".{0,6}"
    ];
    let values = prop::collection::vec(value, 0..3);
    let key = prop_oneof![
        Just("aws:username".to_owned()),
        Just("k".to_owned()),
        ".{0,4}"
    ];
    prop::option::of((operator, key, values)).prop_map(|it| match it {
        Some((operator, key, values)) => json!({operator: {key: values}}),
        None => json!({}),
    })
}

fn any_statement(effect: &'static str) -> impl Strategy<Value = Value> {
    let lists = (
        prop::collection::vec(any_actions(), 0..3),
        prop::collection::vec(any_resource(), 0..3),
    );
    (lists, any::<(bool, bool)>(), any_condition()).prop_map(
        move |((actions, resources), (not_action, not_resource), condition)| {
            json!({
                "Effect": effect,
                (if not_action { "NotAction" } else { "Action" }): actions,
                (if not_resource { "NotResource" } else { "Resource" }): resources,
                "Condition": condition,
            })
        },
    )
}

fn any_document() -> impl Strategy<Value = Vec<Value>> {
    let statement = prop_oneof![3 => any_statement("Allow"), 1 => any_statement("Deny")];
    prop::collection::vec(statement, 0..5)
}

fn any_request() -> impl Strategy<Value = Request> {
    let action = "(s3|ec2):(Get|Put){1,2}";
    let resource = prop_oneof![
        "arn:aws:s3:::[ab]{1,3}/[ab]{0,2}",
        Just("*".to_owned()),
        ".{0,8}"
    ];
    (action, resource, prop::option::of("[ab1*.]{0,3}")).prop_map(|(action, resource, value)| {
        let request = Request::new(ALICE, action, resource);
        match value {
            Some(value) => request.with("k", value),
            None => request,
        }
    })
}

proptest! {
    #[test]
    fn a_deny_that_applies_wins(document in any_document(), request in any_request(), at in 0usize..6) {
        let mut statements = document;
        let deny = json!({"Effect": "Deny", "Action": request.action, "Resource": "*"});
        statements.insert(at.min(statements.len()), deny);
        let decision = by_identity(&request, policy(json!(statements)));
        prop_assert!(matches!(decision, Decision::ExplicitDeny(_)));
    }

    #[test]
    fn one_more_allow_takes_nothing_away(
        document in any_document(), more in any_statement("Allow"), request in any_request(), at in 0usize..6,
    ) {
        let before = by_identity(&request, policy(json!(document))).is_allowed();
        let mut statements = document;
        statements.insert(at.min(statements.len()), more);
        let after = by_identity(&request, policy(json!(statements))).is_allowed();
        prop_assert!(!before || after);
    }

    #[test]
    fn one_more_deny_gives_nothing(
        document in any_document(), more in any_statement("Deny"), request in any_request(),
    ) {
        let before = by_identity(&request, policy(json!(document))).is_allowed();
        let mut statements = document;
        statements.push(more);
        let after = by_identity(&request, policy(json!(statements))).is_allowed();
        prop_assert!(before || !after);
    }

    #[test]
    fn what_is_listed_is_allowed_and_nothing_else(listed in any_request(), other in any_request()) {
        // In a policy these signs have a meaning of their own.
        prop_assume!(!listed.resource.contains(['*', '?', '$']));
        let document = policy(json!([
            {"Effect": "Allow", "Action": listed.action, "Resource": listed.resource}
        ]));
        prop_assert!(by_identity(&listed, document.clone()).is_allowed());
        let same = other.action == listed.action && other.resource == listed.resource;
        prop_assert_eq!(by_identity(&other, document).is_allowed(), same);
    }

    #[test]
    fn a_damaged_document_is_judged_or_refused(
        document in any_document(), at in any::<prop::sample::Index>(), sign in any::<char>(), request in any_request(),
    ) {
        let whole = json!({"Version": "2012-10-17", "Statement": document}).to_string();
        let mut signs: Vec<char> = whole.chars().collect();
        *at.get_mut(&mut signs) = sign;
        match signs.into_iter().collect::<String>().parse::<PolicyDocument>() {
            Ok(document) => {
                let again: PolicyDocument = document.to_json().parse().unwrap();
                prop_assert_eq!(by_identity(&request, document), by_identity(&request, again));
            }
            Err(error) => prop_assert!(error.line <= 2 && error.column <= whole.chars().count() + 1),
        }
    }
}
