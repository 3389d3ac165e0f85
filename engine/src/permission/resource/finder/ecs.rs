//! ECS: a task definition is named by its family, with a revision or without.

use super::{Found, Search};
use crate::permission::Origin;
use crate::permission::resource::arn_text::escaped_name;

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    if !search.accepts("task-definition") {
        return None;
    }
    let members = search.info.request().iter();
    let named = members.filter(|member| {
        matches!(member.name, "taskdefinition" | "taskdefinitions")
            && !member.value.starts_with("arn:")
    });
    let found = named.map(|member| {
        let name = escaped_name(member.value);
        // Without a revision the newest is meant, and which that is changes.
        let (any, origin) = match member.value.contains(':') {
            true => ("", Origin::Event),
            false => (":*", Origin::Partial),
        };
        Found {
            origin,
            ..Found::event(search.arn("ecs", &["task-definition/", &name, any]))
        }
    });
    Some(found.collect())
}
