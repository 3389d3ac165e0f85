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
use crate::permission::{Condition, spoken};
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
                    values.map(|value| request.clone().with(&condition.key, spoken(value)));
                requests.collect::<Vec<_>>()
            };
            requests.iter().flat_map(with).collect()
        })
}

/// The resource as a request names it: `${*}` in a policy is a literal star.
pub(crate) fn literal(resource: &str) -> String {
    resource
        .replace("${*}", "*")
        .replace("${?}", "?")
        .replace("${$}", "$")
}

#[cfg(test)]
mod tests;
