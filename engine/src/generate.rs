//! Which policy allows exactly the activity that was seen?
//!
//! Activity goes in; a document comes out, with everything that it could not or must not hold
//! listed beside it.

mod access_analyzer;
mod add;
mod characters;
mod generalize;
mod group;
mod name;
mod narrow;
mod placeholder;
mod select;
mod shorten_actions;
mod split_by_size;
mod tally;
mod template;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::activity::{Activity, Need};
use crate::answers::Answers;
use crate::facts::Circumstance;
use crate::permission::{Condition, Origin};
use crate::policy::{self, OneOrMany, PolicyDocument, Statement};
use crate::reference::{AccessLevel, Reference};

pub(crate) use characters::{can_be_held, with_stars};
pub use generalize::Generalized;
pub use narrow::{Narrowed, Narrowing, NotNarrowed};
pub use placeholder::{Unfilled, placeholders};
pub(crate) use select::{Meaning, select};
pub(crate) use shorten_actions::shorten;
pub use split_by_size::{DoesNotFit, Split, Target, fit, split_by_size};
use tally::Tallies;
pub use tally::Tally;
pub(crate) use template::{MOST_TYPES, limiting};

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
    /// Permissions that no event shows, since they are never logged: roles that were passed.
    pub inferred: Vec<Tally>,
    /// Calls that were refused, by the action that they needed. They grant nothing.
    pub denied: Vec<Tally>,
    /// How many calls were refused, whatever they needed.
    pub denied_calls: u64,
    /// Calls that need a permission nobody knows. They grant nothing: the policy may lack it.
    pub unmapped: Vec<Tally>,
    /// Calls that need no permission.
    pub unchecked: u64,
    /// Calls that failed before anything of their request was recorded, of actions that other
    /// calls tell more of. They add nothing to the document.
    pub vague: u64,
    /// Patterns that stand for more resources than were seen, as the style asks for.
    pub generalized: Vec<Generalized>,
    /// Patterns in the place of ARNs with characters that no policy can hold.
    pub unwritable: Vec<Generalized>,
    /// Conditions that were asked for, and with which values they stand in the document.
    pub narrowed: Vec<Narrowed>,
    /// Permissions that a condition that was asked for could not narrow, and why.
    pub not_narrowed: Vec<NotNarrowed>,
    /// Placeholders that nobody gave a value for. What they stand in allows nothing yet.
    pub unfilled: Vec<Unfilled>,
    /// Names that a value was given for, and that no placeholder has.
    pub unused: Vec<String>,
}

/// An action on a resource that was used, or asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Used<'a> {
    action: Cow<'a, str>,
    resource: Cow<'a, str>,
    conditions: Vec<Condition>,
}

/// How a policy is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// The ARNs of the events, and no pair of action and resource that never met.
    #[default]
    Exact,
    /// As IAM Access Analyzer writes it: templates with placeholders instead of ARNs.
    AccessAnalyzer,
    /// Short: wildcards in actions that cover none but used ones, and patterns for siblings.
    Compact {
        /// More siblings than this become one pattern.
        threshold: usize,
    },
}

/// What is asked of a policy.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// How it is written.
    pub style: Style,
    /// Conditions to add, as far as the circumstances of the calls tell them.
    pub narrow: BTreeSet<Narrowing>,
    /// Keys of conditions to leave out that the mapping of events adds: `kms:ViaService`.
    pub without: BTreeSet<&'static str>,
    /// Actions to add, and values for placeholders.
    pub answers: Answers,
}

impl Options {
    /// Whether the circumstances of calls make a difference.
    pub fn needs_circumstances(&self) -> bool {
        self.narrow.iter().any(|it| it.needs_circumstances())
    }

    /// No more than a style.
    pub fn of(style: Style) -> Self {
        Self {
            style,
            ..Self::default()
        }
    }
}

/// The policy for what `activity` tells, which is of one principal.
pub fn generate(activity: &[Activity], reference: &Reference) -> Generated {
    generate_as(Style::default(), activity, reference)
}

