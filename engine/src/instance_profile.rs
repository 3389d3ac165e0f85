//! Which role did an instance profile hold when a call passed it?
//!
//! `RunInstances` names a profile, and IAM checks `iam:PassRole` on the role in it. Two other events
//! tell which that was: the one that put a role into the profile, and EC2's `AssumeRole` for an
//! instance that the call launched, which no one else can send. Where they are silent or disagree, the role
//! stays untold: every role.

use std::collections::{BTreeMap, BTreeSet};

use crate::activity::{Activity, Need, Outcome};
use crate::permission::{Call, Mapper, Origin};

const ACTION: &str = "iam:PassRole";

/// What follows the account in the ARN that stands for every role.
const EVERY_ROLE: &str = ":role/*";

/// Whether the role of an instance profile is asked for.
pub fn is_asked(action: &str, resource: &str) -> bool {
    action == ACTION && resource.ends_with(EVERY_ROLE)
}

/// What is known of profiles, by their accounts and names.
#[derive(Debug, Clone, Default)]
pub struct Profiles {
    /// What became of each, by time: a role was put in, or whatever was in it taken out.
    history: BTreeMap<(String, String), BTreeMap<i64, Option<String>>>,
    /// The roles of instances, by account and instance, as ARNs.
    instances: BTreeMap<(String, String), BTreeSet<String>>,
}

impl Profiles {
    /// At `time`, microseconds since the epoch, a role was put into a profile, by its name, or taken
    /// out of it.
    pub fn changed(&mut self, account: &str, profile: &str, time: i64, role: Option<&str>) {
        let profile = (account.to_owned(), profile.to_owned());
        let history = self.history.entry(profile).or_default();
        history.insert(time, role.map(ToOwned::to_owned));
    }

    /// EC2 assumed a role, by its ARN, for an instance.
    pub fn assumed(&mut self, account: &str, instance: &str, role: &str) {
        let instance = (account.to_owned(), instance.to_owned());
        let roles = self.instances.entry(instance).or_default();
        roles.insert(role.to_owned());
    }

    /// The roles that a call passed in profiles, as ARNs; none if one of them is not known.
    fn roles(&self, account: &str, time: i64, passed: &Passed) -> Option<BTreeSet<String>> {
        let by_name = |name: &String| passed.every_role.replace('*', name);
        let in_profile = |profile: &String| {
            let history = self.history.get(&(account.to_owned(), profile.clone()))?;
            let (_, role) = history.range(..=time).next_back()?;
            role.as_ref().map(by_name)
        };
        let held: Option<BTreeSet<String>> = passed.profiles.iter().map(in_profile).collect();
        let mut assumed = BTreeSet::new();
        for instance in &passed.instances {
            let roles = self.instances.get(&(account.to_owned(), instance.clone()));
            assumed.extend(roles.into_iter().flatten().cloned());
        }
        let names = |roles: &BTreeSet<String>| {
            let names = roles.iter().map(|role| name(role).to_owned());
            names.collect::<BTreeSet<String>>()
        };
        let told = match (held, assumed.len()) {
            (Some(held), 0) => held,
            (None, 1) if passed.profiles.len() == 1 => assumed,
            (Some(held), 1) if names(&held) == names(&assumed) => assumed,
            _ => return None,
        };
        let prefix = passed.every_role.trim_end_matches('*');
        let is_one = |role: &String| {
            let role = role.strip_prefix(prefix);
            role.is_some_and(|it| !it.is_empty() && it.bytes().all(is_of_a_name))
        };
        Some(told).filter(|roles| roles.iter().all(is_one))
    }
}

fn name(role: &str) -> &str {
    role.rsplit('/').next().unwrap_or(role)
}

/// What IAM takes in names and paths of roles.
fn is_of_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+=,.@_-/".contains(&byte)
}

/// What a call says of the profiles that it passed.
struct Passed {
    /// The resource that it has without more knowledge.
    every_role: String,
    /// Names of the profiles.
    profiles: BTreeSet<String>,
    /// Instances that it launched or changed.
    instances: Vec<String>,
}

