//! SES: the sender of a message may be written with a name in front of the address.

use super::{Found, Search};

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let mut found = search.generic();
    for one in &mut found {
        let Some((place, sender)) = one.arn.split_once(":identity/") else {
            continue;
        };
        let address = sender
            .rsplit_once('<')
            .and_then(|(_, rest)| rest.strip_suffix('>'));
        if let Some(address) = address {
            one.arn = format!("{place}:identity/{address}");
        }
    }
    Some(found)
}
