//! QuickSight: the ARNs of users and groups have their namespace in front of their name.

use super::{Found, Place, Search};
use crate::permission::resource::{arn_text::escaped_name, is_account};

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let request = search.info.request();
    // They are in the account that the request names.
    let account = request.get("awsaccountid").filter(|it| is_account(it));
    let place = Place {
        account: account.unwrap_or(search.place.account),
        ..*search.place
    };
    let in_account = Search {
        place: &place,
        ..search
    };
    let kinds = [("user", "username"), ("group", "groupname")];
    let found = kinds.iter().filter_map(|(kind, member)| {
        let name = request.get(member).filter(|_| search.accepts(kind))?;
        let namespace = request.get("namespace").unwrap_or("default");
        let (namespace, name) = (escaped_name(namespace), escaped_name(name));
        let resource = [kind, "/", &*namespace, "/", &*name];
        Some(Found::event(in_account.arn("quicksight", &resource)))
    });
    Some(found.collect())
}
