//! Does every policy allow what was seen, and no pair besides that nobody saw?

use proptest::prelude::*;

use super::*;
use crate::activity::Outcome;
use crate::facts::Way;
use crate::generate::{
    Generated, Narrowing, Options, Style, generate, generate_with, split_by_size,
};
use crate::permission::{Condition, Origin};
use crate::reference::Reference;

const ACTIONS: [&str; 8] = [
    "s3:GetObject",
    "s3:PutObject",
    "s3:ListBucket",
    "s3:GetObjectAcl",
    "iam:PassRole",
    "kms:Decrypt",
    "ec2:RunInstances",
    "sts:AssumeRole",
];

fn activity() -> impl Strategy<Value = Activity> {
    let resource = prop_oneof![
        Just("*".to_owned()),
        "arn:aws:s3:::[a-c]/[a-c*?$]{1,3}",
        "arn:aws:ec2:us-east-1:1:(instance|subnet)/([a-c]|\\*)",
    ];
    let condition = prop::collection::vec("[a-c]", 0..2).prop_map(|values| {
        values.into_iter().map(|value| Condition {
            operator: "StringEquals".to_owned(),
            key: "kms:ViaService".to_owned(),
            values: vec![value],
        })
    });
    let outcome = prop_oneof![
        Just(Outcome::Allowed),
        Just(Outcome::Failed),
        Just(Outcome::Denied)
    ];
    let origin = prop_oneof![
        Just(Origin::Event),
        Just(Origin::Widened),
        Just(Origin::Untold)
    ];
    let action = prop::sample::select(ACTIONS.to_vec());
    (action, resource, condition, outcome, origin).prop_map(
        |(action, resource, conditions, outcome, origin)| Activity {
            principal: "arn:aws:iam::1:role/r".to_owned(),
            event_source: "x.amazonaws.com".to_owned(),
            event_name: "X".to_owned(),
            need: Need::Permission {
                action: action.to_owned(),
                resource: resource.replace('$', "${$}").replace("?", "${?}"),
                origin,
                conditions: conditions.collect(),
            },
            outcome,
            count: 1,
            events: 1,
            first_seen: None,
            last_seen: None,
            sample_event_id: None,
        },
    )
}

/// Each pair of action and resource that a document names.
fn pairs(generated: &Generated) -> BTreeSet<(String, String)> {
    let statements = generated.document.statement.iter();
    statements
        .flat_map(|it| {
            let resources = it.resources.as_ref().map_or(&[][..], |it| it.patterns().0);
            let pair = |action: &String| {
                let action = action.clone();
                resources.iter().map(move |it| (action.clone(), it.clone()))
            };
            it.actions.patterns().0.iter().flat_map(pair)
        })
        .collect()
}

fn used(activity: &[Activity]) -> BTreeSet<(String, String)> {
    select(activity)
        .filter(|(_, meaning)| *meaning == Meaning::Used)
        .filter_map(|(seen, _)| match &seen.need {
            Need::Permission {
                action, resource, ..
            } => Some((action.clone(), resource.clone())),
            _ => None,
        })
        .collect()
}

fn facts() -> impl Strategy<Value = Facts> {
    let way = prop::sample::select(vec![Way::Direct, Way::Direct, Way::Service, Way::Unclear]);
    let some = |pattern| prop::option::weighted(0.8, pattern);
    (
        way,
        some("203\\.0\\.113\\.[1-3]"),
        prop::option::weighted(0.3, "vpce-[1-2]"),
        some("(eu|us)-west-1"),
        some("o-[a-b]{10}"),
        prop::option::weighted(0.8, any::<bool>()),
        some("[a-b*$日]{0,2}"),
    )
        .prop_map(|(way, ip, vpce, region, org, mfa, prefix)| {
            let direct = way == Way::Direct;
            Facts {
                way,
                source_ip: ip.filter(|_| direct && vpce.is_none()),
                source_vpce: vpce.filter(|_| direct),
                requested_region: region,
                principal_org_id: org,
                mfa_present: mfa.filter(|_| direct),
                s3_prefix: prefix,
            }
        })
}

const ALL: [Narrowing; 8] = [
    Narrowing::SourceIp,
    Narrowing::SourceVpce,
    Narrowing::Mfa,
    Narrowing::OrgId,
    Narrowing::RequestedRegion,
    Narrowing::S3Prefix,
    Narrowing::KmsViaService,
    Narrowing::PassedToService,
];

