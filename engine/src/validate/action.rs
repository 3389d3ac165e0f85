//! Do the actions exist?

use super::subject::{Findings, Spot, Subject};
use crate::arn::wildcard;
use crate::permission::{Call, Mapper, Needs};
use crate::reference::Reference;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for clause in &subject.statements {
        for (action, spot) in &clause.actions.items {
            // Variables are not for here, and have a finding of their own.
            if *action != "*" && !action.contains("${") {
                self::action(action, spot, subject.reference, findings);
            }
        }
    }
}

fn action(action: &str, spot: &Spot<'_>, reference: &Reference, findings: &mut Findings<'_>) {
    let Some((prefix, name)) = action.split_once(':') else {
        let details = format!("`{action}` is no action: it names no service, as in s3:GetObject");
        return findings.add("INVALID_ACTION", spot, details);
    };
    if prefix.contains(['*', '?']) {
        let details = "the wildcard in the service also covers services that are yet to come";
        return findings.add("WILDCARD_IN_SERVICE_NAME", spot, details);
    }
    if reference.service(prefix).is_none() {
        let hint = reference.prefix_of(prefix);
        let hint = hint.map_or_else(String::new, |it| format!("; did you mean {it}?"));
        let details = format!("there is no service `{prefix}`{hint}");
        return findings.add("INVALID_SERVICE_IN_ACTION", spot, details);
    }
    if !exists(prefix, name, reference) {
        let what = if name.contains(['*', '?']) {
            format!("no action is covered by `{action}`")
        } else {
            format!(
                "there is no action `{action}`{}",
                meant(prefix, name, reference)
            )
        };
        findings.add("INVALID_ACTION", spot, what);
    }
}

/// The action that was perhaps meant: what a call of that name needs, or a name much like it.
fn meant(prefix: &str, name: &str, reference: &Reference) -> String {
    let call = Call {
        event_source: prefix,
        event_name: name,
        ..Call::default()
    };
    if let Needs::Permissions(needed) = Mapper::bundled().needs(&call)
        && let Some(first) = needed.first()
    {
        return format!("; a call of that name needs {}", first.action);
    }
    let lower = name.to_ascii_lowercase();
    let alike = reference.actions(prefix).iter().map(|known| {
        let likeness = strsim::normalized_levenshtein(&lower, &known.name.to_ascii_lowercase());
        (likeness, known)
    });
    alike
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map_or_else(String::new, |(_, known)| {
            format!("; did you mean {}:{}?", known.prefix, known.name)
        })
}

fn exists(prefix: &str, name: &str, reference: &Reference) -> bool {
    if !name.contains(['*', '?']) {
        return reference.action(prefix, name).is_some();
    }
    let pattern = name.to_ascii_lowercase();
    let mut actions = reference.actions(prefix).iter();
    actions.any(|it| wildcard(&pattern, &it.name.to_ascii_lowercase()))
}
