//! Claims about what policies grant and what was used.
#![expect(clippy::unwrap_used, reason = "tests")]

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::*;
use crate::activity::Outcome;
use crate::contain::{CheckResult, check_no_new_access};
use crate::permission::Origin;

fn used(action: &str, resource: &str) -> Activity {
    Activity {
        principal: "arn:aws:iam::1:user/alice".to_owned(),
        event_source: "x.amazonaws.com".to_owned(),
        event_name: "X".to_owned(),
        need: Need::Permission {
            action: action.to_owned(),
            resource: resource.to_owned(),
            origin: Origin::Event,
            conditions: Vec::new(),
        },
        outcome: Outcome::Allowed,
        count: 1,
        events: 1,
        first_seen: None,
        last_seen: None,
        sample_event_id: None,
    }
}

fn document(statements: &Value) -> PolicyDocument {
    let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    text.parse().unwrap()
}

#[track_caller]
fn check(statements: Value, activity: &[Activity], data: &[&str], expected: Expect) {
    let existing = document(&statements);
    let attached = Attached {
        policies: vec![NamedPolicy {
            name: "p".to_owned(),
            document: existing.clone(),
        }],
        boundary: None,
    };
    let data = data.iter().map(|it| (*it).to_owned()).collect();
    let diff = diff(activity, &attached, &data, Reference::bundled());
    let unused = diff.of_state(State::Unused).count();
    let told = diff.actions.iter();
    let mut lines: Vec<String> = told
        .filter(|it| it.state != State::Unused || unused < 5)
        .map(|it| {
            let on = it.not_granted_on.join(",");
            format!("{:?} {} {on}", it.state, it.action)
                .trim_end()
                .to_owned()
        })
        .collect();
    if unused >= 5 {
        lines.push("Unused, many".to_owned());
    }
    for statement in &diff.tightened.statement {
        let resources = statement
            .resources
            .as_ref()
            .map(|it| it.patterns().0.join(","));
        lines.push(format!(
            "{:?} {} on {} under {}",
            statement.effect,
            statement.actions.patterns().0.join(","),
            resources.unwrap_or_default(),
            statement.condition.len(),
        ));
    }
    expected.assert_eq(&lines.join("\n"));
    let check = check_no_new_access(&existing, &diff.tightened);
    assert_eq!(check.result, CheckResult::Pass, "{:?}", check.reasons);
}

#[test]
fn an_action_is_in_one_of_four_states() {
    check(
        json!([
            {"Effect": "Allow", "Action": ["sqs:ListQueues", "sqs:Send*", "sqs:GetQueue*"], "Resource": "*"},
        ]),
        &[
            used("sqs:ListQueues", "*"),
            used("sqs:GetQueueUrl", "arn:aws:sqs:r:1:a"),
            used("sqs:DeleteQueue", "arn:aws:sqs:r:1:a"),
        ],
        &[],
        expect![[r#"
            Used sqs:GetQueueUrl
            Used sqs:ListQueues
            NotGranted sqs:DeleteQueue arn:aws:sqs:r:1:a
            Unused sqs:GetQueueAttributes
            Invisible sqs:SendMessage
            Allow sqs:ListQueues on * under 0
            Allow sqs:GetQueueUrl on arn:aws:sqs:r:1:a under 0
            Allow sqs:SendMessage on * under 0"#]],
    );
}

#[test]
fn data_events_are_visible_where_the_lake_has_some() {
    let grant = json!([{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]);
    let seen = [used("sqs:ListQueues", "*")];
    check(
        grant.clone(),
        &seen,
        &[],
        expect![[r#"
        NotGranted sqs:ListQueues *
        Invisible sqs:SendMessage
        Allow sqs:SendMessage on * under 0"#]],
    );
    check(
        grant,
        &seen,
        &["sqs.amazonaws.com"],
        expect![[r#"
        NotGranted sqs:ListQueues *
        Unused sqs:SendMessage"#]],
    );
}

#[test]
fn conditions_and_denies_stay() {
    check(
        json!([
            {"Sid": "A", "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b*",
             "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
            {"Sid": "D", "Effect": "Deny", "Action": "s3:Put*", "Resource": "*"},
        ]),
        &[
            used("s3:GetObject", "arn:aws:s3:::b/1"),
            used("s3:GetBucketAcl", "arn:aws:s3:::b"),
            used("s3:GetBucketTagging", "arn:aws:s3:::b"),
            used("s3:PutObject", "arn:aws:s3:::b/1"),
        ],
        &["s3.amazonaws.com"],
        expect![[r#"
            Used s3:GetBucketAcl
            Used s3:GetBucketTagging
            Used s3:GetObject
            NotGranted s3:PutObject arn:aws:s3:::b/1
            Invisible s3:BypassGovernanceRetention
            Invisible s3:ListBucketMultipartUploads
            Unused, many
            Allow s3:GetBucketAcl,s3:GetBucketTagging on arn:aws:s3:::b under 1
            Allow s3:GetObject on arn:aws:s3:::b/1 under 1
            Allow s3:BypassGovernanceRetention,s3:ListBucketMultipartUploads on arn:aws:s3:::b* under 1
            Deny s3:Put* on * under 0"#]],
    );
}

#[test]
fn what_the_event_does_not_tell_is_as_narrow_as_the_policy() {
    check(
        json!([
            {"Effect": "Allow", "Action": "ec2:TerminateInstances",
             "Resource": ["arn:aws:ec2:r:1:instance/i-1", "arn:aws:ec2:r:2:instance/*"]},
            {"Effect": "Allow", "Action": "iam:GetUser",
             "Resource": "arn:aws:iam::1:user/${aws:username}"},
        ]),
        &[
            used("ec2:TerminateInstances", "arn:aws:ec2:r:1:instance/*"),
            used("iam:GetUser", "arn:aws:iam::1:user/alice"),
            used("iam:GetUser", "arn:aws:iam::1:user/bob"),
        ],
        &[],
        expect![[r#"
            Used ec2:TerminateInstances
            NotGranted iam:GetUser arn:aws:iam::1:user/bob
            Allow ec2:TerminateInstances on arn:aws:ec2:r:1:instance/i-1 under 0
            Allow iam:GetUser on arn:aws:iam::1:user/${aws:username} under 0"#]],
    );
}

#[test]
fn a_boundary_takes_away() {
    let policies = vec![NamedPolicy {
        name: "admin".to_owned(),
        document: document(&json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}])),
    }];
    let boundary = json!([{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]);
    let attached = Attached {
        policies,
        boundary: Some(document(&boundary)),
    };
    let activity = [
        used("sqs:ListQueues", "*"),
        used("s3:ListAllMyBuckets", "*"),
    ];
    let diff = diff(&activity, &attached, &BTreeSet::new(), Reference::bundled());
    let of = |state| {
        diff.of_state(state)
            .map(|it| &*it.action)
            .collect::<Vec<_>>()
    };
    assert_eq!(of(State::Used), ["sqs:ListQueues"]);
    assert_eq!(of(State::NotGranted), ["s3:ListAllMyBuckets"]);
    assert!(of(State::Unused).iter().all(|it| it.starts_with("sqs:")));
    assert!(of(State::Invisible).contains(&"sqs:SendMessage"));
}
