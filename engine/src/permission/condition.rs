//! What must hold besides, for a permission to be as narrow as its use was?

use super::call::CallInfo;
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
    pub(super) fn new(operator: &str, key: &str, values: &[&str]) -> Self {
        Self {
            operator: operator.to_owned(),
            key: key.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        }
    }
}

/// The conditions under which the call used `action`.
///
/// A service that calls for a principal uses the principal's permission. Where the service is
/// one that IAM can name, the permission is limited to calls through it.
pub(super) fn of(action: &Action, info: &CallInfo<'_>, reference: &Reference) -> Vec<Condition> {
    let Some(invoked_by) = info.call.invoked_by else {
        return Vec::new();
    };
    if action.prefix != "kms" {
        return Vec::new();
    }
    let mut conditions = Vec::new();
    if let (Some(service), Some(region)) = (reference.via_service(invoked_by), info.call.aws_region)
    {
        let domain = if region.starts_with("cn-") {
            "amazonaws.com.cn"
        } else {
            "amazonaws.com"
        };
        let via = format!("{service}.{region}.{domain}");
        conditions.push(Condition::new("StringEquals", "kms:ViaService", &[&via]));
        if action.name == "CreateGrant" {
            conditions.push(Condition::new(
                "Bool",
                "kms:GrantIsForAWSResource",
                &["true"],
            ));
        }
    }
    conditions
}