/// The policy for what `activity` tells, which is of one principal, written in a style.
pub fn generate_as(style: Style, activity: &[Activity], reference: &Reference) -> Generated {
    generate_with(&Options::of(style), activity, &[], reference)
}

/// The policy for what `activity` tells, which is of one principal, as the options ask for it.
/// `circumstances` are those of the same calls; only conditions that were asked for need them.
pub fn generate_with(
    options: &Options,
    activity: &[Activity],
    circumstances: &[Circumstance],
    reference: &Reference,
) -> Generated {
    let mut used: Vec<Used<'_>> = Vec::new();
    let mut calls = 0;
    let mut unchecked = 0;
    let mut vague = 0;
    let mut widened = Tallies::default();
    let mut inferred = Tallies::default();
    let mut denied = Tallies::default();
    let mut denied_calls = 0;
    let mut unmapped = Tallies::default();

    for (seen, meaning) in select(activity) {
        if meaning == Meaning::Denied {
            denied_calls += seen.events;
        }
        match (meaning, &seen.need) {
            (Meaning::Denied, Need::Permission { action, .. }) => denied.add_calls(action, seen),
            (Meaning::Denied, _) => denied.add_calls(&operation(seen), seen),
            (Meaning::Unknown, _) => unmapped.add(&operation(seen), seen.count),
            (Meaning::Unchecked, _) => unchecked += seen.count,
            (Meaning::Vague, _) => vague += seen.count,
            (
                Meaning::Used,
                Need::Permission {
                    action,
                    resource,
                    origin,
                    conditions,
                },
            ) => {
                used.push(Used {
                    action: Cow::Borrowed(action),
                    resource: Cow::Borrowed(resource),
                    conditions: conditions.clone(),
                });
                calls += seen.count;
                let on = format!("{action} on {resource}");
                match origin {
                    Origin::Widened | Origin::Untold => widened.add(&on, seen.count),
                    Origin::Inferred => inferred.add(&on, seen.count),
                    Origin::Event | Origin::Partial | Origin::Created | Origin::Any => {}
                }
            }
            // Only a permission can be used.
            (Meaning::Used, Need::Nothing | Need::Unknown) => {}
        }
    }

    let narrow::Outcome {
        mut used,
        narrowed,
        not_narrowed,
    } = narrow::narrow(used, circumstances, &options.narrow, reference);
    without(&mut used, &options.without);
    let unwritable = held(&mut used);
    let principal = activity.first().map_or("", |seen| seen.principal.as_str());
    used.extend(add::asked_for(&options.answers, principal, reference));

    let mut generalized = Vec::new();
    let mut statements = match options.style {
        Style::Exact => named(group::by_service_and_resources(&used), reference),
        Style::AccessAnalyzer => access_analyzer::statements(&used, principal, reference),
        Style::Compact { threshold } => {
            let groups = group::by_service_and_resources(&used);
            named(
                compact(groups, threshold, &mut generalized, reference),
                reference,
            )
        }
    };
    generalized.sort();
    generalized.dedup();
    let placeholder::Filled { unfilled, unused } =
        placeholder::fill(&mut statements, &options.answers.values());
    Generated {
        document: PolicyDocument::new(statements),
        calls,
        widened: widened.most_first(),
        inferred: inferred.most_first(),
        denied: denied.most_first(),
        denied_calls,
        unmapped: unmapped.most_first(),
        unchecked,
        vague,
        generalized,
        unwritable,
        narrowed,
        not_narrowed,
        unfilled,
        unused,
    }
}