proptest! {
    #[test]
    fn no_action_is_granted_on_a_resource_that_it_never_met(
        activity in prop::collection::vec(activity(), 0..40),
    ) {
        let generated = generate(&activity, Reference::bundled());
        let beyond: Vec<_> = pairs(&generated).difference(&used(&activity)).cloned().collect();
        prop_assert_eq!(beyond, vec![]);
        let reached = reach(&activity, &[generated.document], Reference::bundled());
        prop_assert!(reached.iter().all(|it| it.unseen == 0 && it.placeholder == 0));
    }

    #[test]
    fn a_compact_policy_grants_beyond_what_was_seen_only_what_it_tells(
        activity in prop::collection::vec(activity(), 0..60),
        threshold in 0..4_usize,
    ) {
        let options = Options::of(Style::Compact { threshold });
        let generated = generate_with(&options, &activity, &[], Reference::bundled());
        let used = used(&activity);
        let names: BTreeSet<&str> = used.iter().map(|(action, _)| action.as_str()).collect();
        for (pattern, resource) in pairs(&generated) {
            let covered: Vec<String> = match pattern.strip_suffix('*') {
                None => vec![pattern],
                Some(start) => {
                    let all = all_actions(Reference::bundled());
                    all.filter(|it| it.to_lowercase().starts_with(&start.to_lowercase())).collect()
                }
            };
            for action in covered {
                prop_assert!(names.contains(action.as_str()), "{action}");
                let told = generated.generalized.iter().any(|it| it.pattern == resource);
                let pair = (action, resource.clone());
                prop_assert!(told || used.contains(&pair), "{:?}", pair);
            }
        }
        prop_assert!(prove(&activity, &[generated.document]).holds());
    }

    #[test]
    fn conditions_refuse_nothing_that_was_seen(
        seen in prop::collection::vec(
            (activity(), prop::collection::vec(facts(), 1..4)), 0..25,
        ),
        asked in prop::sample::subsequence(ALL.to_vec(), 0..=ALL.len()),
        threshold in prop::option::of(0..3_usize),
    ) {
        let circumstances: Vec<Circumstance> = seen
            .iter()
            .flat_map(|(activity, facts)| facts.iter().map(move |facts| (activity, facts)))
            .filter_map(|(activity, facts)| match &activity.need {
                Need::Permission { action, resource, conditions, .. } => Some(Circumstance {
                    action: action.clone(),
                    resource: resource.clone(),
                    conditions: conditions.clone(),
                    facts: facts.clone(),
                    count: 1,
                }),
                _ => None,
            })
            .collect();
        let activity: Vec<Activity> = seen.into_iter().map(|(activity, _)| activity).collect();
        let style = threshold.map_or(Style::Exact, |threshold| Style::Compact { threshold });
        let options = Options {
            narrow: asked.into_iter().collect(),
            ..Options::of(style)
        };
        let reference = Reference::bundled();
        let generated = generate_with(&options, &activity, &circumstances, reference);
        let proof = prove_in(&activity, &circumstances, std::slice::from_ref(&generated.document));
        prop_assert!(proof.holds(), "{:?} {}", proof.refused, generated.document.to_json());
        if style == Style::Exact {
            let beyond: Vec<_> = pairs(&generated).difference(&used(&activity)).cloned().collect();
            prop_assert_eq!(beyond, vec![]);
        }
    }

    #[test]
    fn the_policy_allows_everything_that_was_seen(
        activity in prop::collection::vec(activity(), 0..30)
    ) {
        let document = generate(&activity, Reference::bundled()).document;
        let whole = prove(&activity, std::slice::from_ref(&document));
        prop_assert_eq!(&whole.refused, &vec![]);
        let parts = split_by_size(&document, 600).map_err(|e| TestCaseError::fail(e.to_string()))?.documents;
        prop_assert!(prove(&activity, &parts).holds());
    }

    #[test]
    fn nothing_is_granted_but_what_was_seen(
        activity in prop::collection::vec(activity(), 0..30),
        other in activity(),
    ) {
        let document = generate(&activity, Reference::bundled()).document;
        let allowed = prove(std::slice::from_ref(&other), &[document]);
        let Need::Permission { action, resource, conditions, .. } = &other.need else {
            return Ok(());
        };
        // What was seen on every resource, or without a condition, covers what is narrower.
        let covered = select(&activity).filter(|(_, m)| *m == Meaning::Used).any(|(seen, _)| {
            let Need::Permission { action: a, resource: r, conditions: c, .. } = &seen.need else {
                return false;
            };
            let wider = r == "*" || r == resource || crate::arn::wildcard(r, resource);
            a == action && wider && (c.is_empty() || c == conditions)
        });
        if other.outcome != Outcome::Denied && !covered {
            prop_assert!(!allowed.holds());
        }
    }
}

#[test]
fn a_policy_that_lacks_something_is_told() {
    let empty = PolicyDocument::new(Vec::new());
    let seen = Activity {
        principal: "arn:aws:iam::1:role/r".to_owned(),
        event_source: "s3.amazonaws.com".to_owned(),
        event_name: "GetObject".to_owned(),
        need: Need::Permission {
            action: "s3:GetObject".to_owned(),
            resource: "arn:aws:s3:::b/k".to_owned(),
            origin: Origin::Event,
            conditions: Vec::new(),
        },
        outcome: Outcome::Allowed,
        count: 1,
        events: 1,
        first_seen: None,
        last_seen: None,
        sample_event_id: None,
    };
    let proof = prove(&[seen], &[empty]);
    assert!(!proof.holds());
    assert_eq!(proof.requests, 1);
}
