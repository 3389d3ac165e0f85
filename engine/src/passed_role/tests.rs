//! Which roles are found, and when does every role stay?
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use super::*;

const EVERY: &str = "arn:aws:iam::111122223333:role/*";
const ACCOUNT: &str = "111122223333";
const HOUR: i64 = 3_600_000_000;

fn role(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

/// Instances that are launched at some hours, each with a profile; of the profile `""` none.
fn launched(profiles: &Profiles, launches: &[(i64, &str, &str)]) -> PassedRoles {
    let mut passed = PassedRoles::default();
    for (number, (hour, profile, instance)) in launches.iter().enumerate() {
        let request = match *profile {
            "" => "{}".to_owned(),
            arn if arn.starts_with("arn:") => {
                format!(r#"{{"iamInstanceProfile":{{"arn":"{arn}"}}}}"#)
            }
            name => format!(r#"{{"iamInstanceProfile":{{"name":"{name}"}}}}"#),
        };
        let response = format!(r#"{{"instancesSet":{{"items":[{{"instanceId":"{instance}"}}]}}}}"#);
        let call = Call {
            event_source: "ec2.amazonaws.com",
            event_name: "RunInstances",
            aws_region: Some("eu-west-1"),
            account: Some(ACCOUNT),
            principal: Some("p"),
            request_parameters: Some(&request),
            response_elements: Some(&response),
            ..Call::default()
        };
        let id = format!("event-{number}");
        let made = Made {
            call: &call,
            outcome: Outcome::Allowed,
            time: Some(hour * HOUR),
            event_id: Some(&id),
        };
        passed.launched(profiles, made);
    }
    passed
}

fn launches(count: u64) -> Activity {
    Activity {
        principal: "p".to_owned(),
        event_source: "ec2.amazonaws.com".to_owned(),
        event_name: "RunInstances".to_owned(),
        need: Need::Permission {
            action: ACTION.to_owned(),
            resource: EVERY.to_owned(),
            origin: Origin::Widened,
            conditions: Vec::new(),
        },
        outcome: Outcome::Allowed,
        count,
        events: 0,
        first_seen: None,
        last_seen: None,
        sample_event_id: None,
    }
}

/// The roles that are granted for these launches, each with the calls that passed it.
fn granted(profiles: &Profiles, calls: &[(i64, &str, &str)]) -> Vec<(String, u64)> {
    let mut activity = vec![launches(calls.len() as u64)];
    launched(profiles, calls).name(&mut activity);
    let roles = activity.iter().filter_map(|seen| match &seen.need {
        Need::Permission { resource, .. } => Some((resource.clone(), seen.count)),
        _ => None,
    });
    roles.collect()
}

#[test]
fn a_profile_holds_the_role_that_was_put_in_last() {
    let mut profiles = Profiles::default();
    profiles.changed(ACCOUNT, "web", HOUR, Some("web-role"));
    profiles.changed(ACCOUNT, "web", 5 * HOUR, None);
    profiles.changed(ACCOUNT, "web", 6 * HOUR, Some("other-role"));
    let one = [(role("web-role"), 1)];
    assert_eq!(granted(&profiles, &[(1, "web", "")]), one);
    let arn = "arn:aws:iam::111122223333:instance-profile/team/web";
    assert_eq!(granted(&profiles, &[(4, arn, "")]), one);
    let both = [(role("other-role"), 1), (role("web-role"), 2)];
    let calls = [(2, "web", ""), (3, "web", ""), (7, "web", "")];
    assert_eq!(granted(&profiles, &calls), both);
}

#[test]
fn a_role_that_is_not_known_for_every_call_stays_untold() {
    let mut profiles = Profiles::default();
    profiles.changed(ACCOUNT, "web", 2 * HOUR, Some("web-role"));
    profiles.changed(ACCOUNT, "web", 5 * HOUR, None);
    profiles.changed("444455556666", "far", HOUR, Some("far-role"));
    for calls in [
        // Before anything is known of it, while nothing is in it, another one, of another account.
        [(3, "web", ""), (1, "web", "")],
        [(3, "web", ""), (5, "web", "")],
        [(3, "web", ""), (3, "unknown", "")],
        [(3, "web", ""), (3, "far", "")],
        [(3, "web", ""), (3, "arn:aws:something:else", "")],
    ] {
        assert_eq!(
            granted(&profiles, &calls),
            [(EVERY.to_owned(), 2)],
            "{calls:?}"
        );
    }
    // A call without a profile passes nothing.
    let calls = [(3, "web", ""), (3, "", "")];
    assert_eq!(granted(&profiles, &calls), [(role("web-role"), 1)]);
}

#[test]
fn the_role_that_ec2_assumed_for_an_instance_was_in_its_profile() {
    let mut profiles = Profiles::default();
    profiles.assumed(ACCOUNT, "i-1", &role("path/web-role"));
    profiles.assumed(ACCOUNT, "i-2", &role("one"));
    profiles.assumed(ACCOUNT, "i-2", &role("two"));
    profiles.assumed(ACCOUNT, "i-3", "arn:aws:iam::999999999999:role/far");
    profiles.assumed(ACCOUNT, "i-4", &role("web*"));
    let one = [(role("path/web-role"), 1)];
    assert_eq!(granted(&profiles, &[(1, "web", "i-1")]), one);
    for instance in ["i-2", "i-3", "i-4", "i-5"] {
        let roles = granted(&profiles, &[(1, "web", instance)]);
        assert_eq!(roles, [(EVERY.to_owned(), 1)], "{instance}");
    }
    // With what is known of the profile it agrees, or neither counts.
    profiles.changed(ACCOUNT, "web", 0, Some("web-role"));
    assert_eq!(granted(&profiles, &[(1, "web", "i-1")]), one);
    profiles.changed(ACCOUNT, "web", 0, Some("other-role"));
    let untold = [(EVERY.to_owned(), 1)];
    assert_eq!(granted(&profiles, &[(1, "web", "i-1")]), untold);
}

#[test]
fn a_name_that_iam_does_not_take_is_no_role() {
    for name in ["*", "a?", "${aws:username}", "", "a b", "ä"] {
        let mut profiles = Profiles::default();
        profiles.changed(ACCOUNT, "web", 0, Some(name));
        let roles = granted(&profiles, &[(1, "web", "")]);
        assert_eq!(roles, [(EVERY.to_owned(), 1)], "{name}");
    }
}

#[test]
fn the_roles_of_a_task_definition_are_passed_by_those_who_run_it() {
    let definition =
        |revision: u32| format!("arn:aws:ecs:eu-west-1:{ACCOUNT}:task-definition/web:{revision}");
    let mut definitions = TaskDefinitions::default();
    let (task, execution) = (role("task"), role("path/execution"));
    definitions.registered(&definition(1), Some(&task), Some(&execution));
    definitions.registered(&definition(2), None, Some("by-name"));
    definitions.registered(
        &definition(3),
        Some("arn:aws:iam::999999999999:role/far"),
        None,
    );
    let passed = |request: &str, revision: u32| {
        let arn = definition(revision);
        let response = format!(r#"{{"tasks":[{{"taskDefinitionArn":"{arn}"}}]}}"#);
        let call = Call {
            event_source: "ecs.amazonaws.com",
            event_name: "RunTask",
            aws_region: Some("eu-west-1"),
            account: Some(ACCOUNT),
            principal: Some("p"),
            request_parameters: Some(request),
            response_elements: Some(&response),
            ..Call::default()
        };
        let mut all = PassedRoles::default();
        for number in 0..2 {
            let made = Made {
                call: &call,
                outcome: Outcome::Allowed,
                time: Some(number * HOUR),
                event_id: Some("event"),
            };
            all.ran(&definitions, made);
        }
        let mut ran = launches(2);
        "ecs.amazonaws.com".clone_into(&mut ran.event_source);
        "RunTask".clone_into(&mut ran.event_name);
        let Need::Permission { action, .. } = &mut ran.need else {
            panic!("expected a permission");
        };
        "ecs:RunTask".clone_into(action);
        let mut activity = vec![ran];
        all.name(&mut activity);
        let passed = activity.iter().skip(1).map(|seen| match &seen.need {
            Need::Unknown => {
                assert_eq!((seen.count, seen.events), (2, 0));
                assert_eq!(seen.event_source, "iam.amazonaws.com");
                "unknown".to_owned()
            }
            Need::Permission {
                action,
                resource,
                conditions,
                ..
            } => {
                assert_eq!(action, ACTION);
                assert_eq!((seen.count, seen.events), (2, 0));
                let to = serde_json::to_string(conditions).unwrap();
                assert!(to.contains("iam:PassedToService"), "{to}");
                assert!(to.contains(r#"["ecs-tasks.amazonaws.com"]"#), "{to}");
                resource.clone()
            }
            other => panic!("{other:?}"),
        });
        passed.collect::<Vec<_>>()
    };
    assert_eq!(passed("{}", 1), [execution.clone(), task.clone()]);
    assert_eq!(passed("{}", 2), [role("by-name")]);
    // Of another account.
    assert!(passed("{}", 3).is_empty());
    // Never seen: shown as unknown, and nothing that is granted.
    assert_eq!(passed("{}", 4), ["unknown"]);
    let named = format!(r#"{{"taskDefinition":"{}"}}"#, definition(2));
    assert_eq!(passed(&named, 4), [role("by-name"), "unknown".to_owned()]);
    // The response tells the revision.
    let by_family = r#"{"taskDefinition":"web"}"#;
    assert_eq!(passed(by_family, 2), [role("by-name")]);
    let overridden = r#"{"overrides":{"taskRoleArn":"arn:aws:iam::111122223333:role/other"}}"#;
    assert_eq!(passed(overridden, 1), [execution]);
    let both = r#"{"overrides":{"taskRoleArn":"arn:aws:iam::111122223333:role/other",
        "executionRoleArn":"arn:aws:iam::111122223333:role/other"}}"#;
    assert!(passed(both, 4).is_empty());
}
