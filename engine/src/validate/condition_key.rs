//! Do operators and keys exist, and do they fit each other and the actions?

use std::collections::BTreeSet;

use super::subject::{Clause, Findings, Subject, Test};
use crate::policy::{Effect, Operator, Quantifier, Test as Compare};
use crate::reference::{ConditionKey, Reference};

/// Keys that are worth little without one of others beside them.
const PAIRS: [(&str, &[&str]); 2] = [
    (
        "aws:VpcSourceIp",
        &["aws:SourceVpc", "aws:SourceVpce", "aws:SourceVpcArn"],
    ),
    (
        "aws:Ec2InstanceSourcePrivateIPv4",
        &["aws:Ec2InstanceSourceVpc"],
    ),
];

/// Keys that a service puts into the sessions it hands out, for calls of any action.
const OF_SESSIONS: [&str; 5] = [
    "ec2:SourceInstanceARN",
    "glue:CredentialIssuingService",
    "glue:RoleAssumedBy",
    "lambda:SourceFunctionArn",
    "ssm:SourceInstanceARN",
];

/// Actions that are checked beside another one, in the context of its request.
const BESIDE_OTHERS: [&str; 3] = ["sts:SetContext", "sts:SetSourceIdentity", "sts:TagSession"];

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for clause in &subject.statements {
        let mut last = None;
        for test in &clause.conditions {
            if last != Some(test.operator_at) {
                operator(test, findings);
            }
            last = Some(test.operator_at);
            key(clause, test, subject.reference, findings);
        }
        spelled_twice(clause, findings);
        pairs(clause, findings);
    }
}

fn operator(test: &Test<'_>, findings: &mut Findings<'_>) {
    let spot = &test.operator_spot;
    match test.operator {
        None => {
            let details = format!("there is no operator `{}`", test.operator_name);
            findings.add("INVALID_CONDITION_OPERATOR", spot, details);
        }
        Some(Operator {
            test: Compare::Null,
            if_exists,
            quantifier,
            ..
        }) => {
            if if_exists {
                let details = "Null asks whether the key exists; it goes without IfExists";
                findings.add("NULL_WITH_IF_EXISTS", spot, details);
            }
            if quantifier.is_some() {
                let details =
                    "with ForAllValues Null is always true, with ForAnyValue always false";
                findings.add("NULL_WITH_QUALIFIER", spot, details);
            }
        }
        Some(_) => {}
    }
}

fn key(clause: &Clause<'_>, test: &Test<'_>, reference: &Reference, findings: &mut Findings<'_>) {
    let (key, spot) = (test.key, &test.key_spot);
    let Some((prefix, name)) = key
        .split_once(':')
        .filter(|(a, b)| !a.is_empty() && !b.is_empty())
    else {
        let details = format!("`{key}` is no condition key: they look like aws:SourceIp");
        return findings.add("INVALID_CONDITION_KEY_FORMAT", spot, details);
    };
    if let Some(known) = find(key, reference) {
        fits_operator(clause, test, known, findings);
        if !prefix.eq_ignore_ascii_case("aws") {
            fits_actions(clause, test, known, reference, findings);
        }
    } else if find(&format!("{}/x", key.trim_end_matches('/')), reference).is_some() {
        let details = format!(
            "`{key}` needs the key of a tag: {}/team",
            key.trim_end_matches('/')
        );
        findings.add("MISSING_TAG_KEY_IN_CONDITION", spot, details);
    } else if key.eq_ignore_ascii_case("aws:ARN") {
        let details = "use aws:PrincipalArn or aws:SourceArn in place of aws:ARN";
        findings.add("UNSUPPORTED_GLOBAL_CONDITION_KEY", spot, details);
    } else if prefix.eq_ignore_ascii_case("aws") {
        let details = format!("there is no condition key `{key}`");
        findings.add("INVALID_GLOBAL_CONDITION_KEY", spot, details);
    } else if reference.service(prefix).is_some() {
        let details = format!("{prefix} has no condition key `{name}`");
        findings.add("INVALID_SERVICE_CONDITION_KEY", spot, details);
    } else if !prefix.contains('.') {
        // With a dot it is a provider of identities, of which there are many.
        let details = format!("there is no service `{prefix}`");
        findings.add("INVALID_SERVICE", spot, details);
    }
}

fn find<'a>(key: &str, reference: &'a Reference) -> Option<&'a ConditionKey> {
    let context = "kms:EncryptionContext:";
    let start = key.get(..context.len());
    if start.is_some_and(|it| it.eq_ignore_ascii_case(context)) {
        return reference.condition_key("kms:EncryptionContext:${EncryptionContextKey}");
    }
    if key.ends_with('/') {
        // The tag is missing.
        return None;
    }
    // Secrets Manager's list has the example of a tag in place of the template.
    let of_example = || {
        let (stem, _) = key.split_once('/')?;
        reference.condition_key(&format!("{stem}/tag-key"))
    };
    reference.condition_key(key).or_else(of_example)
}

