//! Which policies does a principal have, by `aws iam get-account-authorization-details`?

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::diff::{Attached, NamedPolicy};
use crate::policy::PolicyDocument;

/// Why the policies of a principal cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DetailsError {
    /// The details are about others.
    #[error("no role or user `{0}` in the authorization details")]
    NoPrincipal(String),
    /// A policy is attached and is not in the details.
    #[error("policy `{0}` is attached, and the authorization details do not have it")]
    NoPolicy(String),
    /// The user is in a group that is not in the details.
    #[error("the user is in the group `{0}`, and the authorization details do not have it")]
    NoGroup(String),
    /// A policy is not one.
    #[error("policy `{name}` cannot be read: {reason}")]
    BadPolicy {
        /// Its name.
        name: String,
        /// What is wrong.
        reason: String,
    },
}

impl DetailsError {
    /// What to do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoPrincipal(_) => {
                "ask without a filter, or with --filter Role User Group LocalManagedPolicy AWSManagedPolicy"
            }
            Self::NoGroup(_) => "ask without a filter, or with Group in --filter",
            Self::NoPolicy(_) => {
                "ask without a filter, or with AWSManagedPolicy and LocalManagedPolicy in --filter"
            }
            Self::BadPolicy { .. } => "`trailwright validate` says more of a policy in a file",
        }
    }
}

/// Whether JSON is the answer of `get-account-authorization-details`.
pub fn is_details(value: &Value) -> bool {
    ["RoleDetailList", "UserDetailList"]
        .iter()
        .any(|key| value.get(key).is_some_and(Value::is_array))
}

/// The policies of a role or user, its groups' among them, and its boundary.
pub fn attached_to(details: &Value, principal: &str) -> Result<Attached, DetailsError> {
    let found = find(
        details,
        &["RoleDetailList", "UserDetailList"],
        "Arn",
        principal,
    );
    let found = found.ok_or_else(|| DetailsError::NoPrincipal(principal.to_owned()))?;
    let mut holders = vec![found];
    for group in list(found, "GroupList").iter().filter_map(Value::as_str) {
        let found = find(details, &["GroupDetailList"], "GroupName", group);
        holders.push(found.ok_or_else(|| DetailsError::NoGroup(group.to_owned()))?);
    }
    let mut policies = Vec::new();
    for holder in holders {
        for key in ["RolePolicyList", "UserPolicyList", "GroupPolicyList"] {
            for inline in list(holder, key) {
                let name = text(inline, "PolicyName");
                let document = inline.get("PolicyDocument");
                policies.push(NamedPolicy {
                    document: parse(name, document)?,
                    name: name.to_owned(),
                });
            }
        }
        for managed in list(holder, "AttachedManagedPolicies") {
            let arn = text(managed, "PolicyArn");
            policies.push(NamedPolicy {
                document: managed_policy(details, arn)?,
                name: arn.to_owned(),
            });
        }
    }
    let boundary = found.get("PermissionsBoundary");
    let boundary = boundary.map(|it| text(it, "PermissionsBoundaryArn"));
    Ok(Attached {
        policies,
        boundary: boundary
            .map(|arn| managed_policy(details, arn))
            .transpose()?,
    })
}

/// The default version of a managed policy.
fn managed_policy(details: &Value, arn: &str) -> Result<PolicyDocument, DetailsError> {
    let policy = find(details, &["Policies"], "Arn", arn);
    let policy = policy.ok_or_else(|| DetailsError::NoPolicy(arn.to_owned()))?;
    let versions = list(policy, "PolicyVersionList");
    let default = versions.iter().find(|it| {
        let told = it.get("IsDefaultVersion").and_then(Value::as_bool);
        told.unwrap_or_else(|| text(it, "VersionId") == text(policy, "DefaultVersionId"))
    });
    let default = default.ok_or_else(|| DetailsError::NoPolicy(arn.to_owned()))?;
    parse(arn, default.get("Document"))
}

