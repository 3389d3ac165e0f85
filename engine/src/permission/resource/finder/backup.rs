//! Backup: a recovery point is a resource of the service that was backed up, a snapshot mostly.

use super::{Found, Search};
use crate::permission::resource::arn_text::escaped;

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    if !search.accepts("recoveryPoint") {
        return None;
    }
    let point = search.info.request().get("recoverypointarn")?;
    let is_arn = point.starts_with("arn:");
    is_arn.then(|| vec![Found::event(escaped(point))])
}
