//! Are the elements those of the grammar, each of its type, and all that must be there?

use std::collections::BTreeSet;

use super::subject::{Findings, Spot, Subject};
use crate::policy::{OLD_VERSION, VERSION};
use crate::spanned::Kind;

/// Pairs of which a statement has one.
const EITHER: [(&str, &str); 3] = [
    ("Action", "NotAction"),
    ("Resource", "NotResource"),
    ("Principal", "NotPrincipal"),
];

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    document(subject, findings);
    let mut sids = BTreeSet::new();
    for clause in &subject.statements {
        statement(subject, &clause.spot, findings);
        if let Some(sid) = clause.spot.get("Sid") {
            self::sid(subject, &sid, &mut sids, findings);
        }
    }
    size(subject, findings);
}

fn document(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let root = &subject.root;
    if !is(root, "an object", findings) {
        return;
    }
    only(root, &["Version", "Id", "Statement"], findings);
    match root.get("Version") {
        None => findings.add(
            "MISSING_VERSION",
            root,
            format!("without a Version the grammar of {OLD_VERSION} holds; give {VERSION}"),
        ),
        Some(version) if is(&version, "a string", findings) => {
            let given = version.node.as_str().unwrap_or_default();
            if ![VERSION, OLD_VERSION].contains(&given) {
                let details = format!("`{given}` is no version; use {VERSION} or {OLD_VERSION}");
                findings.add("INVALID_VERSION", &version, details);
            }
        }
        Some(_) => {}
    }
    if let Some(id) = root.get("Id") {
        is(&id, "a string", findings);
    }
    match root.get("Statement") {
        None => findings.add("MISSING_STATEMENT", root, "the policy has no Statement"),
        Some(statements) => {
            for item in statements.items() {
                is(&item, "an object", findings);
            }
        }
    }
}

fn statement(subject: &Subject<'_>, spot: &Spot<'_>, findings: &mut Findings<'_>) {
    let known = [
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ];
    only(spot, &known, findings);
    for (one, other) in EITHER {
        if let (Some(_), Some(second)) = (spot.get(one), spot.get(other)) {
            let details = format!("{one} and {other} exclude each other");
            findings.add("UNSUPPORTED_ELEMENT_COMBINATION", &second, details);
        }
    }
    match spot.get("Effect") {
        None => findings.add("MISSING_EFFECT", spot, "the statement has no Effect"),
        Some(effect) if is(&effect, "a string", findings) => {
            let given = effect.node.as_str().unwrap_or_default();
            if !["Allow", "Deny"].contains(&given) {
                let details = format!("`{given}` is no effect; use Allow or Deny");
                findings.add("INVALID_EFFECT", &effect, details);
            }
        }
        Some(_) => {}
    }
    list(
        spot,
        ("Action", "NotAction"),
        ("MISSING_ACTION", "EMPTY_ARRAY_ACTION"),
        findings,
    );
    // The trust policy of a role is about the role.
    if !subject.policy_type.is_trust() {
        list(
            spot,
            ("Resource", "NotResource"),
            ("MISSING_RESOURCE", "EMPTY_ARRAY_RESOURCE"),
            findings,
        );
    }
    if let Some(condition) = spot.get("Condition") {
        self::condition(&condition, findings);
    }
}

/// One of two elements that hold a string or several.
fn list(
    spot: &Spot<'_>,
    (these, but_these): (&str, &str),
    (missing, empty): (&'static str, &'static str),
    findings: &mut Findings<'_>,
) {
    let Some(element) = spot.get(these).or_else(|| spot.get(but_these)) else {
        let details = format!("the statement has neither {these} nor {but_these}");
        return findings.add(missing, spot, details);
    };
    if element.is_empty_array() {
        findings.add(
            empty,
            &element,
            "an empty list: the statement is about nothing",
        );
    }
    for item in element.items() {
        is(&item, "a string", findings);
    }
}

fn condition(condition: &Spot<'_>, findings: &mut Findings<'_>) {
    if !is(condition, "an object", findings) {
        return;
    }
    let operators = condition.members();
    if operators.is_empty() {
        findings.add(
            "EMPTY_OBJECT_CONDITION",
            condition,
            "an empty condition asks for nothing",
        );
    }
    for (_, _, keys) in operators {
        if !is(&keys, "an object", findings) {
            continue;
        }
        if keys.members().is_empty() {
            findings.add(
                "EMPTY_OBJECT_CONDITION",
                &keys,
                "an operator without keys asks for nothing",
            );
        }
        for value in keys.members().iter().flat_map(|(.., value)| value.items()) {
            is(&value, "a string, number or boolean", findings);
        }
    }
}

/// Sids should be unique. Where they must be, they have letters and digits only.
fn sid<'a>(
    subject: &Subject<'_>,
    sid: &Spot<'a>,
    seen: &mut BTreeSet<&'a str>,
    findings: &mut Findings<'_>,
) {
    if !is(sid, "a string", findings) {
        return;
    }
    let given = sid.node.as_str().unwrap_or_default();
    let is_strict = subject.policy_type.has_strict_sids();
    if given.is_empty() {
        findings.add("EMPTY_SID_VALUE", sid, "an empty Sid names nothing");
    } else if is_strict && !given.bytes().all(|sign| sign.is_ascii_alphanumeric()) {
        let details = format!("the Sid `{given}` has more than letters and digits");
        findings.add("UNSUPPORTED_SID", sid, details);
    }
    if !given.is_empty() && !seen.insert(given) {
        let details = format!("another statement has the Sid `{given}`");
        let code = match is_strict {
            true => "UNIQUE_SIDS_REQUIRED",
            false => "UNIQUE_SIDS_RECOMMENDED",
        };
        findings.add(code, sid, details);
    }
}

fn size(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let Some(quota) = subject.policy_type.quota() else {
        return;
    };
    let counts = |sign: &char| quota.white_space || !sign.is_whitespace();
    let (size, limit) = (subject.text.chars().filter(counts).count(), quota.limit);
    if size > limit {
        let without = match quota.white_space {
            true => "",
            false => " without white space",
        };
        let details = format!("the policy is {size} characters{without}, AWS allows {limit}");
        findings.add(quota.code, &subject.root, details);
    }
}

/// Keys that the grammar knows, none twice.
fn only(spot: &Spot<'_>, known: &[&str], findings: &mut Findings<'_>) {
    let mut seen = BTreeSet::new();
    for (name, key, _) in spot.members() {
        if !known.contains(&name) {
            findings.add(
                "INVALID_POLICY_ELEMENT",
                &key,
                format!("there is no element `{name}`"),
            );
        } else if !seen.insert(name) {
            findings.add(
                "INVALID_POLICY_ELEMENT",
                &key,
                format!("`{name}` is given twice"),
            );
        }
    }
}

/// Whether a value is of a type, or of one of several; a finding if not.
fn is(spot: &Spot<'_>, expected: &str, findings: &mut Findings<'_>) -> bool {
    let fits = match &spot.node.kind {
        Kind::Object(_) => expected.contains("object"),
        Kind::String(_) => expected.contains("string"),
        Kind::Number(_) => expected.contains("number"),
        Kind::Bool(_) => expected.contains("boolean"),
        Kind::Null | Kind::Array(_) => false,
    };
    if !fits {
        let details = format!("expected {expected}, got {}", spot.node.what());
        findings.add("DATA_TYPE_MISMATCH", spot, details);
    }
    fits
}