/// Takes away the conditions with these keys.
fn without(used: &mut [Used<'_>], keys: &BTreeSet<&'static str>) {
    for one in used.iter_mut().filter(|_| !keys.is_empty()) {
        one.conditions.retain(|it| !keys.contains(&*it.key));
    }
}

/// Writes the resources so that IAM takes them, and tells which patterns that made.
fn held(used: &mut [Used<'_>]) -> Vec<Generalized> {
    let mut patterns: BTreeMap<String, BTreeSet<Cow<'_, str>>> = BTreeMap::new();
    for one in used {
        let held = with_stars(one.resource.clone());
        if held != one.resource {
            let seen = std::mem::replace(&mut one.resource, held);
            let of_pattern = patterns.entry(one.resource.clone().into_owned());
            of_pattern.or_default().insert(seen);
        }
    }
    let patterns = patterns.into_iter();
    patterns
        .map(|(pattern, seen)| Generalized {
            pattern,
            seen: seen.len(),
        })
        .collect()
}

/// The groups with patterns for siblings, and wildcards in actions.
fn compact(
    groups: Vec<group::Group>,
    threshold: usize,
    generalized: &mut Vec<Generalized>,
    reference: &Reference,
) -> Vec<group::Group> {
    let short = groups.into_iter().map(|group| {
        if group
            .actions
            .iter()
            .any(|it| hands_on_access(it, reference))
        {
            return group;
        }
        let (resources, patterns) = generalize::siblings(&group.resources, threshold);
        generalized.extend(patterns);
        group::Group { resources, ..group }
    });
    let mut groups = group::merged(short.collect());
    for group in &mut groups {
        group.actions = shorten_actions::shorten(&group.actions, reference);
    }
    groups
}

/// Whether an action gives somebody access: becomes or passes a role, makes keys, writes a
/// policy. On a pattern it would reach identities that it never touched.
fn hands_on_access(action: &str, reference: &Reference) -> bool {
    let (service, name) = action.split_once(':').unwrap_or_default();
    let levels = reference
        .action(service, name)
        .map_or(&[][..], |action| &action.access_levels);
    match service {
        "sts" => true,
        "iam" => !levels
            .iter()
            .all(|level| matches!(level, AccessLevel::List | AccessLevel::Read)),
        _ => levels.contains(&AccessLevel::PermissionsManagement),
    }
}

/// A statement for each group, with a name.
fn named(groups: Vec<group::Group>, reference: &Reference) -> Vec<Statement> {
    let names = name::sids(&groups, reference);
    groups
        .into_iter()
        .zip(names)
        .map(|(group, sid)| {
            let actions = OneOrMany::from_iter(group.actions);
            let resources = OneOrMany::from_iter(group.resources);
            let condition = condition_block(&group.conditions);
            Statement::allow(sid, actions, resources).with_condition(condition)
        })
        .collect()
}

/// Conditions as a statement writes them.
fn condition_block(conditions: &BTreeSet<Condition>) -> policy::Condition {
    let mut block = policy::Condition::new();
    for condition in conditions {
        let values = OneOrMany::from_iter(condition.values.iter().cloned());
        let keys = block.entry(condition.operator.clone()).or_default();
        keys.insert(condition.key.clone(), values);
    }
    block
}

fn operation(seen: &Activity) -> String {
    format!("{} {}", seen.event_source, seen.event_name)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::activity::Outcome;

    fn seen(action: &str, resource: &str, outcome: Outcome, origin: Origin) -> Activity {
        Activity {
            principal: "arn:aws:iam::1:role/r".to_owned(),
            event_source: "x.amazonaws.com".to_owned(),
            event_name: "X".to_owned(),
            need: Need::Permission {
                action: action.to_owned(),
                resource: resource.to_owned(),
                origin,
                conditions: Vec::new(),
            },
            outcome,
            count: 2,
            events: 2,
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
                  "Sid": "S3ListAllMyBuckets",
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
                  "Sid": "S3GetObject",
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
    fn a_throttled_call_without_a_resource_widens_nothing() {
        let activity = [
            seen(
                "ssm:PutParameter",
                "arn:aws:ssm:::parameter/a",
                Outcome::Allowed,
                Origin::Event,
            ),
            seen(
                "ssm:PutParameter",
                "arn:aws:ssm:::parameter/*",
                Outcome::Failed,
                Origin::Untold,
            ),
        ];
        let generated = generate(&activity, Reference::bundled());
        let resources: Vec<_> = generated
            .document
            .statement
            .iter()
            .flat_map(|statement| {
                statement
                    .resources
                    .as_ref()
                    .map_or(&[][..], |it| it.patterns().0)
            })
            .collect();
        assert_eq!(resources, ["arn:aws:ssm:::parameter/a"]);
        assert_eq!(generated.vague, 2);
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
