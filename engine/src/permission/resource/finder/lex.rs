//! Lex: both versions of the API share actions. The second names a bot by its id, and what it
//! takes is checked on `bot/ID`; types whose ARNs have a colon there are those of the first.

use super::{Found, Search};

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    search.info.request().get("botid")?;
    let is_second = |one: &Found| {
        let resource = one.arn.splitn(6, ':').nth(5).unwrap_or_default();
        resource.contains('/')
    };
    let mut found = search.generic();
    found.retain(is_second);
    Some(found)
}
