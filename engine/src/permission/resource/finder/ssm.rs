//! Systems Manager: ids that begin with `i-` are EC2 instances and those with `mi-` managed
//! nodes; documents named `AWS-...` belong to AWS.

use super::{Found, Search};

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let mut found = search.generic();
    let is = |one: &Found, place: &str, start: &str| {
        one.arn.contains(place)
            && one
                .arn
                .rsplit('/')
                .next()
                .is_some_and(|id| id.starts_with(start))
    };
    // The type ManagedInstance of a request takes in both.
    let place = search.place;
    for one in &mut found {
        if is(one, ":managed-instance/", "i-") && search.accepts("instance") {
            let id = one.arn.rsplit('/').next().unwrap_or_default();
            one.arn = format!(
                "arn:{}:ec2:{}:{}:instance/{id}",
                place.partition, place.region, place.account
            );
        }
    }
    found.retain(|one| !is(one, ":instance/", "mi-") && !is(one, ":managed-instance", "i-"));
    found.dedup();
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
