//! ECS: a task definition is named by its family, with a revision or without.

use super::{Found, Search};
use crate::permission::Origin;
use crate::permission::members::normal;
use crate::permission::resource::arn_text::escaped_name;

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let kinds = ["task-definition", "daemon-task-definition"];
    let kind = kinds.into_iter().find(|kind| search.accepts(kind))?;
    let wanted = normal(kind);
    let members = search.info.request().iter();
    let named = members.filter(|member| {
        let name = member.name.strip_suffix('s').unwrap_or(member.name);
        name == wanted && !member.value.starts_with("arn:")
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
            ..Found::event(search.arn("ecs", &[kind, "/", &name, any]))
        }
    });
    Some(found.collect())
}