impl Passed {
    fn of(call: &Call<'_>) -> Option<Self> {
        let (every_role, profiles, instances) = Mapper::bundled().passed_profiles(call)?;
        let named = |arn: String| arn.rsplit('/').next().unwrap_or(&arn).to_owned();
        Some(Self {
            every_role,
            profiles: profiles.into_iter().map(named).collect(),
            instances,
        })
    }
}

/// Calls of one name that passed profiles and ended alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Calls {
    principal: String,
    event_source: String,
    event_name: String,
    outcome: Outcome,
    every_role: String,
}

/// How often a role was passed, and when.
#[derive(Debug, Clone, Default)]
struct Passes {
    count: u64,
    first_seen: Option<i64>,
    last_seen: Option<i64>,
    sample_event_id: Option<String>,
}

/// The roles that calls passed in instance profiles.
#[derive(Debug, Clone, Default)]
pub struct PassedRoles {
    /// None where a call's role is not known.
    known: BTreeMap<Calls, Option<BTreeMap<String, Passes>>>,
}

impl PassedRoles {
    /// Takes in a call, by whom, when and with which id.
    pub fn add(
        &mut self,
        profiles: &Profiles,
        call: &Call<'_>,
        outcome: Outcome,
        time: Option<i64>,
        event_id: Option<&str>,
    ) {
        let Some(passed) = Passed::of(call) else {
            return;
        };
        let account = call.account.unwrap_or_default();
        let roles = time.and_then(|time| profiles.roles(account, time, &passed));
        let calls = Calls {
            principal: call.principal.unwrap_or_default().to_owned(),
            event_source: call.event_source.to_owned(),
            event_name: call.event_name.to_owned(),
            outcome,
            every_role: passed.every_role,
        };
        let known = self.known.entry(calls).or_insert(Some(BTreeMap::new()));
        let (Some(roles), Some(all)) = (roles, known.as_mut()) else {
            *known = None;
            return;
        };
        for role in roles {
            let passes = all.entry(role).or_default();
            passes.count += 1;
            passes.first_seen = passes.first_seen.min(time).or(time);
            passes.last_seen = passes.last_seen.max(time);
            if passes
                .sample_event_id
                .as_deref()
                .is_none_or(|least| event_id.is_some_and(|id| id < least))
            {
                passes.sample_event_id = event_id.map(ToOwned::to_owned);
            }
        }
    }

    /// Puts the roles in the place of every role, where those of all calls alike are known. Nobody asks
    /// for the circumstances in which a role was passed, as they are not logged.
    pub fn name(&self, activity: &mut Vec<Activity>) {
        let all = std::mem::take(activity);
        for seen in all {
            match self.named(&seen) {
                Some(named) => activity.extend(named),
                None => activity.push(seen),
            }
        }
    }

    fn named(&self, seen: &Activity) -> Option<Vec<Activity>> {
        let Need::Permission {
            action,
            resource,
            conditions,
            ..
        } = &seen.need
        else {
            return None;
        };
        if !is_asked(action, resource) {
            return None;
        }
        let roles = self.known.get(&Calls {
            principal: seen.principal.clone(),
            event_source: seen.event_source.clone(),
            event_name: seen.event_name.clone(),
            outcome: seen.outcome,
            every_role: resource.clone(),
        })?;
        let named = roles.as_ref()?.iter().map(|(role, passes)| Activity {
            need: Need::Permission {
                action: action.clone(),
                resource: role.clone(),
                origin: Origin::Inferred,
                conditions: conditions.clone(),
            },
            count: passes.count,
            first_seen: passes.first_seen,
            last_seen: passes.last_seen,
            sample_event_id: passes.sample_event_id.clone(),
            ..seen.clone()
        });
        let named: Vec<_> = named.collect();
        (!named.is_empty()).then_some(named)
    }
}

#[cfg(test)]
mod tests;
