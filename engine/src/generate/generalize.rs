//! Which resources are alike enough to be one pattern?
//!
//! When more than a threshold of siblings, resources that differ behind the same separator, were
//! used, what their names have in common becomes a pattern: `logs/2026-01`, `logs/2026-02` and so
//! on become `logs/2026-*`. Folders of many patterns become one in turn. That grants what was not
//! seen, and is told. A bucket is never left for all buckets, nor an account or a region.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// A pattern that took the place of ARNs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Generalized {
    /// What the document says now.
    pub pattern: String,
    /// How many ARNs of that form were seen.
    pub seen: usize,
}

/// `resources` with each family of more than `threshold` siblings as one pattern.
pub(super) fn siblings(
    resources: &BTreeSet<String>,
    threshold: usize,
) -> (BTreeSet<String>, Vec<Generalized>) {
    // Each entry with the number of ARNs that it stands for.
    let mut entries: BTreeMap<String, usize> =
        resources.iter().map(|arn| (arn.clone(), 1)).collect();
    let mut patterns: BTreeSet<String> = BTreeSet::new();
    loop {
        let mut families: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for entry in entries.keys() {
            let family = families.entry(parent(entry).to_owned()).or_default();
            family.push(entry.clone());
        }
        families.retain(|parent, members| !parent.is_empty() && members.len() > threshold);
        if families.is_empty() {
            break;
        }
        for (parent, members) in families {
            let pattern = format!("{}*", common_start(&parent, &members));
            let seen = members.iter().filter_map(|it| entries.remove(it)).sum();
            patterns.retain(|known| !members.contains(known));
            patterns.insert(pattern.clone());
            entries.insert(pattern, seen);
        }
        if threshold == 0 {
            // One pattern is a family of one again.
            break;
        }
    }
    let generalized = patterns
        .into_iter()
        .map(|pattern| Generalized {
            seen: entries.get(&pattern).copied().unwrap_or_default(),
            pattern,
        })
        .collect();
    (entries.into_keys().collect(), generalized)
}

/// The ARN up to its last separator, if that lies in the part that names the resource. What is
/// a folder's pattern itself has the folder above as its parent.
fn parent(arn: &str) -> &str {
    let Some(start) = arn.match_indices(':').nth(4).map(|(at, _)| at + 1) else {
        return "";
    };
    let whole = arn.strip_suffix("/*").unwrap_or(arn);
    let resource = whole.get(start..).unwrap_or_default();
    resource
        .rfind(['/', ':'])
        .and_then(|at| arn.get(..start + at + 1))
        .unwrap_or_default()
}

/// What all members begin with, cut behind a sign that parts words, and at least the parent.
fn common_start<'a>(parent: &'a str, members: &'a [String]) -> &'a str {
    let (Some(first), Some(last)) = (members.first(), members.last()) else {
        return parent;
    };
    // Sorted: what the first and the last share, all share.
    let shared = first
        .char_indices()
        .zip(last.chars())
        .find(|((_, a), b)| a != b || matches!(a, '*' | '?' | '$'))
        .map_or(first.len().min(last.len()), |((at, _), _)| at);
    let shared = first.get(..shared).unwrap_or_default();
    let cut = shared.rfind(['/', ':', '-', '_', '.', '=']);
    let start = cut.and_then(|at| first.get(..=at)).unwrap_or_default();
    if start.len() > parent.len() {
        start
    } else {
        parent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(keys: &[&str], threshold: usize, expected: &[&str]) {
        let arns = keys.iter().map(|key| format!("arn:aws:s3:::{key}"));
        let (kept, generalized) = siblings(&arns.collect(), threshold);
        let seen = |arn: &String| generalized.iter().find(|it| it.pattern == *arn);
        let kept: Vec<String> = kept
            .iter()
            .map(|arn| {
                let key = arn.trim_start_matches("arn:aws:s3:::");
                seen(arn).map_or(key.to_owned(), |it| format!("{key} {}", it.seen))
            })
            .collect();
        assert_eq!(kept, expected);
    }

    #[test]
    fn many_siblings_become_a_pattern_and_few_stay() {
        let keys = ["a/1", "a/2", "a/3", "b/1", "lone"];
        check(&keys, 2, &["a/* 3", "b/1", "lone"]);
        check(&keys, 3, &["a/1", "a/2", "a/3", "b/1", "lone"]);
    }

    #[test]
    fn the_pattern_keeps_what_the_names_have_in_common() {
        let keys = ["a/day-1.gz", "a/day-2.gz", "a/day-30.gz"];
        check(&keys, 2, &["a/day-* 3"]);
        check(&["a/x1", "a/x2", "a/y"], 2, &["a/* 3"]);
    }

    #[test]
    fn folders_of_many_patterns_become_one_and_buckets_never_do() {
        let keys = ["a/x/1", "a/x/2", "a/y/1", "a/y/2", "a/z/1", "a/z/2", "b/1"];
        check(&keys, 1, &["a/* 6", "b/1"]);
        check(&["a/1", "b/1", "c/1", "d"], 1, &["a/1", "b/1", "c/1", "d"]);
    }

    #[test]
    fn a_literal_star_is_no_start_of_a_pattern() {
        check(&["a/${*}-1", "a/${*}-2"], 1, &["a/* 2"]);
    }
}
