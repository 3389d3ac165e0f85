//! Which roles did a call pass to a service?
//!
//! `iam:PassRole` is checked and never logged. It shows in members of the request that name a
//! role: rows of `pass_role.tsv`.

use super::call::CallInfo;
use super::members::{Member, normal};
use super::{Condition, Origin, Permission};
use crate::reference::{PassRoleKind, PassRoleMember, Reference};

/// Appends `iam:PassRole` for each role that the call passed.
pub(super) fn append(
    permissions: &mut Vec<Permission>,
    info: &CallInfo<'_>,
    reference: &'static Reference,
) {
    let Some((prefix, operation)) = permissions
        .first()
        .and_then(|permission| permission.action.split_once(':'))
        .map(|(prefix, operation)| (prefix.to_owned(), operation.to_owned()))
    else {
        return;
    };
    let rows = reference.pass_role_members(&prefix, &operation);
    let services = reference.passed_to(&prefix, &operation);
    let mut passed: Vec<Permission> = Vec::new();
    for row in rows {
        let Some(path) = row.member else { continue };
        for member in info.request().iter().filter(|member| is_at(member, path)) {
            let Some(resource) = role(row, &member.value, info) else {
                continue;
            };
            if passed.iter().any(|known| known.resource == resource) {
                continue;
            }
            let conditions = match services {
                [] => Vec::new(),
                some => vec![Condition::new("StringEquals", "iam:PassedToService", some)],
            };
            passed.push(Permission {
                action: "iam:PassRole".to_owned(),
                resource,
                origin: Origin::Inferred,
                template: None,
                conditions,
                rule: "passed role",
                source: row.source,
            });
        }
    }
    permissions.append(&mut passed);
}

/// Whether a value stands at the end of a row's path, `containers[].roleArn`.
fn is_at(member: &Member<'_>, path: &str) -> bool {
    let mut parts = path.rsplit('.').map(normal);
    let Some(last) = parts.next() else {
        return false;
    };
    let around = parts.next().unwrap_or_default();
    member.name == last && (around.is_empty() || member.within == format!("{around}{last}"))
}

/// The ARN of the role that a value names.
fn role(row: &PassRoleMember, value: &str, info: &CallInfo<'_>) -> Option<String> {
    let account = info.call.account.unwrap_or("*");
    let partition = match info.call.aws_region.unwrap_or_default() {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    };
    match row.kind {
        PassRoleKind::Role if value.contains(":role/aws-service-role/") => None,
        PassRoleKind::Role if value.starts_with("arn:") => {
            value.contains(":role/").then(|| value.to_owned())
        }
        PassRoleKind::Role if !value.contains(':') => {
            let name = value.trim_start_matches('/');
            Some(format!("arn:{partition}:iam::{account}:role/{name}"))
        }
        // The profile's role is not in the log. Consoles give both the same name.
        PassRoleKind::InstanceProfile => {
            let name = value.rsplit('/').next()?;
            Some(format!("arn:{partition}:iam::{account}:role/{name}"))
        }
        _ => None,
    }
}
