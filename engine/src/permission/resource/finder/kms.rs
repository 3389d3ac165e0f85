//! KMS: a key may be named by its id, its ARN or an alias. The alias is no resource of a key's
//! actions: the key itself is in the event's `resources`.

use super::{Found, Search};
use crate::permission::resource::arn_text::{escaped, escaped_name};

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    if !search.accepts("key") {
        return None;
    }
    let request = || search.info.request();
    let listed = search.info.resource_arns().iter().map(|one| &*one.arn);
    let mut listed = listed.filter(|arn| arn.contains(":key/"));
    let reencrypted = match search.planned.action.name {
        "ReEncryptFrom" => Some(("sourcekeyid", 0)),
        "ReEncryptTo" => Some(("destinationkeyid", 1)),
        _ => None,
    };
    if let Some((member, place)) = reencrypted {
        // `resources` lists the source before the destination.
        let named = request().get(member).filter(|key| !key.contains("alias/"));
        return Some(match named.or_else(|| listed.nth(place)) {
            Some(arn) if arn.starts_with("arn:") => vec![Found::event(escaped(arn))],
            Some(id) => vec![Found::event(
                search.arn("kms", &["key/", &escaped_name(id)]),
            )],
            None => search.widened("key"),
        });
    }
    if listed.next().is_some() {
        return None;
    }
    // A bare id is bound by name; an alias would be bound as if it were one.
    let is_alias = request().get("keyid")?.contains("alias/");
    is_alias.then(|| search.widened("key"))
}
