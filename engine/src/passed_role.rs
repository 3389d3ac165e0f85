//! Which roles did calls pass that their own events do not name?
//!
//! `RunInstances` names an instance profile, `RunTask` a task definition, and IAM checks
//! `iam:PassRole` on the roles in them. Other events of a lake tell which those were.

mod instance_profile;
mod task_definition;

use std::collections::{BTreeMap, BTreeSet};

use crate::activity::{Activity, Need, Outcome};
use crate::permission::{Call, Condition, Origin};

pub use instance_profile::Profiles;
pub use task_definition::TaskDefinitions;

const ACTION: &str = "iam:PassRole";

/// What is not known where a task definition is not.
const UNTOLD: &str = "PassRole, of task definitions that the lake does not tell of";

/// What follows the account in the ARN that stands for every role.
const EVERY_ROLE: &str = ":role/*";

/// By what a call passed roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Means {
    /// An instance profile.
    Profile,
    /// A task definition.
    TaskDefinition,
}

impl Means {
    /// The actions of calls that may have passed such roles.
    pub const ACTIONS: [&str; 3] = [ACTION, "ecs:RunTask", "ecs:StartTask"];

    /// By what the calls behind `seen` passed roles that they did not name.
    pub fn of(seen: &Activity) -> Option<Self> {
        let Need::Permission {
            action, resource, ..
        } = &seen.need
        else {
            return None;
        };
        match action.as_str() {
            ACTION => resource.ends_with(EVERY_ROLE).then_some(Self::Profile),
            // So says the Service Authorization Reference.
            "ecs:RunTask" | "ecs:StartTask" => Some(Self::TaskDefinition),
            _ => None,
        }
    }
}

/// Calls of one name that ended alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Calls {
    principal: String,
    event_source: String,
    event_name: String,
    outcome: Outcome,
}

impl Calls {
    fn of(call: &Call<'_>, outcome: Outcome) -> Self {
        Self {
            principal: call.principal.unwrap_or_default().to_owned(),
            event_source: call.event_source.to_owned(),
            event_name: call.event_name.to_owned(),
            outcome,
        }
    }

    fn behind(seen: &Activity) -> Self {
        Self {
            principal: seen.principal.clone(),
            event_source: seen.event_source.clone(),
            event_name: seen.event_name.clone(),
            outcome: seen.outcome,
        }
    }
}

/// How often a role was passed, and when.
#[derive(Debug, Clone, Default)]
struct Passes {
    /// The conditions of passing it, where the event of the call has none.
    conditions: Vec<Condition>,
    count: u64,
    first_seen: Option<i64>,
    last_seen: Option<i64>,
    sample_event_id: Option<String>,
}

/// Roles, by ARN.
type Roles = BTreeMap<String, Passes>;

/// A call, as far as it matters when it was.
#[derive(Debug, Clone, Copy)]
pub struct Made<'a> {
    /// What was called.
    pub call: &'a Call<'a>,
    /// How it ended.
    pub outcome: Outcome,
    /// When, in microseconds since the epoch.
    pub time: Option<i64>,
    /// The id of its event.
    pub event_id: Option<&'a str>,
}

/// The roles that calls passed without naming them.
#[derive(Debug, Clone, Default)]
pub struct PassedRoles {
    /// In instance profiles, by what stands for every role; none where a call's role is not known.
    in_profiles: BTreeMap<(Calls, String), Option<Roles>>,
    in_definitions: BTreeMap<Calls, Roles>,
    /// How often tasks were run of definitions that are not known.
    untold: BTreeMap<Calls, Passes>,
}

impl PassedRoles {
    /// Takes a call in that may have passed an instance profile.
    pub fn launched(&mut self, profiles: &Profiles, made: Made<'_>) {
        let Some((every_role, roles)) = profiles.passed(&made) else {
            return;
        };
        let calls = (Calls::of(made.call, made.outcome), every_role);
        let known = self.in_profiles.entry(calls).or_insert(Some(Roles::new()));
        let (Some(roles), Some(all)) = (roles, known.as_mut()) else {
            *known = None;
            return;
        };
        for role in roles {
            made.pass(all.entry(role).or_default());
        }
    }

