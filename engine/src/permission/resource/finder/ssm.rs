//! Systems Manager: ids that begin with `i-` are EC2 instances and those with `mi-` managed
//! nodes; documents named `AWS-...` belong to AWS.

use serde_json::Value;

use super::{Found, Search};
use crate::permission::resource::arn_text::escaped_name;

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let mut found = search.generic();
    targets(search, &mut found);
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
        // Parameters that AWS publishes belong to no account.
        if let Some((head, name)) = one.arn.split_once(":parameter/")
            && name.starts_with("aws/service/")
        {
            let own = head.rsplit_once(':').map_or(head, |(place, _)| place);
            one.arn = format!("{own}::parameter/{name}");
        }
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

/// What a command or a session is for, where that is not an instance that is named.
fn targets(search: Search<'_, '_>, found: &mut Vec<Found>) {
    let request = search.info.request();
    // `ecs:CLUSTER_TASK_CONTAINER` is a container of a task.
    let task = request.get("target").and_then(|it| it.strip_prefix("ecs:"));
    if let Some(target) = task.filter(|_| search.accepts("task")) {
        found.retain(|one| one.arn.contains(":document/"));
        let mut parts = target.rsplitn(3, '_').skip(1);
        if let (Some(task), Some(cluster)) = (parts.next(), parts.next()) {
            let (cluster, task) = (escaped_name(cluster), escaped_name(task));
            found.push(Found::event(
                search.arn("ecs", &["task/", &*cluster, "/", &*task]),
            ));
        }
    }
    // Instances may be chosen by their tags, and are checked all the same.
    if !search.accepts("instance") || !request.has("targets") {
        return;
    }
    let targets = search.info.request_value().get("targets");
    let Some(targets) = targets.and_then(Value::as_array) else {
        return;
    };
    for target in targets {
        let key = target
            .get("key")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let values = target.get("values").and_then(Value::as_array);
        let ids = values.into_iter().flatten().filter_map(Value::as_str);
        let ids: Vec<&str> = ids.filter(|id| *id != "*").collect();
        match key.eq_ignore_ascii_case("InstanceIds") && !ids.is_empty() {
            true => found.extend(ids.into_iter().map(|id| {
                let service = if id.starts_with("mi-") { "ssm" } else { "ec2" };
                let kind = match service {
                    "ssm" => "managed-instance/",
                    _ => "instance/",
                };
                Found::event(search.arn(service, &[kind, &escaped_name(id)]))
            })),
            false => {
                found.extend(search.widened("instance"));
                found.extend(search.widened("managed-instance"));
            }
        }
    }
}
