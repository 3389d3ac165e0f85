//! ECS: a task definition is named by its family, with a revision or without, and tasks are listed
//! on `*` unless they are those of an instance.

use super::{Found, Search};
use crate::permission::Origin;
use crate::permission::members::normal;
use crate::permission::resource::arn_text::escaped_name;

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    if lists_all_tasks(search) {
        return Some(vec![Found::any()]);
    }
    if tags_what_it_registers(search) {
        let family = |it: &Found| Some(Found::event(it.arn.strip_suffix(":*")?.to_owned()));
        return Some(search.generic_and(family));
    }
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

/// Whether a task definition is registered with tags: aws/aws-cdk issue 25768 was denied on its family,
/// without a revision.
fn tags_what_it_registers(search: Search<'_, '_>) -> bool {
    let event_name = search.info.call.event_name;
    search.planned.action.name == "TagResource" && event_name == "RegisterTaskDefinition"
}

/// Whether tasks are listed that need not be on one instance: cdklabs/construct-hub pull 1207 was
/// denied on `*`, and fabfuel/ecs-deploy issue 119.
fn lists_all_tasks(search: Search<'_, '_>) -> bool {
    let instance = search.info.request().get("containerinstance");
    search.planned.action.name == "ListTasks" && search.info.takes_defaults() && instance.is_none()
}
