//! Which policy allows exactly the activity that was seen?
//!
//! Activity goes in; a document comes out, with everything that it could not or must not hold
//! listed beside it.

mod group;
mod name;

use std::collections::BTreeMap;

use crate::activity::{Activity, Need, Outcome};
use crate::permission::Origin;
use crate::policy::{OneOrMany, PolicyDocument, Statement};
use crate::reference::Reference;

/// A policy, and what to know about it.
#[derive(Debug, Clone)]
pub struct Generated {
    /// The document.
    pub document: PolicyDocument,
    /// Calls behind the document.
    pub calls: u64,
    /// Permissions of which the document allows more than was seen, since the events do not
    /// tell the resource.
    pub widened: Vec<Tally>,
    /// Calls that were refused. They grant nothing.
    pub denied: Vec<Tally>,
    /// Calls that need a permission nobody knows. They grant nothing: the policy may lack it.
    pub unmapped: Vec<Tally>,
    /// Calls that need no permission.
    pub unchecked: u64,
}

/// How often something occurred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// An action, or an operation of a service where no action is known.
    pub what: String,
    /// Calls.
    pub count: u64,
}

/// An action on a resource that was used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Used<'a> {
    action: &'a str,
    resource: &'a str,
}

/// The policy for what `activity` tells, which is of one principal.
pub fn generate(activity: &[Activity], reference: &Reference) -> Generated {
    let mut used: Vec<Used<'_>> = Vec::new();
    let mut calls = 0;
    let mut unchecked = 0;
    let mut widened = Tallies::default();
    let mut denied = Tallies::default();
    let mut unmapped = Tallies::default();

    for seen in activity {
        match (&seen.need, seen.outcome) {
            (Need::Permission { action, .. }, Outcome::Denied) => {
                denied.add(action, seen.count);
            }
            (
                Need::Permission {
                    action,
                    resource,
                    origin,
                },
                _,
            ) => {
                used.push(Used { action, resource });
                calls += seen.count;
                if *origin == Origin::Widened {
                    widened.add(&format!("{action} on {resource}"), seen.count);
                }
            }
            (Need::Nothing, _) => unchecked += seen.count,
            (Need::Unknown, Outcome::Denied) => denied.add(&operation(seen), seen.count),
            (Need::Unknown, _) => unmapped.add(&operation(seen), seen.count),
        }
    }

    let groups = group::by_service_and_resources(&used);
    let names = name::sids(&groups, reference);
    let statements = groups.into_iter().zip(names).map(|(group, sid)| {
        let actions = OneOrMany::from_iter(group.actions);
        Statement::allow(sid, actions, OneOrMany::from_iter(group.resources))
    });
    Generated {
        document: PolicyDocument::new(statements.collect()),
        calls,
        widened: widened.most_first(),
        denied: denied.most_first(),
        unmapped: unmapped.most_first(),
        unchecked,
    }
}

fn operation(seen: &Activity) -> String {
    format!("{} {}", seen.event_source, seen.event_name)
}

#[derive(Default)]
struct Tallies(BTreeMap<String, u64>);

impl Tallies {
    fn add(&mut self, what: &str, count: u64) {
        *self.0.entry(what.to_owned()).or_default() += count;
    }

    fn most_first(self) -> Vec<Tally> {
        let tallies = self
            .0
            .into_iter()
            .map(|(what, count)| Tally { what, count });
        let mut tallies: Vec<Tally> = tallies.collect();
        tallies.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.what.cmp(&b.what)));
        tallies
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn seen(action: &str, resource: &str, outcome: Outcome, origin: Origin) -> Activity {
        Activity {
            principal: "arn:aws:iam::1:role/r".to_owned(),
            event_source: "x.amazonaws.com".to_owned(),
            event_name: "X".to_owned(),
            need: Need::Permission {
                action: action.to_owned(),
                resource: resource.to_owned(),
                origin,
            },
            outcome,
            count: 2,
            first_seen: None,
            last_seen: None,
            sample_event_id: None,
        }
    }

    #[test]
    fn actions_and_resources_that_never_met_are_not_granted_together() {
        use Origin::{Any, Event};
        use Outcome::{Allowed, Failed};
        let activity = [
            seen("s3:GetObject", "arn:aws:s3:::a/1", Allowed, Event),
            seen("s3:PutObject", "arn:aws:s3:::a/1", Allowed, Event),
            seen("s3:GetObject", "arn:aws:s3:::a/2", Failed, Event),
            seen("s3:GetObjectTagging", "arn:aws:s3:::a/1", Allowed, Event),
            seen("s3:ListAllMyBuckets", "*", Allowed, Any),
        ];
        let generated = generate(&activity, Reference::bundled());
        expect![[r#"
            {
              "Version": "2012-10-17",
              "Statement": [
                {
                  "Sid": "S3",
                  "Effect": "Allow",
                  "Action": "s3:ListAllMyBuckets",
                  "Resource": "*"
                },
                {
                  "Sid": "S3Object",
                  "Effect": "Allow",
                  "Action": [
                    "s3:GetObjectTagging",
                    "s3:PutObject"
                  ],
                  "Resource": "arn:aws:s3:::a/1"
                },
                {
                  "Sid": "S3Object2",
                  "Effect": "Allow",
                  "Action": "s3:GetObject",
                  "Resource": [
                    "arn:aws:s3:::a/1",
                    "arn:aws:s3:::a/2"
                  ]
                }
              ]
            }"#]]
        .assert_eq(&generated.document.to_json());
        assert_eq!(generated.calls, 10);
    }

    #[test]
    fn denied_calls_grant_nothing() {
        let activity = [seen("s3:GetObject", "*", Outcome::Denied, Origin::Any)];
        let generated = generate(&activity, Reference::bundled());
        assert!(generated.document.statement.is_empty());
        assert_eq!(generated.denied.len(), 1);
    }

    #[test]
    fn what_nobody_knows_is_listed_and_not_granted() {
        let activity = [Activity {
            need: Need::Unknown,
            ..seen("", "", Outcome::Allowed, Origin::Any)
        }];
        let generated = generate(&activity, Reference::bundled());
        assert!(generated.document.statement.is_empty());
        let expected = Tally {
            what: "x.amazonaws.com X".to_owned(),
            count: 2,
        };
        assert_eq!(generated.unmapped, [expected]);
    }
}
