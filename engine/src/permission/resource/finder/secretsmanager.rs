//! Secrets Manager: the ARN of a secret ends in its name, a hyphen and six random signs.

use super::{Found, Search};
use crate::permission::Origin;
use crate::permission::members::Member;
use crate::permission::resource::arn_text::{escaped_name, named};

/// What stands for the random signs.
const SUFFIX: &str = "-??????";

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    if !search.accepts("Secret") {
        return None;
    }
    let is_secret = |arn: &&String| arn.contains(":secretsmanager:") && arn.contains(":secret:");
    let arns: Vec<Found> = named(search.info)
        .iter()
        .filter(is_secret)
        .map(|arn| Found::event(with_suffix(arn)))
        .collect();
    if !arns.is_empty() {
        return Some(arns);
    }
    let names = ["secretid", "secretidlist", "name"];
    let is_named = |member: &&Member<'_>| {
        names.contains(&member.name.as_str())
            && member.depth == 1
            && !member.value.starts_with("arn:")
    };
    let secrets = search
        .info
        .request()
        .iter()
        .filter(is_named)
        .map(|member| Found {
            origin: Origin::Partial,
            ..Found::event(search.arn(
                "secretsmanager",
                &format!("secret:{}{SUFFIX}", escaped_name(&member.value)),
            ))
        });
    Some(secrets.collect())
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
