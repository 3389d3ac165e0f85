//! KMS: a key may be named by its id, its ARN or an alias. The alias is no resource of a key's
//! actions: the key itself is in the event's `resources`.

use super::{Found, Search};

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    if !search.accepts("key") {
        return None;
    }
    let is_key = |arn: &&str| arn.contains(":key/");
    let listed = search
        .info
        .resource_arns()
        .iter()
        .map(String::as_str)
        .find(is_key);
    if listed.is_some() {
        return None;
    }
    // A bare id is bound by name; an alias would be bound as if it were one.
    let named = search.info.request().get("keyid")?;
    if !named.contains("alias/") {
        return None;
    }
    let widened = search
        .planned
        .types
        .iter()
        .filter(|accepted| accepted.kind.name == "key");
    let widened = widened
        .flat_map(|accepted| accepted.widened(search.place, crate::permission::Origin::Widened));
    Some(widened.collect())
}
