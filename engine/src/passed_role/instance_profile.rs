//! Which role did an instance profile hold when a call passed it?
//!
//! Two events tell: the one that put a role into the profile, and EC2's `AssumeRole` for an instance
//! that the call launched, which no one else can send. Where they are silent or disagree, the role
//! stays untold: every role.

use std::collections::{BTreeMap, BTreeSet};

use super::Made;
use crate::permission::{Call, Mapper};

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

    /// What stands for every role where a call passed a profile, and the roles that it passed if they
    /// are known.
    pub(super) fn passed(&self, made: &Made<'_>) -> Option<(String, Option<BTreeSet<String>>)> {
        let passed = Passed::of(made.call)?;
        let account = made.call.account.unwrap_or_default();
        let roles = made
            .time
            .and_then(|time| self.roles(account, time, &passed));
        Some((passed.every_role, roles))
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

/// What follows the path in an ARN.
fn name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
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
        let profiles = profiles.iter().map(|profile| name(profile).to_owned());
        Some(Self {
            every_role,
            profiles: profiles.collect(),
            instances,
        })
    }
}