fn fits_operator(
    clause: &Clause<'_>,
    test: &Test<'_>,
    known: &ConditionKey,
    findings: &mut Findings<'_>,
) {
    let Some(operator) = test.operator.filter(|it| it.test != Compare::Null) else {
        return;
    };
    let key = test.key;
    if known.is_multivalued() && operator.quantifier.is_none() {
        let details = format!(
            "`{key}` has several values: put ForAllValues: or ForAnyValue: before the operator"
        );
        findings.add("MISSING_QUALIFIER", &test.key_spot, details);
    }
    let all = operator.quantifier == Some(Quantifier::All);
    if !known.is_multivalued() && all && clause.effect == Some(Effect::Allow) {
        let details =
            format!("`{key}` has one value, and ForAllValues also passes a request without it");
        findings.add(
            "FORALLVALUES_WITH_SINGLE_VALUED_KEY",
            &test.key_spot,
            details,
        );
    }
    let kind = known.value_type.trim_start_matches("ArrayOf");
    if let Some(better) = better_operator(kind, operator.test) {
        let details = format!(
            "`{key}` is compared with {better} operators, not with {}",
            test.operator_name
        );
        findings.add("TYPE_MISMATCH", &test.key_spot, details);
    }
}

/// The family of operators for values of a kind, if `compare` is not of it.
fn better_operator(kind: &str, compare: Compare) -> Option<&'static str> {
    let (family, fits) = match kind {
        "Bool" => ("Bool", matches!(compare, Compare::Bool)),
        "Numeric" => ("Numeric", matches!(compare, Compare::Numeric(_))),
        // Seconds since the epoch are numbers, too.
        "Date" => (
            "Date",
            matches!(compare, Compare::Date(_) | Compare::Numeric(_)),
        ),
        "IPAddress" => ("IpAddress", matches!(compare, Compare::IpAddress)),
        "ARN" => ("ARN or String", is_text(compare) || compare == Compare::Arn),
        // Some keys of this kind hold ARNs, addresses or bytes.
        "String" => (
            "String",
            is_text(compare)
                || matches!(
                    compare,
                    Compare::Arn | Compare::IpAddress | Compare::BinaryEquals
                ),
        ),
        _ => return None,
    };
    (!fits).then_some(family)
}

fn is_text(compare: Compare) -> bool {
    use Compare::{StringEquals, StringEqualsIgnoreCase, StringLike};
    matches!(compare, StringEquals | StringEqualsIgnoreCase | StringLike)
}

/// Actions that never have the key in their context. Wildcards are left alone, as AWS does.
fn fits_actions(
    clause: &Clause<'_>,
    test: &Test<'_>,
    known: &ConditionKey,
    reference: &Reference,
    findings: &mut Findings<'_>,
) {
    let of_session = |it: &&str| it.eq_ignore_ascii_case(known.key);
    if clause.actions.but || OF_SESSIONS.iter().any(of_session) {
        return;
    }
    let lacks = |&(text, _): &(&str, _)| {
        if BESIDE_OTHERS.iter().any(|it| it.eq_ignore_ascii_case(text)) {
            return None;
        }
        let (prefix, name) = text.split_once(':')?;
        let action = reference.action(prefix, name)?;
        let types = action.resource_types.iter();
        let of_types = types
            .filter_map(|it| reference.resource_type(action.prefix, it.name))
            .flat_map(|it| &it.condition_keys);
        let mut keys = action.condition_keys.iter().chain(of_types);
        let has = keys.any(|key| key.eq_ignore_ascii_case(known.key));
        (!has).then(|| text.to_owned())
    };
    let lacking: Vec<String> = clause.actions.items.iter().filter_map(lacks).collect();
    if !lacking.is_empty() {
        let details = format!(
            "requests for {} never have `{}`",
            lacking.join(", "),
            test.key
        );
        findings.add(
            "UNSUPPORTED_ACTION_FOR_CONDITION_KEY",
            &test.key_spot,
            details,
        );
    }
}

/// IAM ignores case in keys, so that one of two spellings is lost.
fn spelled_twice(clause: &Clause<'_>, findings: &mut Findings<'_>) {
    let mut seen = BTreeSet::new();
    for test in &clause.conditions {
        if !seen.insert((test.operator_at, test.key.to_ascii_lowercase())) {
            let details = format!("`{}` is there already, if perhaps in other case", test.key);
            findings.add(
                "DUPLICATE_KEYS_WITH_DIFFERENT_CASE",
                &test.key_spot,
                details,
            );
        }
    }
}

fn pairs(clause: &Clause<'_>, findings: &mut Findings<'_>) {
    if clause.effect != Some(Effect::Allow) {
        return;
    }
    for test in &clause.conditions {
        for (key, others) in PAIRS {
            let is_key = test.key.eq_ignore_ascii_case(key);
            if is_key && !others.iter().any(|other| clause.tests_key(other)) {
                let details = format!("`{key}` says little without {}", others.join(" or "));
                findings.add("MISSING_PAIRED_CONDITION_KEYS", &test.key_spot, details);
            }
        }
    }
}
