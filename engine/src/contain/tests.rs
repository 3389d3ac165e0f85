//! Claims about what policies grant, and the law that a decision must keep.
#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::evaluate::{Layers, Request, evaluate};

const NONE: [usize; 0] = [];

fn policy(statements: &Value) -> PolicyDocument {
    json!({"Version": "2012-10-17", "Statement": statements})
        .to_string()
        .parse()
        .unwrap()
}

fn allow(actions: impl Into<Value>, resources: impl Into<Value>) -> Value {
    json!({"Effect": "Allow", "Action": actions.into(), "Resource": resources.into()})
}

fn deny(actions: impl Into<Value>, resources: impl Into<Value>) -> Value {
    json!({"Effect": "Deny", "Action": actions.into(), "Resource": resources.into()})
}

fn only_if(mut statement: Value, operator: &str, key: &str, value: impl Into<Value>) -> Value {
    let condition = json!({operator: {key: value.into()}});
    statement
        .as_object_mut()
        .unwrap()
        .insert("Condition".to_owned(), condition);
    statement
}

fn adds(existing: &Value, new: &Value) -> Vec<usize> {
    let check = check_no_new_access(&policy(existing), &policy(new));
    check.reasons.iter().map(|it| it.statement_index).collect()
}

#[test]
fn the_same_and_less_is_no_new_access() {
    let old = json!([
        allow(json!(["s3:Get*", "s3:List*"]), "arn:aws:s3:::b/*"),
        allow("sqs:*", "arn:aws:sqs:*:1:q"),
        deny("s3:GetObjectAcl", "*"),
        only_if(
            deny("*", "arn:aws:s3:::b/${aws:username}"),
            "Bool",
            "aws:SecureTransport",
            false
        ),
    ]);
    assert_eq!(adds(&old, &old), NONE);
    let less = json!([
        allow(
            "s3:GetObject",
            json!(["arn:aws:s3:::b/x", "arn:aws:s3:::b/y*"])
        ),
        old.get(2).unwrap(),
        old.get(3).unwrap(),
    ]);
    assert_eq!(adds(&old, &less), NONE);
    assert_eq!(adds(&less, &old), [0, 1]);
}

fn to(mut statement: Value, element: &str, principal: impl Into<Value>) -> Value {
    let object = statement.as_object_mut().unwrap();
    object.insert(element.to_owned(), principal.into());
    statement
}

#[test]
fn a_principal_more_is_new_access() {
    let read = || allow("s3:GetObject", "arn:aws:s3:::b/*");
    let aws = |name: &str| to(read(), "Principal", json!({"AWS": name}));
    let (one, other) = ("111122223333", "444455556666");
    let role = "arn:aws:iam::111122223333:role/r";
    let root = "arn:aws:iam::111122223333:root";
    let sns = to(read(), "Principal", json!({"Service": "sns.amazonaws.com"}));
    let all = to(read(), "Principal", "*");
    let all_but_role = to(read(), "NotPrincipal", json!({"AWS": role}));
    for (old, new, expected) in [
        (json!([aws(one)]), json!([aws(one)]), &[][..]),
        (json!([aws(one)]), json!([aws(root)]), &[]),
        (json!([aws(one)]), json!([aws(other)]), &[0]),
        (
            json!([aws(one), aws(other)]),
            json!([to(read(), "Principal", json!({"AWS": [other, one]}))]),
            &[],
        ),
        // A role of the account would have needed a policy of its own.
        (json!([aws(one)]), json!([aws(role)]), &[0]),
        (json!([aws(role)]), json!([aws(one)]), &[0]),
        (json!([all]), json!([aws(role), sns]), &[]),
        (
            json!([to(read(), "Principal", json!({"AWS": "*"}))]),
            json!([all]),
            &[],
        ),
        (json!([aws(one), sns]), json!([all]), &[0]),
        (json!([all_but_role]), json!([aws(other)]), &[]),
        (json!([all_but_role]), json!([aws(role)]), &[0]),
        (json!([aws(other)]), json!([all_but_role]), &[0]),
        (json!([all]), json!([all_but_role]), &[]),
    ] {
        assert_eq!(adds(&old, &new), expected, "{old} {new}");
    }
}

