//! Which resources are alike enough to be one pattern?
//!
//! Siblings, ARNs that differ only behind their last separator, become `PREFIX*` when there are
//! more of them than a threshold. That grants what was not seen, and is told.

use std::collections::{BTreeMap, BTreeSet};

/// A pattern that took the place of ARNs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
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
    let mut families: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for resource in resources {
        families.entry(parent(resource)).or_default().push(resource);
    }
    let mut kept = BTreeSet::new();
    let mut generalized = Vec::new();
    for (parent, members) in families {
        // `*` itself and ARNs of a bare resource have no parent to stand for them.
        if parent.is_empty() || members.len() <= threshold {
            kept.extend(members.into_iter().cloned());
            continue;
        }
        let pattern = format!("{parent}*");
        generalized.push(Generalized {
            pattern: pattern.clone(),
            seen: members.len(),
        });
        kept.insert(pattern);
    }
    (kept, generalized)
}

/// The ARN up to its last separator, if that lies in the part that names the resource.
fn parent(arn: &str) -> &str {
    let Some(start) = arn.match_indices(':').nth(4).map(|(at, _)| at + 1) else {
        return "";
    };
    let resource = arn.get(start..).unwrap_or_default();
    resource
        .rfind(['/', ':'])
        .and_then(|at| arn.get(..start + at + 1))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_siblings_become_a_pattern_and_few_stay() {
        let arns = ["a/1", "a/2", "a/3", "b/1", "lone"].map(|key| format!("arn:aws:s3:::{key}"));
        let (kept, generalized) = siblings(&BTreeSet::from(arns), 2);
        let kept: Vec<&str> = kept
            .iter()
            .map(|arn| arn.trim_start_matches("arn:aws:s3:::"))
            .collect();
        assert_eq!(kept, ["a/*", "b/1", "lone"]);
        assert_eq!(generalized.len(), 1);
        assert_eq!(generalized.first().map(|it| it.seen), Some(3));
    }
}
