//! CloudWatch Logs: IAM compares the ARN of a log group now bare, now with `:*` behind it, as
//! the operation goes. A policy names both. Streams come and go with what writes to them.

use super::{Found, Search};
use crate::permission::Origin;

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let mut found = search.generic();
    // Programs make a stream for each of their runs: a policy that names those of the past
    // lets the next run write nothing.
    let origin = match search.planned.action.name {
        "CreateLogStream" => Some(Origin::Created),
        "PutLogEvents" => Some(Origin::Widened),
        _ => None,
    };
    if let Some(origin) = origin {
        let stream = search.planned.plan.types.iter();
        let template = stream.flat_map(|it| &it.templates).map(|it| it.text).next();
        for one in &mut found {
            if let Some((group, _)) = one.arn.split_once(":log-stream:") {
                one.arn = format!("{group}:log-stream:*");
                one.origin = origin;
                one.template = template;
            }
        }
    }
    let twins = found.iter().filter(|one| {
        one.arn.contains(":log-group:")
            && !one.arn.contains(":log-stream:")
            && !one.arn.ends_with('*')
    });
    let twins: Vec<Found> = twins
        .map(|one| Found {
            arn: format!("{}:*", one.arn),
            ..one.clone()
        })
        .collect();
    Some(found.into_iter().chain(twins).collect())
}
