//! Does a policy allow everything that was seen, and what besides?
//!
//! Each distinct request that AWS authorized is put to the evaluator again, against the
//! documents. What comes out is a count, and the requests that would be refused; and for each
//! statement what it allows that was not seen.

mod reach;

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;

use crate::activity::{Activity, Need};
use crate::evaluate::{Layers, Request, evaluate};
use crate::facts::{Circumstance, Facts};
use crate::generate::{Meaning, select};
use crate::permission::Condition;
use crate::policy::PolicyDocument;

pub use reach::{Reach, reach};
pub(crate) use reach::{all_actions, has_wildcard};

/// The result of replaying activity against a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// Distinct requests that were replayed: an action on a resource in a context.
    pub requests: usize,
    /// Those that the policy would refuse.
    pub refused: Vec<Refused>,
}

/// A request that was seen and that the policy would refuse.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Refused {
    /// The action.
    pub action: String,
    /// The resource.
    pub resource: String,
}

impl Proof {
    /// Whether every request would be allowed.
    pub fn holds(&self) -> bool {
        self.refused.is_empty()
    }
}

type Key<'a> = (&'a str, &'a str, &'a [Condition]);

/// Replays what `activity` shows of authorized requests against `documents`, which are attached
/// to the principal together.
pub fn prove(activity: &[Activity], documents: &[PolicyDocument]) -> Proof {
    prove_in(activity, &[], documents)
}

/// The same, where each request is replayed in each context in which it was seen.
pub fn prove_in(
    activity: &[Activity],
    circumstances: &[Circumstance],
    documents: &[PolicyDocument],
) -> Proof {
    let layers = Layers {
        identity: documents,
        ..Layers::default()
    };
    let mut contexts: HashMap<Key<'_>, BTreeSet<&Facts>> = HashMap::new();
    for one in circumstances {
        let key = (&*one.action, &*one.resource, &*one.conditions);
        contexts.entry(key).or_default().insert(&one.facts);
    }
    let unknown = BTreeSet::from([&Facts::UNKNOWN]);
    let mut seen = BTreeSet::new();
    let mut requests = 0;
    let mut refused = BTreeSet::new();
    for (one, meaning) in select(activity) {
        let Need::Permission {
            action,
            resource,
            conditions,
            ..
        } = &one.need
        else {
            continue;
        };
        if meaning != Meaning::Used || !seen.insert((action, resource, conditions)) {
            continue;
        }
        let key = (&**action, &**resource, &**conditions);
        let request = Request::new(&*one.principal, &**action, literal(resource));
        for facts in contexts.get(&key).unwrap_or(&unknown) {
            requests += 1;
            let alternatives = with_each_value(facts.in_request(request.clone()), conditions);
            if alternatives
                .iter()
                .any(|request| !evaluate(request, &layers).is_allowed())
            {
                refused.insert(Refused {
                    action: action.clone(),
                    resource: resource.clone(),
                });
            }
        }
    }
    Proof {
        requests,
        refused: refused.into_iter().collect(),
    }
}

/// The request with each combination of the conditions' values: of alternatives any one may have
/// been the case.
fn with_each_value(request: Request, conditions: &[Condition]) -> Vec<Request> {
    conditions
        .iter()
        .fold(vec![request], |requests, condition| {
            let with = |request: &Request| {
                let values = condition.values.iter();
                let requests =
                    values.map(|value| request.clone().with(&condition.key, value.clone()));
                requests.collect::<Vec<_>>()
            };
            requests.iter().flat_map(with).collect()
        })
}

/// The resource as a request names it: `${*}` in a policy is a literal star.
fn literal(resource: &str) -> String {
    resource
        .replace("${*}", "*")
        .replace("${?}", "?")
        .replace("${$}", "$")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::activity::Outcome;
    use crate::generate::{generate, split_by_size};
    use crate::permission::{Condition, Origin};
    use crate::reference::Reference;

    const ACTIONS: [&str; 5] = [
        "s3:GetObject",
        "s3:PutObject",
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
                first_seen: None,
                last_seen: None,
                sample_event_id: None,
            },
        )
    }

    proptest! {
        #[test]
        fn the_policy_allows_everything_that_was_seen(
            activity in prop::collection::vec(activity(), 0..30)
        ) {
            let document = generate(&activity, Reference::bundled()).document;
            let whole = prove(&activity, std::slice::from_ref(&document));
            prop_assert_eq!(&whole.refused, &vec![]);
            let parts = split_by_size(&document, 600).map_err(|e| TestCaseError::fail(e.to_string()))?;
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
            first_seen: None,
            last_seen: None,
            sample_event_id: None,
        };
        let proof = prove(&[seen], &[empty]);
        assert!(!proof.holds());
        assert_eq!(proof.requests, 1);
    }
}
