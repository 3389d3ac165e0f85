//! Do the services know the tags that a statement asks for?
//!
//! Where a service does not put tags into the context of a request, such a condition is never met.

use std::collections::BTreeSet;

use super::subject::{Clause, Findings, Subject};
use crate::policy::{Effect, Test};
use crate::reference::{Action, Reference};

const TAG_KEYS: [&str; 3] = ["aws:ResourceTag/", "aws:RequestTag/", "aws:TagKeys"];

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for clause in &subject.statements {
        let Some(effect) = clause.effect else {
            continue;
        };
        for test in &clause.conditions {
            let is_null = test.operator.is_some_and(|it| it.test == Test::Null);
            let Some(tag_key) = tag_key(test.key).filter(|_| !is_null) else {
                continue;
            };
            if clause.actions.but {
                let (code, outcome) = match effect {
                    Effect::Allow => (
                        "ALLOW_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE",
                        "allowed",
                    ),
                    Effect::Deny => (
                        "DENY_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE",
                        "denied",
                    ),
                };
                let details = format!(
                    "actions whose service does not know {} are not {outcome}",
                    test.key
                );
                findings.add(code, &test.key_spot, details);
                continue;
            }
            let services = services_without(clause, tag_key, subject.reference);
            if !services.is_empty() {
                let (code, outcome) = match effect {
                    Effect::Allow => (
                        "ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE",
                        "allowed",
                    ),
                    Effect::Deny => (
                        "DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE",
                        "denied",
                    ),
                };
                let services: Vec<&str> = services.into_iter().collect();
                let services = services.join(", ");
                let details = format!(
                    "actions of {services} here do not know {}: they are not {outcome}",
                    test.key
                );
                findings.add(code, &test.key_spot, details);
            }
        }
    }
}

fn tag_key(key: &str) -> Option<&'static str> {
    TAG_KEYS.into_iter().find(|known| {
        let start = key.get(..known.len());
        let same = start.is_some_and(|it| it.eq_ignore_ascii_case(known));
        same && (known.ends_with('/') || key.len() == known.len())
    })
}

/// The services of which an action of the statement does not know the key. Wildcards in the
/// service are too wide to tell.
fn services_without<'a>(
    clause: &Clause<'a>,
    tag_key: &str,
    reference: &'a Reference,
) -> BTreeSet<&'a str> {
    let without = |&(action, _): &(&'a str, _)| {
        let (prefix, name) = action.split_once(':')?;
        let prefix = reference.service(prefix)?.prefix;
        let supports = |it: &Action| supports(it, tag_key, reference);
        let known = match reference.action(prefix, name) {
            Some(action) => supports(action),
            // Wildcards: some action of the service is enough.
            None => reference.actions(prefix).iter().any(supports),
        };
        (!known).then_some(prefix)
    };
    clause.actions.items.iter().filter_map(without).collect()
}

fn supports(action: &Action, tag_key: &str, reference: &Reference) -> bool {
    let has = |keys: &[&str]| keys.iter().any(|key| self::tag_key(key) == Some(tag_key));
    let of_types = action.resource_types.iter().any(|it| {
        let resource_type = reference.resource_type(action.prefix, it.name);
        resource_type.is_some_and(|it| has(&it.condition_keys))
    });
    has(&action.condition_keys) || of_types
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_with_a_tag_is_known_by_its_start() {
        assert_eq!(tag_key("AWS:resourcetag/team"), Some("aws:ResourceTag/"));
        assert_eq!(tag_key("aws:TagKeys"), Some("aws:TagKeys"));
        assert_eq!(tag_key("aws:TagKeysX"), None);
        assert_eq!(tag_key("é"), None);
    }
}
