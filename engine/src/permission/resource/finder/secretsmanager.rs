//! Secrets Manager: the ARN of a secret ends in its name, a hyphen and six random signs.

use super::{Found, Search};
use crate::permission::Origin;
use crate::permission::members::Member;
use crate::permission::resource::arn_text::escaped_name;

/// What stands for the random signs.
const SUFFIX: &str = "-??????";

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    if !search.accepts("Secret") {
        return None;
    }
    let is_secret = |arn: &str| arn.contains(":secretsmanager:") && arn.contains(":secret:");
    let named = search.named().into_iter();
    let mut found: Vec<Found> = named
        .filter(|one| is_secret(one.literal()))
        .map(|one| Found::event(with_suffix(&one.written().0)))
        .collect();
    let names = ["secretid", "secretidlist", "name"];
    let is_named = |member: &Member<'_>| {
        names.contains(&member.name) && member.depth == 1 && !member.value.starts_with("arn:")
    };
    let by_name = search.info.request().iter().filter(is_named);
    let is_list = search.info.request().has("secretIdList");
    if found.is_empty() || is_list {
        found.extend(by_name.map(|member| Found {
            origin: Origin::Partial,
            ..Found::event(search.arn(
                "secretsmanager",
                &["secret:", &escaped_name(member.value), SUFFIX],
            ))
        }));
    }
    Some(found)
}

/// An ARN without the random signs is one that a caller made of the name.
fn with_suffix(arn: &str) -> String {
    let random = arn
        .rsplit('-')
        .next()
        .filter(|end| end.len() == 6 && end.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    match random {
        Some(_) => arn.to_owned(),
        None => format!("{arn}{SUFFIX}"),
    }
}
