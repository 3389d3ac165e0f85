//! Which path does a role or user have, of which an event gives the name alone?
//!
//! Names are unique in an account, so an ARN with a path that is seen anywhere tells the path of
//! the same name everywhere.

use std::collections::{BTreeMap, BTreeSet};

use crate::activity::{Activity, Need};

/// Gives resources that are IAM roles, users, groups or policies the path under which `known`
/// ARNs name them. A name that is known under several paths stays as it is.
pub fn restore(activity: &mut [Activity], known: &BTreeSet<String>) {
    let resources = activity.iter_mut().filter_map(|seen| match &mut seen.need {
        Need::Permission { resource, .. } => Some(resource),
        Need::Nothing | Need::Unknown => None,
    });
    restore_all(resources, known);
}

/// The same for any resources.
pub fn restore_all<'a>(resources: impl Iterator<Item = &'a mut String>, known: &BTreeSet<String>) {
    let mut paths: BTreeMap<String, Option<&str>> = BTreeMap::new();
    for arn in known {
        if let Some((bare, _)) = without_path(arn) {
            paths
                .entry(bare)
                .and_modify(|path| *path = path.filter(|known| *known == arn))
                .or_insert(Some(arn));
        }
    }
    for resource in resources {
        if let Some(Some(full)) = paths.get(resource.as_str()) {
            *resource = (*full).to_owned();
        }
    }
}

/// Whether `arn` is that of an IAM role, user, group or policy with a path.
pub fn has_path(arn: &str) -> bool {
    without_path(arn).is_some()
}

/// An ARN's kind and name without the path between them, if there is one.
fn without_path(arn: &str) -> Option<(String, &str)> {
    let (head, resource) = arn.split_once(":iam::")?;
    let (account, resource) = resource.split_once(':')?;
    let (kind, rest) = resource.split_once('/')?;
    let (path, name) = rest.rsplit_once('/')?;
    Some((format!("{head}:iam::{account}:{kind}/{name}"), path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::Outcome;
    use crate::permission::Origin;

    fn on(resource: &str) -> Activity {
        Activity {
            principal: String::new(),
            event_source: String::new(),
            event_name: String::new(),
            need: Need::Permission {
                action: "iam:GetRole".to_owned(),
                resource: resource.to_owned(),
                origin: Origin::Event,
                conditions: Vec::new(),
            },
            outcome: Outcome::Allowed,
            count: 1,
            events: 1,
            first_seen: None,
            last_seen: None,
            sample_event_id: None,
        }
    }

    #[test]
    fn a_path_seen_once_is_known_everywhere() {
        let known = [
            "arn:aws:iam::1:role/ci/deploy",
            "arn:aws:iam::1:role/a/twice",
            "arn:aws:iam::1:role/b/twice",
        ];
        let known = known.into_iter().map(ToOwned::to_owned).collect();
        let mut activity = [
            on("arn:aws:iam::1:role/deploy"),
            on("arn:aws:iam::2:role/deploy"),
            on("arn:aws:iam::1:role/twice"),
        ];
        restore(&mut activity, &known);
        let resources: Vec<_> = activity
            .iter()
            .filter_map(|seen| match &seen.need {
                Need::Permission { resource, .. } => Some(resource.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(
            resources,
            [
                "arn:aws:iam::1:role/ci/deploy",
                "arn:aws:iam::2:role/deploy",
                "arn:aws:iam::1:role/twice"
            ]
        );
    }
}
