//! Account Management: who names an account means one of the organization, and else the caller's own.

use super::{Found, Search};
use crate::permission::Origin;
use crate::permission::resource::arn_text::escaped_name;

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let account = search.info.request().get("accountid")?;
    let mut found = search.widened("accountInOrganization");
    for one in &mut found {
        let partition = search.place.partition;
        let id = escaped_name(account);
        one.arn = format!("arn:{partition}:account::*:account/o-*/{id}");
        one.origin = Origin::Partial;
    }
    Some(found)
}
