//! WAF: the scope of a request is written otherwise in ARNs.

use super::{Found, Search};

/// Scopes in requests and in ARNs.
const SCOPES: [(&str, &str); 2] = [(":REGIONAL/", ":regional/"), (":CLOUDFRONT/", ":global/")];

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let mut found = search.generic();
    for one in &mut found {
        for (asked, written) in SCOPES {
            one.arn = one.arn.replacen(asked, written, 1);
        }
    }
    Some(found)
}
