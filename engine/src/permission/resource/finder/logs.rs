//! CloudWatch Logs: IAM compares the ARN of a log group now bare, now with `:*` behind it, as
//! the operation goes. A policy names both.

use super::{Found, Search};

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let found = search.generic();
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
