//! Does one set of conditions hold whenever another does?

use crate::policy::{Condition, OneOrMany, Operator};

/// Whether `loose` holds for every request for which `strict` does. Told from how they are
/// written, so no means only that it cannot be told.
pub(super) fn implies(strict: &Condition, loose: &Condition) -> bool {
    loose.iter().all(|(loose_name, keys)| {
        keys.iter().all(|(key, loose_values)| {
            strict.iter().any(|(strict_name, keys)| {
                keys.iter().any(|(other, strict_values)| {
                    other.eq_ignore_ascii_case(key)
                        && entry_implies((strict_name, strict_values), (loose_name, loose_values))
                })
            })
        })
    })
}

fn entry_implies(
    (strict_name, strict): (&str, &OneOrMany),
    (loose_name, loose): (&str, &OneOrMany),
) -> bool {
    match (Operator::parse(strict_name), Operator::parse(loose_name)) {
        (Some(narrow), Some(wide)) => {
            let same = Operator {
                if_exists: wide.if_exists,
                ..narrow
            } == wide;
            // A test that is passed without the key is also passed when it is asked only if it is there.
            let exists = wide.if_exists || !narrow.if_exists;
            let (fewer, more) = if narrow.negated {
                (loose, strict)
            } else {
                (strict, loose)
            };
            same && exists && is_subset(fewer, more)
        }
        // Nobody knows what these ask for.
        _ => false,
    }
}

fn is_subset(fewer: &OneOrMany, more: &OneOrMany) -> bool {
    let more = more.values();
    fewer.values().iter().all(|value| more.contains(value))
}