#[test]
fn what_is_denied_to_somebody_is_denied_to_nobody_else() {
    let read = || allow("s3:GetObject", "*");
    let to_all = || to(read(), "Principal", "*");
    let deny_of = |element: &str, name: &str| to(deny("s3:*", "*"), element, json!({"AWS": name}));
    let role = "arn:aws:iam::111122223333:role/r";
    let to_role = to(read(), "Principal", json!({"AWS": role}));
    for (old, new, expected) in [
        (
            json!([to_all()]),
            json!([to_all(), deny_of("Principal", role)]),
            &[][..],
        ),
        (
            json!([to_all(), deny_of("Principal", role)]),
            json!([to_all()]),
            &[0],
        ),
        (
            json!([to_all(), deny_of("Principal", role)]),
            json!([to_role]),
            &[0],
        ),
        (json!([]), json!([to_role, deny_of("Principal", role)]), &[]),
        (
            json!([]),
            json!([to_role, deny_of("NotPrincipal", role)]),
            &[0],
        ),
        // Its account may be meant with it.
        (
            json!([to_all(), deny_of("Principal", "111122223333")]),
            json!([to_role]),
            &[0],
        ),
        (
            json!([to_all(), deny_of("Principal", "444455556666")]),
            json!([to_role]),
            &[],
        ),
        (
            json!([]),
            json!([to_role, deny_of("Principal", "111122223333")]),
            &[0],
        ),
    ] {
        assert_eq!(adds(&old, &new), expected, "{old} {new}");
    }
    let asked = [Access {
        actions: vec!["s3:GetObject".to_owned()],
        ..Access::default()
    }];
    let grants = |statements: Value| check_access_not_granted(&asked, &policy(&statements)).result;
    assert_eq!(
        grants(json!([to_role, deny_of("Principal", role)])),
        CheckResult::Pass
    );
    assert_eq!(
        grants(json!([to_all(), deny_of("Principal", role)])),
        CheckResult::Fail
    );
    assert_eq!(
        grants(json!([to_all(), deny_of("NotPrincipal", role)])),
        CheckResult::Fail
    );
}

