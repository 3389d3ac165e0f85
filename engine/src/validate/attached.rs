//! Does the policy suit the resource that it is attached to?

use super::principal::named;
use super::subject::{Clause, Findings, Subject};
use super::{PolicyType, ResourceType};
use crate::policy::Effect;

/// Keys that say on whose behalf a service acts.
const SOURCES: [&str; 4] = [
    "aws:SourceArn",
    "aws:SourceAccount",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
];

/// Keys of principals that are in an organization, which no service is.
const OF_MEMBERS: [&str; 2] = ["aws:PrincipalOrgID", "aws:PrincipalOrgPaths"];

/// Types of resources that the policies of buckets are about.
const OF_BUCKETS: [&str; 2] = ["bucket", "object"];

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let PolicyType::Resource(known) = subject.policy_type else {
        return;
    };
    for clause in &subject.statements {
        if let Some(known) = known {
            actions(subject, clause, known, findings);
            resources(clause, known, findings);
            keys(clause, known, findings);
        }
        services(subject, clause, findings);
    }
}

fn actions(
    subject: &Subject<'_>,
    clause: &Clause<'_>,
    known: ResourceType,
    findings: &mut Findings<'_>,
) {
    for (action, spot) in &clause.actions.items {
        let Some((prefix, name)) = action.split_once(':') else {
            continue;
        };
        let of_service = prefix.eq_ignore_ascii_case(known.service());
        let of_bucket = || {
            let found = subject.reference.action(prefix, name);
            found.is_none_or(|it| {
                let mut types = it.resource_types.iter();
                types.any(|it| OF_BUCKETS.contains(&it.name))
            })
        };
        let suits = of_service && (known != ResourceType::S3Bucket || of_bucket());
        // A wildcard in the service has a finding of its own.
        if !suits && !prefix.contains(['*', '?']) {
            let details = format!(
                "{action} is on nothing that a policy of {} is about",
                known.name()
            );
            findings.add("UNSUPPORTED_ACTION_IN_POLICY", spot, details);
        }
    }
}

fn resources(clause: &Clause<'_>, known: ResourceType, findings: &mut Findings<'_>) {
    if known == ResourceType::RoleTrust {
        return;
    }
    for (resource, spot) in &clause.resources.items {
        if !known.takes(resource) {
            let details = format!("a policy of {} is about itself only", known.name());
            findings.add("UNSUPPORTED_RESOURCE_ARN_IN_POLICY", spot, details);
        }
    }
}

/// Keys about the resource, where that is known.
fn keys(clause: &Clause<'_>, known: ResourceType, findings: &mut Findings<'_>) {
    let types = [ResourceType::S3Bucket, ResourceType::S3AccessPoint];
    for test in clause.conditions.iter().filter(|_| types.contains(&known)) {
        if test.key.eq_ignore_ascii_case("s3:ResourceAccount") {
            let details = "the account is that of the resource itself, whoever asks";
            findings.add(
                "IRRELEVANT_CONDITION_KEY_IN_POLICY",
                &test.key_spot,
                details,
            );
        }
    }
}

/// Services that act for anybody, unless it is said for whom.
fn services(subject: &Subject<'_>, clause: &Clause<'_>, findings: &mut Findings<'_>) {
    // A service that assumes a role has no source, and by its actions this may be a trust policy.
    let of_role = |(action, _): &(&str, _)| action.to_ascii_lowercase().starts_with("sts:");
    if clause.effect != Some(Effect::Allow)
        || subject.policy_type.is_trust()
        || clause.actions.items.iter().any(of_role)
    {
        return;
    }
    let named = named(clause);
    let services = named.iter().filter(|it| it.kind == "Service");
    let is_all = services.clone().count() == named.len();
    let has_referer = clause.tests_key("aws:Referer");
    let has_source = SOURCES.iter().any(|key| clause.tests_key(key));
    for service in services {
        if !has_source && has_referer {
            let details = format!(
                "say for whom {} acts by aws:SourceArn or aws:SourceAccount, not by aws:Referer",
                service.name
            );
            let code = "RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL";
            findings.add(code, &service.spot, details);
        } else if !has_source {
            let details = format!(
                "{} acts for whoever asks it to; say for whom by aws:SourceArn, aws:SourceAccount, aws:SourceOrgID or aws:SourceOrgPaths",
                service.name
            );
            findings.add(
                "RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL",
                &service.spot,
                details,
            );
        }
    }
    if !is_all {
        return;
    }
    for test in &clause.conditions {
        let asks = test.operator.is_some_and(|it| !it.if_exists && !it.negated);
        let of_members = OF_MEMBERS
            .iter()
            .any(|it| it.eq_ignore_ascii_case(test.key));
        if asks && of_members && !named.is_empty() {
            let code = "UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL";
            let details = format!(
                "no service has `{}`: the statement allows nothing",
                test.key
            );
            findings.add(code, &test.key_spot, details);
        }
    }
}
