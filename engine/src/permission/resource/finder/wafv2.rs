//! WAF: the scope of a request is written otherwise in ARNs, and rule groups of vendors are named
//! without the id that is in theirs.

use super::{Found, Search};
use crate::permission::resource::arn_text::escaped_name;

/// Scopes in requests and in ARNs.
const SCOPES: [(&str, &str); 2] = [(":REGIONAL/", ":regional/"), (":CLOUDFRONT/", ":global/")];

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let mut found = search.generic();
    found.extend(vendors_rules(search));
    for one in &mut found {
        if search.planned.action.name == "GetWebACLForResource" {
            // As the message of a refusal has it, `regional/webacl/*`.
            one.arn = one.arn.replacen("webacl/*/*", "webacl/*", 1);
        }
        for (asked, written) in SCOPES {
            one.arn = one.arn.replacen(asked, written, 1);
        }
    }
    Some(found)
}

/// The rule groups of vendors that a web ACL uses, all of those of its scope.
fn vendors_rules(search: Search<'_, '_>) -> Vec<Found> {
    let request = search.info.request();
    let mut members = request.iter();
    if !members.any(|member| member.around == "managedrulegroupstatement") {
        return Vec::new();
    }
    let mut found = search.widened("managedruleset");
    for one in &mut found {
        if let Some(scope) = request.get("scope") {
            let in_scope = format!(":{}/managedruleset/", escaped_name(scope));
            one.arn = one.arn.replacen(":*/managedruleset/", &in_scope, 1);
        }
    }
    found
}
