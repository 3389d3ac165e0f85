//! Which of the activity counts as used?

use std::collections::BTreeSet;

use crate::activity::{Activity, Need, Outcome};
use crate::permission::Origin;

/// What activity means for a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A permission was used: the policy grants it.
    Used,
    /// A call failed, throttled mostly, before anything of its request was recorded, and other
    /// calls of the action tell what they were about. It shows no more than they do.
    Vague,
    /// AWS refused.
    Denied,
    /// No permission was needed.
    Unchecked,
    /// A permission was needed, and nobody knows which.
    Unknown,
}

/// Each piece of activity with what it means.
pub(crate) fn select(activity: &[Activity]) -> impl Iterator<Item = (&Activity, Meaning)> {
    let named = actions_with_resources(activity);
    activity.iter().map(move |seen| {
        let meaning = match (&seen.need, seen.outcome) {
            (Need::Nothing, _) => Meaning::Unchecked,
            (_, Outcome::Denied) => Meaning::Denied,
            (Need::Unknown, _) => Meaning::Unknown,
            (Need::Permission { action, origin, .. }, _) => {
                match *origin == Origin::Untold && named.contains(action.as_str()) {
                    true => Meaning::Vague,
                    false => Meaning::Used,
                }
            }
        };
        (seen, meaning)
    })
}

/// Actions of which some call has its request recorded.
fn actions_with_resources(activity: &[Activity]) -> BTreeSet<&str> {
    activity
        .iter()
        .filter(|seen| seen.outcome != Outcome::Denied)
        .filter_map(|seen| match &seen.need {
            Need::Permission { action, origin, .. } if *origin != Origin::Untold => {
                Some(action.as_str())
            }
            _ => None,
        })
        .collect()
}