/// A document, as an object or as the percent-encoded text that the API itself has.
fn parse(name: &str, document: Option<&Value>) -> Result<PolicyDocument, DetailsError> {
    let text = match document {
        Some(Value::String(text)) if text.trim_start().starts_with('{') => text.clone(),
        Some(Value::String(text)) => percent_decode_str(text).decode_utf8_lossy().into_owned(),
        Some(object) => object.to_string(),
        None => String::new(),
    };
    text.parse().map_err(
        |error: crate::policy::PolicyError| DetailsError::BadPolicy {
            name: name.to_owned(),
            reason: error.to_string(),
        },
    )
}

fn find<'v>(details: &'v Value, lists: &[&str], key: &str, wanted: &str) -> Option<&'v Value> {
    let mut all = lists.iter().flat_map(|name| list(details, name));
    all.find(|it| text(it, key) == wanted)
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy(action: &str) -> Value {
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": action, "Resource": "*"}]})
    }

    fn details() -> Value {
        let managed = |arn: &str, action: &str| {
            json!({"Arn": arn, "DefaultVersionId": "v2", "PolicyVersionList": [
                {"VersionId": "v1", "IsDefaultVersion": false, "Document": policy("old:*")},
                {"VersionId": "v2", "IsDefaultVersion": true, "Document": policy(action)},
            ]})
        };
        json!({
            "UserDetailList": [{
                "Arn": "arn:aws:iam::1:user/alice",
                "GroupList": ["readers"],
                "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": policy("s3:Own")}],
                "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::1:policy/m"}],
                "PermissionsBoundary": {"PermissionsBoundaryArn": "arn:aws:iam::1:policy/b"},
            }],
            "RoleDetailList": [{
                "Arn": "arn:aws:iam::1:role/r",
                "RolePolicyList": [{"PolicyName": "encoded", "PolicyDocument":
                    "%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22s3%3AX%22%2C%22Resource%22%3A%22%2A%22%7D%7D"}],
                "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/missing"}],
            }],
            "GroupDetailList": [{
                "GroupName": "readers",
                "GroupPolicyList": [{"PolicyName": "theirs", "PolicyDocument": policy("s3:Group")}],
                "AttachedManagedPolicies": [],
            }],
            "Policies": [
                managed("arn:aws:iam::1:policy/m", "s3:Managed"),
                managed("arn:aws:iam::1:policy/b", "s3:Boundary"),
            ],
        })
    }

    #[test]
    fn a_user_has_its_own_policies_and_those_of_its_groups() {
        let attached = attached_to(&details(), "arn:aws:iam::1:user/alice").unwrap();
        let actions: Vec<String> = attached
            .policies
            .iter()
            .map(|it| {
                let statement = it.document.statement.first().unwrap();
                format!("{} {}", it.name, statement.actions.patterns().0.join(","))
            })
            .collect();
        assert_eq!(
            actions,
            [
                "own s3:Own",
                "arn:aws:iam::1:policy/m s3:Managed",
                "theirs s3:Group"
            ]
        );
        assert!(attached.boundary.unwrap().to_json().contains("s3:Boundary"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = |principal: &str| {
            attached_to(&self::details(), principal)
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            error("arn:aws:iam::1:role/r"),
            "policy `arn:aws:iam::aws:policy/missing` is attached, \
             and the authorization details do not have it"
        );
        let mut details = details();
        *details.pointer_mut("/GroupDetailList").unwrap() = json!([]);
        assert_eq!(
            attached_to(&details, "arn:aws:iam::1:user/alice")
                .unwrap_err()
                .to_string(),
            "the user is in the group `readers`, and the authorization details do not have it"
        );
        assert_eq!(
            error("arn:aws:iam::1:role/x"),
            "no role or user `arn:aws:iam::1:role/x` in the authorization details"
        );
    }
}
