//! SageMaker: names are the same in any case, and most ARNs have them in small letters.

use super::{Found, Search};

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    Some(search.generic_and(in_small_letters))
}

/// The same resource with its name in small letters, if they are not already: an endpoint is checked
/// so (philschmid/cdk-samples issue 2), a lifecycle configuration as it is written
/// (awslabs/service-workbench-on-aws issue 1176).
fn in_small_letters(found: &Found) -> Option<Found> {
    let at = found.arn.match_indices(':').nth(4)?.0;
    let (place, name) = found.arn.split_at(at);
    let small = name.to_ascii_lowercase();
    (small != name).then(|| Found {
        arn: format!("{place}{small}"),
        ..found.clone()
    })
}
