//! SageMaker: names are the same in any case, and most ARNs have them in small letters.

use super::{Found, Search};

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let mut found = search.generic();
    let small: Vec<Found> = found.iter().filter_map(in_small_letters).collect();
    found.extend(small);
    Some(found)
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
