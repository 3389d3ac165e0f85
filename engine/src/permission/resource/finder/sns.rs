//! SNS: a text message goes to a phone number, which is no resource that a policy could name.

use super::{Found, Search};
use crate::permission::Origin;

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let call = search.info.call;
    let to_phone = call.event_name == "Publish" && search.info.request().has("phoneNumber");
    to_phone.then(|| {
        vec![Found {
            origin: Origin::Widened,
            ..Found::any()
        }]
    })
}
