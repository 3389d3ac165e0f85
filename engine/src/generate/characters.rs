//! Which characters can a policy hold?
//!
//! Those up to U+00FF and no control characters but tab, line feed and carriage return: IAM refuses
//! a document with any other ("IAM and STS quotas", name requirements). Keys of objects have others.
//! A `*` takes their place, which is wider than what was seen, and is told.

use std::borrow::Cow;

/// Whether IAM takes a character in a document.
pub(crate) fn can_be_held(sign: char) -> bool {
    matches!(sign, '\t' | '\n' | '\r' | ' '..='\u{ff}')
}

/// The pattern with a `*` for each run of characters that no policy can hold.
pub(crate) fn with_stars<'a>(pattern: Cow<'a, str>) -> Cow<'a, str> {
    if pattern.chars().all(can_be_held) {
        return pattern;
    }
    let mut held = String::with_capacity(pattern.len());
    let mut open = false;
    for sign in pattern.chars() {
        let other = !can_be_held(sign);
        match (other, open) {
            (true, false) if !held.ends_with('*') => held.push('*'),
            (true, _) => {}
            // `**` says no more than `*`.
            (false, true) if sign == '*' => {}
            (false, _) => held.push(sign),
        }
        open = other || (open && sign == '*');
    }
    Cow::Owned(held)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_iam_refuses_becomes_a_star() {
        for (resource, expected) in [
            ("arn:aws:s3:::b/é\tü", "arn:aws:s3:::b/é\tü"),
            ("arn:aws:s3:::b/日本/語.txt", "arn:aws:s3:::b/*/*.txt"),
            ("arn:aws:s3:::b/e\u{301}\u{1}", "arn:aws:s3:::b/e*"),
            ("arn:aws:s3:::b/*日*", "arn:aws:s3:::b/*"),
            ("arn:aws:s3:::b/${*}日", "arn:aws:s3:::b/${*}*"),
        ] {
            assert_eq!(with_stars(resource.into()), expected);
        }
    }
}