#[test]
fn a_trust_policy_is_about_its_role() {
    let trust = |principal: Value, action: &str| json!([{"Effect": "Allow", "Principal": principal, "Action": action}]);
    let ec2 = json!({"Service": "ec2.amazonaws.com"});
    let both = json!({"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]});
    let assume = "sts:AssumeRole";
    assert_eq!(
        adds(&trust(both.clone(), assume), &trust(ec2.clone(), assume)),
        NONE
    );
    assert_eq!(adds(&trust(ec2.clone(), assume), &trust(both, assume)), [0]);
    assert_eq!(adds(&trust(ec2.clone(), assume), &trust(ec2, "sts:*")), [0]);
}

#[test]
fn several_statements_cover_together() {
    let old = json!([
        allow("s3:Get*", "arn:aws:s3:::a*"),
        allow("s3:Get*", "arn:aws:s3:::b*"),
        allow("s3:Put*", "arn:aws:s3:::a*"),
    ]);
    let both = json!(["arn:aws:s3:::a1", "arn:aws:s3:::b?"]);
    assert_eq!(
        adds(&old, &json!([allow("s3:GetObject", both.clone())])),
        NONE
    );
    // Actions and resources that never met are new.
    assert_eq!(
        adds(
            &old,
            &json!([allow(json!(["s3:GetObject", "s3:PutObject"]), both)])
        ),
        [0]
    );
}

#[test]
fn taking_a_deny_away_is_new_access() {
    let all = allow("s3:*", "*");
    let old = json!([all, deny("s3:Delete*", "arn:aws:s3:::logs/*")]);
    assert_eq!(adds(&old, &json!([all])), [0]);
    assert_eq!(
        adds(&old, &json!([all, deny("s3:D*", "arn:aws:s3:::l*")])),
        NONE
    );
    assert_eq!(adds(&old, &json!([allow("s3:Get*", "*")])), NONE);
}

#[test]
fn all_but_these_is_compared_as_that() {
    let old = json!([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]);
    assert_eq!(adds(&old, &json!([allow("s3:*", "*")])), NONE);
    assert_eq!(adds(&old, &json!([allow("iam:GetUser", "*")])), [0]);
    assert_eq!(adds(&old, &json!([allow("*", "*")])), [0]);
    let but_two = json!([{"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"}]);
    assert_eq!(adds(&old, &but_two), NONE);
    assert_eq!(adds(&but_two, &old), [0]);
}

#[test]
fn conditions_count_only_where_they_must_hold() {
    let plain = allow("s3:GetObject", "*");
    let from = |ips: Value| only_if(plain.clone(), "IpAddress", "aws:SourceIp", ips);
    let one = from(json!(["10.0.0.0/8"]));
    let two = from(json!(["10.0.0.0/8", "11.0.0.0/8"]));
    assert_eq!(adds(&json!([plain]), &json!([one])), NONE);
    assert_eq!(adds(&json!([one]), &json!([plain])), [0]);
    assert_eq!(adds(&json!([two]), &json!([one])), NONE);
    assert_eq!(adds(&json!([one]), &json!([two])), [0]);
    let not = |ips: Value| only_if(plain.clone(), "NotIpAddress", "AWS:sourceip", ips);
    let both = json!(["10.0.0.0/8", "11.0.0.0/8"]);
    assert_eq!(
        adds(
            &json!([not(json!("10.0.0.0/8"))]),
            &json!([not(both.clone())])
        ),
        NONE
    );
    assert_eq!(
        adds(&json!([not(both)]), &json!([not(json!("10.0.0.0/8"))])),
        [0]
    );
}

#[test]
fn a_variable_may_be_anything() {
    let own = allow("s3:GetObject", "arn:aws:s3:::home/${aws:username}/*");
    assert_eq!(adds(&json!([own]), &json!([own])), NONE);
    assert_eq!(
        adds(
            &json!([allow("s3:*", "arn:aws:s3:::home/*")]),
            &json!([own])
        ),
        NONE
    );
    assert_eq!(
        adds(
            &json!([allow("s3:*", "arn:aws:s3:::home/a/*")]),
            &json!([own])
        ),
        [0]
    );
    // Somebody may be called as the Deny names them.
    let old = json!([own, deny("s3:*", "arn:aws:s3:::home/a/*")]);
    assert_eq!(adds(&old, &json!([own])), [0]);
}

#[test]
fn what_must_not_be_granted_is_found() {
    let document = policy(&json!([
        allow("s3:Get*", "arn:aws:s3:::b/*"),
        {"Sid": "Keys", "Effect": "Allow", "NotAction": "s3:*", "Resource": "*"},
        deny("kms:*", "*"),
    ]));
    let granted = |actions: &[&str], resources: &[&str]| {
        let owned = |texts: &[&str]| texts.iter().map(|it| (*it).to_owned()).collect();
        let access = Access {
            actions: owned(actions),
            resources: owned(resources),
        };
        check_access_not_granted(&[access], &document)
    };
    assert_eq!(
        granted(&["s3:PutObject", "kms:Decrypt"], &[]).result,
        CheckResult::Pass
    );
    assert_eq!(
        granted(&["s3:GetObject"], &["arn:aws:s3:::a/*"]).result,
        CheckResult::Pass
    );
    assert_eq!(granted(&[], &["arn:aws:s3:::b/k"]).reasons.len(), 2);
    let check = granted(&["s3:*Object", "kms:*"], &[]);
    let expected = json!({
        "result": "FAIL",
        "message": "The policy document grants access to perform one or more of the listed actions.",
        "reasons": [{
            "description": "One or more of the listed actions in the statement with index: 0.",
            "statementIndex": 0,
        }],
    });
    assert_eq!(serde_json::to_value(check).unwrap(), expected);
    let check = granted(&["iam:PassRole"], &[]);
    let first = check.reasons.first().unwrap();
    assert_eq!(first.statement_id.as_deref(), Some("Keys"));
}

#[test]
fn hostile_policies_are_answered_soon_and_never_pass() {
    let many = |count: usize, shift: usize| {
        let statement = |at: usize| {
            let actions = json!([format!("s3:Get{}*", at % 7), format!("s3:*{}x", at % 5)]);
            let resources = json!([
                format!("arn:aws:s3:::b{at}*/a*b"),
                format!("arn:aws:s3:::*x{at}*")
            ]);
            match (at + shift) % 3 {
                0 => deny(actions, resources),
                _ => allow(actions, resources),
            }
        };
        (0..count).map(statement).collect::<Value>()
    };
    for count in [50, 400] {
        let check = check_no_new_access(&policy(&many(count, 0)), &policy(&many(count, 1)));
        assert_eq!(check.result, CheckResult::Fail);
        let access = Access {
            actions: vec!["s3:*".to_owned()],
            resources: Vec::new(),
        };
        let check = check_access_not_granted(&[access], &policy(&many(count, 0)));
        assert_eq!(check.result, CheckResult::Fail);
    }
}

fn any_policy(name: &'static str) -> impl Strategy<Value = Value> {
    let lists = |text: String| {
        let text = proptest::string::string_regex(&text).unwrap();
        prop::collection::vec(text, 1..3)
    };
    let statement = (
        any::<bool>(),
        (any::<bool>(), lists(format!("s3:{name}"))),
        (
            any::<bool>(),
            lists(format!(
                "arn:aws:s3:::({name}|a|\\$\\{{aws:username\\}})|\\*"
            )),
        ),
        prop::option::of("[xy]"),
    );
    let statement = statement.prop_map(
        |(deny, (not_action, actions), (not_resource, resources), value)| {
            let mut condition = json!({});
            if let Some(value) = value {
                condition = json!({"StringEquals": {"aws:UserAgent": value}});
            }
            json!({
                "Effect": if deny { "Deny" } else { "Allow" },
                (if not_action { "NotAction" } else { "Action" }): actions,
                (if not_resource { "NotResource" } else { "Resource" }): resources,
                "Condition": condition,
            })
        },
    );
    prop::collection::vec(statement, 0..4).prop_map(Value::from)
}

fn any_request() -> impl Strategy<Value = Request> {
    let user = "arn:aws:iam::1:user/(a|b)";
    let resource = "arn:aws:s3:::[abc]{0,3}|\\*";
    (user, "s3:[abc]{0,3}", resource, "[xyz]").prop_map(|(user, action, resource, agent)| {
        Request::new(user, action, resource).with("aws:UserAgent", agent)
    })
}

fn is_allowed(request: &Request, document: &PolicyDocument) -> bool {
    let identity = std::slice::from_ref(document);
    evaluate(
        request,
        &Layers {
            identity,
            ..Layers::default()
        },
    )
    .is_allowed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    #[test]
    fn a_pass_is_never_belied_by_a_request(
        old in any_policy("[ab*?]{0,3}"), new in any_policy("[ab*?]{0,3}"), requests in prop::collection::vec(any_request(), 50),
    ) {
        let (old, new) = (policy(&old), policy(&new));
        let new_access = requests
            .iter()
            .find(|request| is_allowed(request, &new) && !is_allowed(request, &old));
        if let Some(request) = new_access {
            prop_assert_eq!(check_no_new_access(&old, &new).result, CheckResult::Fail, "{:?}", request);
        }
        for request in requests.iter().filter(|request| is_allowed(request, &new)) {
            let access = Access {
                actions: vec![request.action.clone()],
                resources: vec![request.resource.clone()],
            };
            prop_assert_eq!(check_access_not_granted(&[access], &new).result, CheckResult::Fail);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn without_conditions_and_variables_a_failure_has_a_request(old in any_policy("[ab*?]{0,2}"), new in any_policy("[ab*?]{0,2}")) {
        let plain = |document: &Value| {
            let mut document = policy(document);
            document.version = None;
            for statement in &mut document.statement {
                statement.condition.clear();
            }
            document
        };
        let (old, new) = (plain(&old), plain(&new));
        // All short names there are; the patterns tell no longer ones apart.
        let names = |start: &str| {
            let mut names = vec![start.to_owned()];
            for at in 0..21 {
                let name = names.get(at).cloned().unwrap_or_default();
                names.extend(["a", "b", "c", "$"].map(|sign| name.clone() + sign));
            }
            names
        };
        let mut resources = names("arn:aws:s3:::");
        resources.extend(["*", "arn:aws:sqs:::", "arn:aws:s3:::${aws:username}", "c"].map(ToOwned::to_owned));
        let mut actions = names("s3:");
        actions.push("c:c".to_owned());
        let found = actions.iter().any(|action| resources.iter().any(|resource| {
            let request = Request::new("arn:aws:iam::1:user/a", action, resource);
            is_allowed(&request, &new) && !is_allowed(&request, &old)
        }));
        let fails = check_no_new_access(&old, &new).result == CheckResult::Fail;
        prop_assert_eq!(fails, found);
    }
}
