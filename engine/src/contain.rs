//! Does a policy grant more than another, or what it should not?
//!
//! Decided for all actions and resources there can be, by walking patterns as automata: nothing is
//! sampled. What depends on the request is decided cautiously, so that PASS can be relied on and
//! FAIL may be too strict:
//!
//! - an Allow with conditions grants. It is covered by an Allow only if that asks for nothing which
//!   it does not ask for, too;
//! - a Deny with conditions counts only where the Allow's own conditions make sure that it applies;
//! - the value of a policy variable is like no text, and like no other variable;
//! - a Deny of the existing policy takes away from it all it may take away, unless the new policy
//!   denies the same;
//! - of the policies of resources each principal is looked at that either policy names, and one that
//!   none names; an account is not taken for those who are in it, unless it is denied;
//! - patterns that would take too long to compare fail.

mod implies;
mod points;
mod who;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::pattern::{Budget, Pattern};
use crate::policy::{Actions, Effect, PolicyDocument, Resources, Statement};
use implies::implies;
use points::{Part, Policy, Side, TooLong, for_all};
use who::{Crowd, Somebody};

/// The answer of a check, in the form of IAM Access Analyzer's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// PASS or FAIL.
    pub result: CheckResult,
    /// The answer in a sentence.
    pub message: String,
    /// The statements that fail.
    pub reasons: Vec<Reason>,
}

/// PASS or FAIL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum CheckResult {
    /// Nothing is granted that should not be.
    Pass,
    /// Something is, or may be.
    Fail,
}

/// A statement that fails a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// What it does.
    pub description: String,
    /// Its name, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement_id: Option<String>,
    /// Its place in the document, from 0.
    pub statement_index: usize,
}

/// Access that a policy should not grant: any of the actions on any of the resources.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access {
    /// Actions, perhaps with wildcards. None are all.
    pub actions: Vec<String>,
    /// Resources, perhaps with wildcards. None are all.
    pub resources: Vec<String>,
}

/// Access of which it makes no sense to ask.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAccess {
    /// Neither actions nor resources.
    #[error("access without actions and resources stands for everything")]
    Nothing,
    /// An action without its service.
    #[error("`{0}` is no action")]
    NoAction(String),
    /// A resource that is no ARN.
    #[error("`{0}` is no ARN")]
    NoArn(String),
}

impl BadAccess {
    /// What to write instead.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Nothing => "name an action or a resource; `*` if everything is meant",
            Self::NoAction(_) => {
                "an action is written service:Name, such as s3:DeleteBucket, or `*`"
            }
            Self::NoArn(_) => "an ARN begins with arn:, such as arn:aws:s3:::logs/*; or write `*`",
        }
    }
}

impl Access {
    /// Whether it names actions and resources as policies do.
    pub fn check(&self) -> Result<(), BadAccess> {
        if self.actions.is_empty() && self.resources.is_empty() {
            return Err(BadAccess::Nothing);
        }
        let is_no_action = |it: &&String| *it != "*" && !it.contains(':');
        if let Some(action) = self.actions.iter().find(is_no_action) {
            return Err(BadAccess::NoAction(action.clone()));
        }
        let is_no_arn = |it: &&String| *it != "*" && !it.starts_with("arn:");
        match self.resources.iter().find(is_no_arn) {
            Some(resource) => Err(BadAccess::NoArn(resource.clone())),
            None => Ok(()),
        }
    }
}

/// Whether action pattern `other` has nothing that `pattern` has not.
///
/// ```
/// # use trailwright_engine::contain::action_covers;
/// assert!(action_covers("s3:Get*", "S3:GetObject*"));
/// assert!(!action_covers("s3:Get*", "s3:*"));
/// ```
pub fn action_covers(pattern: &str, other: &str) -> bool {
    crate::pattern::covers(&[Pattern::action(pattern)], &Pattern::action(other))
}

/// What makes a resource more than a plain text.
const WILD: [char; 3] = ['*', '?', '$'];

/// Whether resource pattern `other` has nothing that `pattern` has not, whatever the values of
/// policy variables.
pub fn resource_covers(pattern: &str, other: &str) -> bool {
    let (start, rest) = match pattern.find(WILD) {
        Some(at) => pattern.split_at(at),
        None => (pattern, ""),
    };
    if !other.contains(WILD) {
        // A plain ARN: most patterns are told from it by how they begin, and none needs a walk.
        return match other.starts_with(start) {
            false => false,
            true if rest.is_empty() => start == other,
            true => Pattern::resource_of_any_request(pattern, true)
                .is_some_and(|pattern| pattern.matches(other)),
        };
    }
    let parse = |text| Pattern::resource_of_any_request(text, true);
    match (parse(pattern), parse(other)) {
        (Some(pattern), Some(other)) => crate::pattern::covers(&[pattern], &other),
        // A pattern that can cover nothing is covered by any.
        (_, None) => true,
        (None, _) => false,
    }
}

