//! EC2: some operations take an id of any type, and the id itself tells which.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Found, Search};
use crate::permission::Origin;
use crate::permission::resource::arn_text::escaped_name;

/// Members that may hold an id of any type.
const OPEN_MEMBERS: [&str; 4] = ["resourceid", "resourceids", "resource", "resources"];

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let request = search.info.request();
    let action = search.planned.action.name;
    if action == "CreateTags" && search.info.call.event_name != "CreateTags" {
        return Some(tagged_at_creation(search));
    }
    let open = request
        .iter()
        .filter(|member| OPEN_MEMBERS.contains(&member.name));
    let mut found: Vec<Found> = open
        .filter(|member| !member.value.contains(':'))
        .filter_map(|member| by_id(search, member.value))
        .collect();
    if found.is_empty() {
        return (action == "RunInstances").then(|| launched(search));
    }
    // What else the operation needs, such as the flow log that is made for an interface.
    let named = |one: &Found| found.iter().any(|known| same_type(&known.arn, &one.arn));
    let rest: Vec<Found> = search
        .generic()
        .into_iter()
        .filter(|one| one.arn != "*" && !named(one))
        .collect();
    found.extend(rest);
    Some(found)
}

/// The resource that bears an id, of whatever type that is.
fn by_id(search: Search<'_, '_>, id: &str) -> Option<Found> {
    let Some(kind) = search.reference.resource_type_of_id("ec2", id) else {
        // Ids are unique over all types.
        let of_any_type = || Found {
            origin: Origin::Partial,
            ..Found::event(search.arn("ec2", &["*/", &escaped_name(id)]))
        };
        return id.contains('-').then(of_any_type);
    };
    let mut types = search.planned.plan.types.iter();
    let accepted = types.find(|it| it.kind.name == kind.name)?;
    if kind.name == "key-pair" {
        // A key pair's id is not in its ARN.
        return accepted.widened(search.place, Origin::Widened).next();
    }
    let template = &accepted.templates.first()?.template;
    let arn = template.fill(search.place, |_| Some(escaped_name(id)));
    arn.map(Found::event)
}

/// What instances are launched with: a launch template gives what the request does not, and the
/// response shows it.
fn launched(search: Search<'_, '_>) -> Vec<Found> {
    let mut found = search.generic();
    let (request, response) = (search.info.request(), search.info.response());
    if search.info.by_launch_template() && request.get("keyname").is_none() {
        let key = response
            .get("keyname")
            .filter(|_| search.accepts("key-pair"));
        found.extend(
            key.map(|key| Found::event(search.arn("ec2", &["key-pair/", &escaped_name(key)]))),
        );
    }
    let mut tagged = BTreeSet::new();
    gather_tagged(search.info.request_value(), false, &mut tagged);
    if tagged.contains(REQUEST_FOR_SPOT) {
        found.extend(made(search, REQUEST_FOR_SPOT));
    }
    found
}

/// A launch is checked on it only if it tags it, as the user guide says: "does not evaluate the
/// spot-instances-request resource in the `RunInstances` statement if the Spot Instance request is
/// not tagged on create".
const REQUEST_FOR_SPOT: &str = "spot-instances-request";

/// A resource of a type that the call makes.
fn made<'s>(search: Search<'s, '_>, kind: &'s str) -> impl Iterator<Item = Found> + 's {
    let types = search.planned.plan.types.iter();
    let of_type = types.filter(move |accepted| accepted.kind.name == kind);
    of_type.flat_map(move |accepted| accepted.widened(search.place, Origin::Created))
}

/// The types of resource that a call tags as it makes them.
fn tagged_at_creation(search: Search<'_, '_>) -> Vec<Found> {
    let mut tagged = BTreeSet::new();
    gather_tagged(search.info.request_value(), false, &mut tagged);
    if tagged.is_empty() && search.info.by_launch_template() {
        // The tags are those of the template: the response shows them of instances alone.
        tagged.insert("instance");
    }
    let tagged = tagged.into_iter();
    tagged.flat_map(|kind| made(search, kind)).collect()
}

/// What is only written down for later, or is launched by the role of a fleet.
const NOT_TAGGED_NOW: [&str; 3] = [
    "LaunchTemplateData",
    "launchSpecifications",
    "launchTemplateConfigs",
];

/// The values of `resourceType` below a tag specification.
fn gather_tagged<'v>(value: &'v Value, in_specification: bool, tagged: &mut BTreeSet<&'v str>) {
    match value {
        Value::Array(elements) => {
            for element in elements {
                gather_tagged(element, in_specification, tagged);
            }
        }
        Value::Object(members) => {
            for (key, value) in members {
                if NOT_TAGGED_NOW.iter().any(|it| it.eq_ignore_ascii_case(key)) {
                    continue;
                }
                let is_type = in_specification && key.eq_ignore_ascii_case("resourceType");
                tagged.extend(value.as_str().filter(|_| is_type));
                let begins = key.get(.."tagSpecification".len());
                let begins = begins.is_some_and(|it| it.eq_ignore_ascii_case("tagSpecification"));
                gather_tagged(value, in_specification || begins, tagged);
            }
        }
        _ => {}
    }
}

/// Whether two ARNs are of one type, `.../subnet/a` and `.../subnet/b`.
fn same_type(a: &str, b: &str) -> bool {
    let kind = |arn: &str| arn.rsplit_once('/').map(|(kind, _)| kind.to_owned());
    kind(a) == kind(b)
}
