//! Systems Manager: ids that begin with `i-` are EC2 instances and those with `mi-` managed
//! nodes; documents named `AWS-...` belong to AWS; tags name a resource by a type and an id.

use super::{Found, Search};
use crate::permission::Origin;
use crate::permission::members::normal;
use crate::permission::resource::arn_text::escaped_name;

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    if let Some(found) = of_resource_type(search) {
        return Some(found);
    }
    let mut found = search.generic();
    let is = |one: &Found, place: &str, start: &str| {
        one.arn.contains(place)
            && one
                .arn
                .rsplit('/')
                .next()
                .is_some_and(|id| id.starts_with(start))
    };
    found.retain(|one| !is(one, ":instance/", "mi-") && !is(one, ":managed-instance", "i-"));
    for one in &mut found {
        if let Some((head, name)) = one.arn.split_once(":document/")
            && ["AWS-", "AWSSupport-", "AWSEC2-", "Amazon"]
                .iter()
                .any(|own| name.starts_with(own))
        {
            let parts: Vec<&str> = head.split(':').collect();
            if let [arn, partition, service, region, _] = parts.as_slice() {
                one.arn = format!("{arn}:{partition}:{service}:{region}::document/{name}");
            }
        }
    }
    Some(found)
}

/// `resourceType: Parameter` and `resourceId: /app/key`.
fn of_resource_type(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let request = search.info.request();
    let (kind, id) = (request.get("resourcetype")?, request.get("resourceid")?);
    let kind = normal(kind);
    let accepted = search
        .planned
        .plan
        .types
        .iter()
        .find(|it| normal(it.kind.name) == kind)?;
    let id = escaped_name(id.trim_start_matches('/'));
    let arns = accepted.templates.iter().filter_map(|planned| {
        let arn = planned.template.fill(search.place, |_| Some(id.clone()))?;
        Some(Found {
            origin: Origin::Event,
            ..Found::event(arn)
        })
    });
    Some(arns.collect())
}
