//! ECS: a task definition is named by its family, with a revision or without.

use super::{Found, Search};
use crate::permission::Origin;
use crate::permission::resource::arn_text::escaped_name;

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let named = search.info.request().get("taskdefinition")?;
    if !search.accepts("task-definition") || named.starts_with("arn:") {
        return None;
    }
    let name = escaped_name(named);
    // Without a revision the newest is meant, and which that is changes.
    let (resource, origin) = match named.contains(':') {
        true => (format!("task-definition/{name}"), Origin::Event),
        false => (format!("task-definition/{name}:*"), Origin::Partial),
    };
    Some(vec![Found {
        origin,
        ..Found::event(search.arn("ecs", &resource))
    }])
}
