//! Are policy variables written as AWS reads them, and only where it does?

use super::PathElement;
use super::subject::{Findings, Spot, Subject};
use crate::spanned::Kind;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    walk(subject, &subject.root, findings);
    for test in subject.statements.iter().flat_map(|it| &it.conditions) {
        let takes = test.operator.is_none_or(|it| it.takes_variables());
        for value in test.values.iter().filter(|_| !takes) {
            if value.node.as_str().is_some_and(|it| it.contains("${")) {
                let details = "variables stand for their values with string and ARN operators only";
                findings.add("INVALID_VARIABLE_FOR_OPERATOR", value, details);
            }
        }
    }
}

fn walk(subject: &Subject<'_>, spot: &Spot<'_>, findings: &mut Findings<'_>) {
    match &spot.node.kind {
        Kind::String(text) => string(subject, spot, text, findings),
        Kind::Array(_) => spot
            .items()
            .iter()
            .for_each(|it| walk(subject, it, findings)),
        Kind::Object(_) => {
            for (.., value) in spot.members() {
                walk(subject, &value, findings);
            }
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) => {}
    }
}

fn string(subject: &Subject<'_>, spot: &Spot<'_>, text: &str, findings: &mut Findings<'_>) {
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find("${")) {
        let start = from + at;
        let inside_at = start + 2;
        let rest = text.get(inside_at..).unwrap_or_default();
        let Some(length) = rest.find('}') else {
            let whole = spot.part(start, text.len());
            return findings.add(
                "MISSING_BRACE_IN_VARIABLE",
                &whole,
                "the variable has no closing brace",
            );
        };
        let end = inside_at + length + 1;
        let place = spot.part(start, end);
        let inside = rest.get(..length).unwrap_or_default();
        if !takes_variables(&spot.path) {
            let details =
                format!("`${{{inside}}}` is no variable here, only in Resource and Condition");
            findings.add("VARIABLE_UNSUPPORTED_IN_ELEMENT", &place, details);
        } else if !subject.has_variables() {
            let details = "variables are text unless the Version is 2012-10-17";
            findings.add("VARIABLE_UNSUPPORTED_IN_VERSION", &place, details);
        } else {
            variable(inside, &place, findings);
        }
        from = end;
    }
}

fn variable(inside: &str, place: &Spot<'_>, findings: &mut Findings<'_>) {
    let (name, default) = match inside.split_once(',') {
        Some((name, default)) => (name, Some(default.trim())),
        None => (inside, None),
    };
    if name.trim().is_empty() {
        return findings.add("EMPTY_VARIABLE", place, "the variable has no name");
    }
    if name.contains(' ') {
        findings.add(
            "UNSUPPORTED_SPACE_IN_VARIABLE",
            place,
            "a variable's name has no spaces",
        );
    }
    let quoted = |it: &str| it.len() >= 2 && it.starts_with('\'') && it.ends_with('\'');
    if default.is_some_and(|it| !quoted(it)) {
        let details = "a default value stands in single quotes: ${aws:PrincipalTag/team, 'none'}";
        findings.add("MISSING_QUOTE_IN_VARIABLE", place, details);
    }
}

/// Whether variables stand for their values at the end of this path.
fn takes_variables(path: &[PathElement]) -> bool {
    path.iter().any(|step| match step {
        PathElement::Value(key) => {
            matches!(key.as_str(), "Resource" | "NotResource" | "Condition")
        }
        _ => false,
    })
}
