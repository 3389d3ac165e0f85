//! Can there be such ARNs?

mod template;

use super::subject::{Findings, Spot, Subject};
use crate::arn::wildcard;
use crate::pattern::arn_fields;
use template::Templates;

pub(super) const PARTITIONS: [&str; 8] = [
    "aws",
    "aws-cn",
    "aws-us-gov",
    "aws-iso",
    "aws-iso-b",
    "aws-iso-e",
    "aws-iso-f",
    "aws-eusc",
];

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let resources = subject.statements.iter().flat_map(|it| &it.resources.items);
    let mut arns = resources
        .filter(|(text, _)| !text.bytes().all(|sign| sign == b'*') || text.is_empty())
        .peekable();
    if arns.peek().is_none() {
        return;
    }
    let templates = Templates::new(subject.reference);
    for (text, spot) in arns {
        arn(text, spot, &templates, findings);
    }
}

/// The fields of an ARN, wildcards and all.
struct Fields<'a> {
    partition: &'a str,
    service: &'a str,
    region: &'a str,
    account: &'a str,
    resource: &'a str,
}

fn arn(text: &str, spot: &Spot<'_>, templates: &Templates<'_>, findings: &mut Findings<'_>) {
    let parts = arn_fields(text);
    if parts.first().is_none_or(|prefix| *prefix != "arn") {
        let details = format!("`{text}` is no ARN: it does not begin with arn:");
        return findings.add("INVALID_ARN_PREFIX", spot, details);
    }
    let [_, partition, service, region, account, resource] = *parts.as_slice() else {
        let details = "an ARN has six fields: arn:partition:service:region:account:resource";
        return findings.add("MISSING_ARN_FIELD", spot, details);
    };
    let fields = Fields {
        partition,
        service,
        region,
        account,
        resource,
    };
    names(&fields, spot, findings);
    if is_wild(service) {
        let details = "the wildcard in the service also covers services that are yet to come";
        findings.add("WILDCARD_IN_SERVICE_NAME", spot, details);
    } else if !templates.has_service(service) {
        let lower = service.to_lowercase();
        if lower != service && templates.has_service(&lower) {
            let details = format!("services are written in lower case in ARNs: {lower}");
            findings.add("INVALID_ARN_SERVICE_CASE", spot, details);
        } else {
            findings.add(
                "INVALID_SERVICE",
                spot,
                format!("there is no service `{service}`"),
            );
        }
    } else {
        shape(&fields, spot, templates, findings);
    }
}

fn names(fields: &Fields<'_>, spot: &Spot<'_>, findings: &mut Findings<'_>) {
    let Fields {
        partition,
        region,
        account,
        ..
    } = *fields;
    if !is_wild(partition) && !PARTITIONS.contains(&partition) {
        let details = format!(
            "`{partition}` is no partition; use one of {}",
            PARTITIONS.join(", ")
        );
        findings.add("INVALID_PARTITION", spot, details);
    }
    if !region.is_empty() && !is_wild(region) && !is_region(region) {
        findings.add(
            "INVALID_ARN_REGION",
            spot,
            format!("`{region}` is no region"),
        );
    }
    // AWS's own resources have `aws` for an account.
    if !account.is_empty() && !is_wild(account) && !is_account(account) && account != "aws" {
        findings.add(
            "INVALID_ARN_ACCOUNT",
            spot,
            not_a(account, "account of 12 digits"),
        );
    }
}

fn not_a(field: &str, what: &str) -> String {
    if field.contains("${") {
        format!(
            "AWS documents no variables before the fifth colon, where `{field}` should be an {what}"
        )
    } else {
        format!("`{field}` is no {what}")
    }
}

/// What the service's own ARNs look like.
fn shape(
    fields: &Fields<'_>,
    spot: &Spot<'_>,
    templates: &Templates<'_>,
    findings: &mut Findings<'_>,
) {
    let Fields {
        service,
        region,
        account,
        resource,
        ..
    } = *fields;
    // Its ARNs are the paths of its API, of which AWS's list has only some.
    let is_listed = service != "apigateway";
    let Some(fitting) = templates.fitting(service, resource).filter(|_| is_listed) else {
        return;
    };
    if fitting.is_empty() {
        let details = format!("no resource of {service} has an ARN that ends like `{resource}`");
        return findings.add("INVALID_ARN_RESOURCE", spot, details);
    }
    if fitting.iter().all(|it| it.region.is_empty()) && !wildcard(region, "") {
        let details = format!("ARNs of {service} have no region here");
        findings.add("ARN_REGION_NOT_ALLOWED", spot, details);
    }
    if fitting.iter().all(|it| it.account.is_empty()) && !wildcard(account, "") {
        let details = format!("ARNs of {service} have no account here");
        findings.add("ARN_ACCOUNT_NOT_ALLOWED", spot, details);
    }
    if region.is_empty() && fitting.iter().all(|it| !wildcard(it.region, "")) {
        let details = format!("ARNs of {service} have a region here");
        findings.add("MISSING_ARN_REGION", spot, details);
    }
}

/// Whether `text` looks like an account.
pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|sign| sign.is_ascii_digit())
}

fn is_wild(field: &str) -> bool {
    field.contains(['*', '?'])
}

/// Whether `text` looks like a region: `eu-central-1`, `us-gov-west-1`. New ones come too often
/// to list them.
pub(super) fn is_region(text: &str) -> bool {
    let words: Vec<&str> = text.split('-').collect();
    let letters = |word: &&str| !word.is_empty() && word.bytes().all(|it| it.is_ascii_lowercase());
    match words.as_slice() {
        [names @ .., number] if names.len() >= 2 => {
            names.iter().all(letters)
                && matches!(number.len(), 1 | 2)
                && number.bytes().all(|it| it.is_ascii_digit())
        }
        _ => false,
    }
}
