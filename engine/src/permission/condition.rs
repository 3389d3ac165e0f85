//! What must hold besides, for a permission to be as narrow as its use was?

use super::call::CallInfo;
use super::members::normal;
use super::resource::escaped_name;
use crate::reference::{Action, Reference};

/// A condition of a permission.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct Condition {
    /// `StringEquals`.
    pub operator: String,
    /// `kms:ViaService`.
    pub key: String,
    /// One of these.
    pub values: Vec<String>,
}

impl Condition {
    /// A condition with these values.
    pub(crate) fn of(operator: &str, key: &str, values: impl IntoIterator<Item = String>) -> Self {
        Self {
            operator: operator.to_owned(),
            key: key.to_owned(),
            values: values.into_iter().collect(),
        }
    }

    pub(super) fn new(operator: &str, key: &str, values: &[&str]) -> Self {
        Self {
            operator: operator.to_owned(),
            key: key.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        }
    }
}

/// The conditions under which the call used `action`.
pub(super) fn of(action: &Action, info: &CallInfo<'_>, reference: &Reference) -> Vec<Condition> {
    match (action.prefix, action.name) {
        ("kms", _) => via_service(action, info, reference),
        ("ec2", "CreateTags") => at_creation(info),
        ("iam", "CreateServiceLinkedRole") => linked_service(info),
        _ => Vec::new(),
    }
}

/// A service that calls for a principal uses the principal's permission. Where the service is
/// one that IAM can name, the permission is limited to calls through it.
fn via_service(action: &Action, info: &CallInfo<'_>, reference: &Reference) -> Vec<Condition> {
    let service = info.call.invoked_by;
    let service = service.and_then(|invoked_by| reference.via_service(invoked_by));
    let (Some(service), Some(region)) = (service, info.call.aws_region) else {
        return Vec::new();
    };
    let domain = if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    };
    let via = format!("{service}.{region}.{domain}");
    let mut conditions = vec![Condition::new("StringEquals", "kms:ViaService", &[&via])];
    if action.name == "CreateGrant" {
        let key = "kms:GrantIsForAWSResource";
        conditions.push(Condition::new("Bool", key, &["true"]));
    }
    conditions
}

/// Tags that are given as a resource is made are limited to that: EC2 tells IAM which call it is.
fn at_creation(info: &CallInfo<'_>) -> Vec<Condition> {
    match info.call.event_name {
        "CreateTags" => Vec::new(),
        made_by => vec![Condition::new(
            "StringEquals",
            "ec2:CreateAction",
            &[made_by.trim()],
        )],
    }
}

/// A role linked to a service is limited to that service.
fn linked_service(info: &CallInfo<'_>) -> Vec<Condition> {
    let service = info.request().get(&normal("AWSServiceName"));
    service
        // A `$` would begin a variable.
        .map(|service| {
            Condition::new(
                "StringEquals",
                "iam:AWSServiceName",
                &[&escaped_name(service)],
            )
        })
        .into_iter()
        .collect()
}