    /// Takes a call in that ran tasks.
    pub fn ran(&mut self, definitions: &TaskDefinitions, made: Made<'_>) {
        let passed = definitions.passed(made.call);
        let calls = Calls::of(made.call, made.outcome);
        // A call that failed may not have come so far as to pass anything.
        if passed.untold && made.outcome == Outcome::Allowed {
            made.pass(self.untold.entry(calls.clone()).or_default());
        }
        if passed.permissions.is_empty() {
            return;
        }
        let all = self.in_definitions.entry(calls).or_default();
        for permission in passed.permissions {
            let passes = all.entry(permission.resource).or_default();
            passes.conditions = permission.conditions;
            made.pass(passes);
        }
    }

    /// Puts the roles of profiles in the place of every role, where those of all calls alike are known,
    /// and adds those of task definitions; what was passed in definitions that are not known is unknown.
    /// Nobody asks for the circumstances in which a role was passed, as they are not logged.
    pub fn name(&self, activity: &mut Vec<Activity>) {
        let all = std::mem::take(activity);
        let mut ran = BTreeSet::new();
        for seen in all {
            if Means::of(&seen) == Some(Means::TaskDefinition) {
                ran.insert(Calls::behind(&seen));
            }
            match self.named(&seen) {
                Some(named) => activity.extend(named),
                None => activity.push(seen),
            }
        }
        for calls in ran {
            let roles = self.in_definitions.get(&calls).into_iter().flatten();
            activity.extend(roles.map(|(role, passes)| passes.activity(&calls, role)));
            let untold = self.untold.get(&calls);
            activity.extend(untold.map(|passes| passes.unknown(&calls)));
        }
    }

    fn named(&self, seen: &Activity) -> Option<Vec<Activity>> {
        let Need::Permission {
            resource,
            conditions,
            ..
        } = &seen.need
        else {
            return None;
        };
        if Means::of(seen) != Some(Means::Profile) {
            return None;
        }
        let calls = Calls::behind(seen);
        let roles = self.in_profiles.get(&(calls.clone(), resource.clone()))?;
        let roles = roles.as_ref().filter(|roles| !roles.is_empty())?;
        let named = roles.iter().map(|(role, passes)| {
            let passes = Passes {
                conditions: conditions.clone(),
                ..passes.clone()
            };
            passes.activity(&calls, role)
        });
        Some(named.collect())
    }
}

impl Made<'_> {
    /// Counts the call as one that passed a role.
    fn pass(&self, passes: &mut Passes) {
        passes.count += 1;
        passes.first_seen = passes.first_seen.into_iter().chain(self.time).min();
        passes.last_seen = passes.last_seen.max(self.time);
        let least = passes.sample_event_id.as_deref();
        if least.is_none_or(|least| self.event_id.is_some_and(|id| id < least)) {
            passes.sample_event_id = self.event_id.map(ToOwned::to_owned);
        }
    }
}

impl Passes {
    /// Roles were perhaps passed, and nobody knows which.
    fn unknown(&self, calls: &Calls) -> Activity {
        Activity {
            event_source: "iam.amazonaws.com".to_owned(),
            event_name: UNTOLD.to_owned(),
            need: Need::Unknown,
            ..self.activity(calls, "")
        }
    }

    fn activity(&self, calls: &Calls, role: &str) -> Activity {
        Activity {
            principal: calls.principal.clone(),
            event_source: calls.event_source.clone(),
            event_name: calls.event_name.clone(),
            need: Need::Permission {
                action: ACTION.to_owned(),
                resource: role.to_owned(),
                origin: Origin::Inferred,
                conditions: self.conditions.clone(),
            },
            outcome: calls.outcome,
            count: self.count,
            // The call is counted with the permission that its event shows.
            events: 0,
            first_seen: self.first_seen,
            last_seen: self.last_seen,
            sample_event_id: self.sample_event_id.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
