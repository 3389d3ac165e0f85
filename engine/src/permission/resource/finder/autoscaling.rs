//! Auto Scaling: a tag names the group that it is on.

use super::{Found, Search};
use crate::permission::Origin;
use crate::permission::resource::arn_text::escaped_name;

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let of_tags = ["CreateOrUpdateTags", "DeleteTags"];
    if !of_tags.contains(&search.planned.action.name) {
        return None;
    }
    let tags = search.info.request_value().get("tags")?.as_array()?;
    let groups = tags
        .iter()
        .filter_map(|tag| tag.get("resourceId")?.as_str());
    let mut groups: Vec<&str> = groups.collect();
    groups.sort_unstable();
    groups.dedup();
    let found = groups.into_iter().map(|group| {
        let group = escaped_name(group);
        Found {
            origin: Origin::Partial,
            ..Found::event(search.arn(
                "autoscaling",
                &["autoScalingGroup:*:autoScalingGroupName/", &group],
            ))
        }
    });
    Some(found.collect())
}
