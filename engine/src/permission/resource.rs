//! On which resources did a call use an action?
//!
//! Asked are, in this order: the event's `resources`, the request's members that are ARNs, and
//! the request's members that are named as the variables of an ARN template. Taken is only what
//! is of a type that the action accepts.

mod members;
mod template;

use std::collections::BTreeSet;

use serde_json::Value;

use super::{CallInfo, Origin};
use crate::reference::{Action, Reference, ResourceType};
use members::Members;
use template::{Fit, Template};

/// Stands in an event for a value that CloudTrail does not tell.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// The longest ARN that AWS makes. What is longer is no ARN, and costly to compare.
const MAX_ARN: usize = 2_048;

/// What every ARN of the call's own account and region begins with.
struct Place<'a> {
    partition: &'a str,
    region: &'a str,
    account: &'a str,
}

/// The resources on which the call used `action`.
pub(super) fn of(
    action: &Action,
    info: &CallInfo<'_>,
    reference: &Reference,
) -> Vec<(String, Origin)> {
    if action.resource_types.is_empty() {
        return vec![("*".to_owned(), Origin::Any)];
    }
    let place = Place::of(info);
    let named = named_arns(info);
    let members = Members::of(info.request());
    let mut found: BTreeSet<(String, Origin)> = BTreeSet::new();
    let mut missing: Vec<&ResourceType> = Vec::new();

    for accepted in &action.resource_types {
        let Some(kind) = reference.resource_type(action.prefix, accepted.name) else {
            continue;
        };
        let mut arns: BTreeSet<String> = named
            .iter()
            .filter(|arn| is_of_type(arn, kind, reference))
            .cloned()
            .collect();
        if arns.is_empty() {
            arns = kind
                .arn_templates
                .iter()
                .flat_map(|template| members.fill(&Template::parse(template), kind, &place))
                .collect();
        }
        if arns.is_empty() && accepted.required {
            missing.push(kind);
        }
        found.extend(arns.iter().map(|arn| (escaped(arn), Origin::Event)));
    }
    for kind in missing {
        found.extend(kind.arn_templates.iter().map(|template| {
            let widened = Template::parse(template).widened(&place);
            (widened, Origin::Widened)
        }));
    }
    if found.is_empty() {
        // Every type is optional and the event names none: to narrow the action would be a guess.
        found.insert(("*".to_owned(), Origin::Widened));
    }
    found.into_iter().collect()
}

impl<'a> Place<'a> {
    fn of(info: &CallInfo<'a>) -> Self {
        let region = info.call.aws_region.unwrap_or_default();
        Self {
            partition: partition_of(region),
            region: if region.is_empty() { "*" } else { region },
            account: info.call.account.filter(|a| !a.is_empty()).unwrap_or("*"),
        }
    }
}

/// The partition that a region belongs to.
fn partition_of(region: &str) -> &'static str {
    const PARTITIONS: [(&str, &str); 4] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-isob-", "aws-iso-b"),
        ("us-iso-", "aws-iso"),
    ];
    PARTITIONS
        .iter()
        .find(|(start, _)| region.starts_with(start))
        .map_or("aws", |(_, partition)| partition)
}

/// ARNs that the event spells out: in `resources`, and as values of the request.
fn named_arns(info: &CallInfo<'_>) -> BTreeSet<String> {
    let mut arns = BTreeSet::new();
    let resources: Value = info
        .call
        .resources
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    for resource in resources.as_array().into_iter().flatten() {
        let arn = ["ARN", "arn"].iter().find_map(|key| resource.get(key));
        if let Some(arn) = arn.and_then(Value::as_str) {
            arns.insert(arn.to_owned());
        }
    }
    members::arn_values(info.request(), &mut arns);
    arns.into_iter()
        // The ARN of a log group may be given as the pattern of what is in it.
        .map(|arn| arn.strip_suffix(":*").map(ToOwned::to_owned).unwrap_or(arn))
        .filter(|arn| !arn.contains(HIDDEN) && arn.len() <= MAX_ARN)
        .collect()
}

/// The type of `service`'s resources that fits `arn` best.
pub(crate) fn resource_type_of<'r>(
    arn: &str,
    service: &str,
    reference: &'r Reference,
) -> Option<&'r ResourceType> {
    let (fit, kind) = reference
        .resource_types(service)
        .iter()
        .map(|kind| (best_fit(kind, arn), kind))
        .max_by_key(|(fit, _)| *fit)?;
    (fit != Fit::None).then_some(kind)
}

/// Whether `arn` is of type `kind` rather than of another type of the same service.
fn is_of_type(arn: &str, kind: &ResourceType, reference: &Reference) -> bool {
    let own = best_fit(kind, arn);
    own != Fit::None
        && reference
            .resource_types(kind.prefix)
            .iter()
            .all(|other| best_fit(other, arn) <= own)
}

fn best_fit(kind: &ResourceType, arn: &str) -> Fit {
    let fits = kind
        .arn_templates
        .iter()
        .map(|t| Template::parse(t).fit(arn));
    fits.max().unwrap_or(Fit::None)
}

/// A literal name as IAM reads it: `*`, `?` and `$` would be wildcards and variables.
fn escaped(arn: &str) -> String {
    if !arn.contains(['*', '?', '$']) {
        return arn.to_owned();
    }
    let mut parts = arn.splitn(6, ':');
    let mut head: Vec<&str> = parts.by_ref().take(5).collect();
    let resource: String = parts
        .next()
        .unwrap_or_default()
        .chars()
        .map(|sign| match sign {
            '*' | '?' | '$' => format!("${{{sign}}}"),
            other => other.to_string(),
        })
        .collect();
    head.push(&resource);
    head.join(":")
}
