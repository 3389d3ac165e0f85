//! How are the actions of a statement written short, without granting another one?
//!
//! `ec2:Describe*` may stand for actions only if every action of the reference that it covers
//! was used. An action that AWS adds later may fall under it: that is the price of being short.

use std::collections::BTreeSet;

use crate::reference::{Action, Reference};

/// The fewest patterns of the form `PREFIX*` and full names that cover exactly `actions`, which
/// are `service:Name`.
pub(crate) fn shorten(actions: &BTreeSet<String>, reference: &Reference) -> BTreeSet<String> {
    let mut short = BTreeSet::new();
    let mut rest: BTreeSet<&str> = actions.iter().map(String::as_str).collect();
    while let Some(first) = rest.first().copied() {
        let pattern = widest(first, &rest, actions, reference);
        let covered = pattern.strip_suffix('*');
        rest.retain(|action| match covered {
            Some(start) => !action.starts_with(start),
            None => *action != pattern,
        });
        short.insert(pattern);
    }
    short
}

/// The shortest pattern that covers `action` and at least one more, and none that is not used.
fn widest(
    action: &str,
    rest: &BTreeSet<&str>,
    used: &BTreeSet<String>,
    reference: &Reference,
) -> String {
    let Some((service, name)) = action.split_once(':') else {
        return action.to_owned();
    };
    let all = reference.actions(service);
    let words = name
        .char_indices()
        .filter(|(at, sign)| *at > 0 && sign.is_ascii_uppercase())
        .map(|(at, _)| at)
        .chain([name.len()]);
    for end in words {
        let start = name.get(..end).unwrap_or(name);
        // IAM ignores case.
        let covered = |it: &&Action| {
            let name = it.name.get(..start.len());
            name.is_some_and(|name| name.eq_ignore_ascii_case(start))
        };
        let only_used = all
            .iter()
            .filter(covered)
            .all(|it| used.contains(&format!("{service}:{}", it.name)));
        let pattern = format!("{service}:{start}");
        let several = rest.iter().filter(|it| it.starts_with(&pattern)).count() > 1;
        if only_used && several {
            return pattern + "*";
        }
    }
    action.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(actions: &[&str]) -> BTreeSet<String> {
        actions.iter().map(|action| (*action).to_owned()).collect()
    }

    #[test]
    fn a_pattern_covers_what_was_used_and_nothing_else() {
        let reference = Reference::bundled();
        let mut all: BTreeSet<String> = reference
            .actions("sqs")
            .iter()
            .map(|action| format!("sqs:{}", action.name))
            .collect();
        all.remove("sqs:DeleteQueue");
        let short = shorten(&all, reference);
        for action in reference.actions("sqs") {
            let name = format!("sqs:{}", action.name);
            let covered = short
                .iter()
                .any(|pattern| crate::arn::wildcard(pattern, &name));
            assert_eq!(covered, all.contains(&name), "{name}");
        }
        assert!(short.len() < all.len());
    }

    #[test]
    fn no_pattern_of_any_service_covers_an_action_that_was_not_used() {
        let reference = Reference::bundled();
        let mut patterns = 0;
        for service in reference.services() {
            let all: Vec<String> = service
                .actions()
                .iter()
                .map(|it| format!("{}:{}", it.prefix, it.name))
                .collect();
            // Nearly all of them, about half, and a few.
            for (seed, of_ten) in [(1, 9), (2, 8), (3, 5), (4, 2)] {
                let chosen = |action: &&String| {
                    let hash = action.bytes().fold(seed, |hash: u64, byte| {
                        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
                    });
                    (hash >> 20) % 10 < of_ten
                };
                let used: BTreeSet<String> = all.iter().filter(chosen).cloned().collect();
                let short = shorten(&used, reference);
                patterns += short.iter().filter(|it| it.ends_with('*')).count();
                // IAM ignores case.
                let lower: Vec<String> = short.iter().map(|it| it.to_ascii_lowercase()).collect();
                for action in &all {
                    let name = action.to_ascii_lowercase();
                    let covered = lower.iter().any(|it| crate::arn::wildcard(it, &name));
                    assert_eq!(covered, used.contains(action), "{action} by {short:?}");
                }
                assert!(short.len() <= used.len());
            }
        }
        assert!(patterns > 500, "{patterns}");
    }

    #[test]
    fn one_action_stays_as_it_is() {
        let one = set(&["s3:GetObject"]);
        assert_eq!(shorten(&one, Reference::bundled()), one);
    }
}