/// Whether `new` grants anything that `existing` does not.
pub fn check_no_new_access(existing: &PolicyDocument, new: &PolicyDocument) -> Check {
    let same_grammar = existing.has_variables() == new.has_variables();
    let existing = Policy::of(Side::Existing, existing, |it| {
        // What both deny makes no difference.
        it.effect == Effect::Allow || !same_grammar || !new.statement.contains(it)
    });
    let new = Policy::of(Side::New, new, |_| true);
    let budget = Budget::default();
    let everybody: BTreeSet<Somebody> = existing.named().chain(new.named()).collect();
    let covers_all = |allow: &Statement, crowd: &Crowd| {
        // Whatever it grants, it granted before, also where variables make that hard to tell.
        let same = same_grammar && existing.allows().any(|(_, old, _)| old == allow);
        let covered = |here: &[&Part<'_>]| {
            let of = |side, effect| -> Vec<&Statement> {
                here.iter()
                    .filter(|part| part.side == side && part.statement.effect == effect)
                    .map(|part| part.statement)
                    .collect()
            };
            let new_denies = of(Side::New, Effect::Deny);
            if denies(&new_denies, allow) {
                return true;
            }
            let kept = |old: &&Statement| {
                new_denies
                    .iter()
                    .any(|new| implies(&old.condition, &new.condition))
            };
            of(Side::Existing, Effect::Deny).iter().all(kept)
                && (same
                    || of(Side::Existing, Effect::Allow)
                        .iter()
                        .any(|old| implies(&allow.condition, &old.condition)))
        };
        let parts: Vec<Part<'_>> = existing
            .surely(Effect::Allow)
            .chain(existing.perhaps(Effect::Deny))
            .chain(new.surely(Effect::Deny))
            .collect();
        for_all(&crowd.members(&everybody), &parts, &budget, |parts| {
            new.points_of(allow, parts, &budget, covered)
        })
    };
    let failing = new.allows().filter_map(|(index, allow, crowd)| {
        let description = match covers_all(allow, crowd) {
            Ok(true) => return None,
            Ok(false) => "New access",
            Err(TooLong) => "Too many wildcards to compare",
        };
        Some(reason(index, allow, description))
    });
    check(
        failing.collect(),
        "The modified permissions do not grant new access compared to your existing policy.",
        "The modified permissions grant new access compared to your existing policy.",
    )
}

/// Whether `policy` grants none of `access`.
pub fn check_access_not_granted(access: &[Access], policy: &PolicyDocument) -> Check {
    let policy = Policy::of(Side::New, policy, |_| true);
    let or_all = |patterns: &[String]| {
        let all = patterns.is_empty().then(|| "*".to_owned());
        patterns.iter().cloned().chain(all).collect()
    };
    let asked: Vec<Statement> = access
        .iter()
        .map(|it| Statement::new(Effect::Allow, or_all(&it.actions), or_all(&it.resources)))
        .collect();
    let budget = Budget::default();
    let everybody: BTreeSet<Somebody> = policy.named().collect();
    let granted = |allow: &Statement, crowd: &Crowd, index| {
        let parts: Vec<Part<'_>> = policy
            .perhaps(Effect::Allow)
            .filter(|part| part.index == index)
            .chain(policy.surely(Effect::Deny))
            .collect();
        let not_granted = |here: &[&Part<'_>]| {
            let (allows, others): (Vec<&Part<'_>>, Vec<&Part<'_>>) = here
                .iter()
                .partition(|part| part.statement.effect == Effect::Allow);
            let denying: Vec<&Statement> = others.iter().map(|part| part.statement).collect();
            allows.is_empty() || denies(&denying, allow)
        };
        let to_nobody = |asked| {
            for_all(&crowd.members(&everybody), &parts, &budget, |parts| {
                points::all_points(asked, false, parts, &budget, not_granted)
            })
        };
        asked
            .iter()
            .map(to_nobody)
            .collect::<Result<Vec<bool>, TooLong>>()
            .map(|none| none.contains(&false))
    };
    let failing = policy.allows().filter_map(|(index, allow, crowd)| {
        let description = match granted(allow, crowd, index) {
            Ok(false) => return None,
            Ok(true) => "One or more of the listed actions",
            Err(TooLong) => "Too many wildcards to compare",
        };
        Some(reason(index, allow, description))
    });
    check(
        failing.collect(),
        "The policy document does not grant access to perform one or more of the listed actions.",
        "The policy document grants access to perform one or more of the listed actions.",
    )
}

/// Whether one of `denying` applies whenever `allow` does.
fn denies(denying: &[&Statement], allow: &Statement) -> bool {
    denying
        .iter()
        .any(|deny| implies(&allow.condition, &deny.condition))
}

fn reason(index: usize, statement: &Statement, description: &str) -> Reason {
    let place = match &statement.sid {
        Some(sid) if !sid.is_empty() => format!("sid: {sid}"),
        _ => format!("index: {index}"),
    };
    Reason {
        description: format!("{description} in the statement with {place}."),
        statement_id: statement.sid.clone(),
        statement_index: index,
    }
}

fn check(reasons: Vec<Reason>, passed: &str, failed: &str) -> Check {
    let (result, message) = if reasons.is_empty() {
        (CheckResult::Pass, passed)
    } else {
        (CheckResult::Fail, failed)
    };
    Check {
        result,
        message: message.to_owned(),
        reasons,
    }
}

#[cfg(test)]
mod tests;
