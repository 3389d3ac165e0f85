//! Are the values of conditions such as the operator or the key takes?

mod address;

use super::resource::is_region;
use super::subject::{Findings, Spot, Subject, Test};
use crate::evaluate::value::{boolean, instant, network, number};
use crate::pattern::{Piece, pieces};
use crate::policy::{Comparison, Operator, Quantifier, Test as Compare};
use crate::spanned::Kind;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for test in subject.statements.iter().flat_map(|it| &it.conditions) {
        let Some(operator) = test.operator else {
            continue;
        };
        if test.value.is_empty_array() {
            empty(operator, test, findings);
        }
        together(operator, test, findings);
        for value in &test.values {
            // Variables have a check of their own.
            if let Some(text) = text_of(value).filter(|it| !it.contains("${")) {
                of_operator(operator, test, (&text, value), findings);
                of_key(operator, test.key, (&text, value), findings);
            }
        }
        address::check(operator, test, findings);
    }
}

/// The value as the text that IAM compares.
fn text_of(value: &Spot<'_>) -> Option<String> {
    match &value.node.kind {
        Kind::String(text) | Kind::Number(text) => Some(text.clone()),
        Kind::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

fn empty(operator: Operator, test: &Test<'_>, findings: &mut Findings<'_>) {
    let (code, details) = match (operator.quantifier, operator.if_exists) {
        (Some(Quantifier::All), _) => (
            "EMPTY_ARRAY_CONDITION_FORALLVALUES",
            "passes only without the key; Null asks that more clearly",
        ),
        (Some(Quantifier::Any), _) => ("EMPTY_ARRAY_CONDITION_FORANYVALUE", "never passes"),
        (None, true) => (
            "EMPTY_ARRAY_CONDITION_IFEXISTS",
            "passes only without the key; Null asks that more clearly",
        ),
        (None, false) => ("EMPTY_ARRAY_CONDITION", "compares with nothing"),
    };
    let details = format!("an empty list {details}");
    findings.add(code, &test.value, details);
}

/// What the values are as a whole.
fn together(operator: Operator, test: &Test<'_>, findings: &mut Findings<'_>) {
    let mut kinds: Vec<&str> = test.values.iter().map(|it| it.node.what()).collect();
    kinds.dedup();
    if kinds.len() > 1 {
        let details = format!("the values are of several types: {}", kinds.join(", "));
        findings.add("INVALID_CONDITION_DATA_TYPE", &test.value, details);
    }
    if operator.test == Compare::Bool && test.values.len() > 1 {
        let details = format!("`{}` is compared with one truth value", test.key);
        findings.add("INVALID_CONDITION_MULTIPLE_BOOLEAN", &test.value, details);
    }
    let keep = match operator.test {
        Compare::Numeric(Comparison::LessThan | Comparison::LessThanEquals) => "greatest",
        Compare::Numeric(Comparison::GreaterThan | Comparison::GreaterThanEquals) => "least",
        _ => return,
    };
    if test.values.len() > 1 {
        let details = format!("only the {keep} of the values matters");
        findings.add("REDUNDANT_CONDITION_VALUE_NUM", &test.value, details);
    }
}

fn of_operator(
    operator: Operator,
    test: &Test<'_>,
    (text, spot): (&str, &Spot<'_>),
    findings: &mut Findings<'_>,
) {
    let (code, expected) = match operator.test {
        Compare::Bool | Compare::Null if boolean(text).is_err() => {
            ("TYPE_MISMATCH_BOOLEAN", "true or false")
        }
        Compare::Numeric(_) if number(text).is_err() => ("TYPE_MISMATCH_NUMBER", "a number"),
        Compare::Date(_) if instant(text).is_err() => (
            "TYPE_MISMATCH_DATE",
            "a date such as 2026-11-24 or 2026-11-24T09:30:00Z",
        ),
        Compare::IpAddress if network(text).is_err() => {
            ("TYPE_MISMATCH_IP_RANGE", "a network such as 203.0.113.0/24")
        }
        Compare::BinaryEquals if !is_base64(text) => ("TYPE_MISMATCH_STRING", "bytes in base 64"),
        Compare::Date(_) if text.len() > 4 && text.bytes().all(|it| it.is_ascii_digit()) => {
            let details = format!(
                "`{text}` is read as seconds since 1970; a date such as 2026-11-24 is clearer"
            );
            return findings.add("INVALID_DATE_VALUE", spot, details);
        }
        Compare::StringEquals | Compare::StringEqualsIgnoreCase if is_wild(text) => {
            let details = format!(
                "`{text}` has a wildcard, which {} takes to the letter",
                test.operator_name
            );
            return findings.add("WILDCARD_WITHOUT_LIKE_OPERATOR", spot, details);
        }
        _ => return,
    };
    let details = format!("{} expects {expected}, got `{text}`", test.operator_name);
    findings.add(code, spot, details);
}

fn is_wild(text: &str) -> bool {
    let wild = |piece: &Piece<'_>| matches!(piece, Piece::Text(text) if text.contains(['*', '?']));
    pieces(text).iter().any(wild)
}

fn is_base64(text: &str) -> bool {
    let signs = text.trim_end_matches('=');
    let known = |sign: u8| sign.is_ascii_alphanumeric() || matches!(sign, b'+' | b'/');
    text.len().is_multiple_of(4) && text.len() - signs.len() <= 2 && signs.bytes().all(known)
}

/// Values that a key has a form for.
fn of_key(
    operator: Operator,
    key: &str,
    (text, spot): (&str, &Spot<'_>),
    findings: &mut Findings<'_>,
) {
    let is_text = matches!(
        operator.test,
        Compare::StringEquals | Compare::StringEqualsIgnoreCase | Compare::StringLike
    );
    if !is_text || is_wild(text) {
        return;
    }
    let id = |prefix: &str| {
        let rest = text.strip_prefix(prefix);
        rest.is_some_and(|it| {
            matches!(it.len(), 8 | 17) && it.bytes().all(|it| it.is_ascii_alphanumeric())
        })
    };
    let (code, expected) = match key.to_ascii_lowercase().as_str() {
        "aws:sourcevpc" if !id("vpc-") => {
            ("INVALID_VPC_FORMAT", "vpc- and 8 or 17 letters and digits")
        }
        "aws:sourcevpce" if !id("vpce-") => (
            "INVALID_VPCE_FORMAT",
            "vpce- and 8 or 17 letters and digits",
        ),
        "aws:requestedregion" if !is_region(text) && text != "aws-global" => {
            ("INVALID_REGION", "a region")
        }
        "kms:viaservice" if !is_service(text, true) => (
            "INVALID_SERVICE_PRINCIPAL_FORMAT",
            "service.region.amazonaws.com",
        ),
        "aws:calledvia"
        | "aws:calledviafirst"
        | "aws:calledvialast"
        | "aws:principalservicename"
        | "iam:passedtoservice"
        | "iam:awsservicename"
            if !is_service(text, false) =>
        {
            ("INVALID_SERVICE_PRINCIPAL_FORMAT", "service.amazonaws.com")
        }
        _ => return,
    };
    findings.add(
        code,
        spot,
        format!("`{key}` expects {expected}, got `{text}`"),
    );
}

/// Whether `text` names a service as AWS does: `lambda.amazonaws.com`, or with its region.
pub(super) fn is_service(text: &str, with_region: bool) -> bool {
    let end = [
        ".amazonaws.com",
        ".amazonaws.com.cn",
        ".amazon.com",
        ".aws.internal",
    ];
    let Some(name) = end.iter().find_map(|end| text.strip_suffix(end)) else {
        return false;
    };
    let plain = |sign: u8| {
        sign.is_ascii_lowercase() || sign.is_ascii_digit() || matches!(sign, b'-' | b'.')
    };
    let region = name
        .rsplit_once('.')
        .is_some_and(|(_, region)| is_region(region));
    !name.is_empty() && name.bytes().all(plain) && (region || !with_region)
}
