//! What must hold besides, for a permission to be as narrow as its use was?

use serde_json::Value;

use super::call::CallInfo;
use super::members::normal;
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

    /// That a key has the value that an event tells, to the letter. `None` where no policy can hold
    /// such a value.
    fn told(key: &str, value: &str) -> Option<Self> {
        can_be_told(value).then(|| Self::of("StringEquals", key, [literal(value)]))
    }
}

/// Whether a policy can hold a value to the letter.
fn can_be_told(value: &str) -> bool {
    value.chars().all(crate::generate::can_be_held)
}

/// A value that stands for itself in a policy: `${` would begin a policy variable. `*` and `?` are
/// no wildcards where texts are compared for being equal.
pub(crate) fn literal(value: &str) -> String {
    value.replace('$', "${$}")
}

/// The value for which [`literal`] stands.
pub(crate) fn spoken(value: &str) -> String {
    value.replace("${$}", "$")
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
    let service = info.call.invoked_by.and_then(|invoked_by| {
        if !is_service(invoked_by) {
            return None;
        }
        // What a service binds to a ciphertext is its own, whoever asked it first: an object of
        // S3 that Athena reads is decrypted for S3.
        let of_context = context_keys(info).find_map(|key| reference.via_service_of_context(key));
        of_context.or_else(|| reference.via_service(invoked_by))
    });
    let (Some(service), Some(region)) = (service, info.call.aws_region) else {
        return Vec::new();
    };
    let domain = if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    };
    let names = service.via_service.iter();
    let names = names.map(|name| format!("{name}.{region}.{domain}"));
    let names: Vec<String> = names.collect();
    let mut conditions = Vec::new();
    if names.iter().all(|name| can_be_told(name)) {
        let names = names.iter().map(|name| literal(name));
        conditions.push(Condition::of("StringEquals", "kms:ViaService", names));
    }
    if action.name == "CreateGrant" {
        let key = "kms:GrantIsForAWSResource";
        conditions.push(Condition::new("Bool", key, &["true"]));
    }
    conditions
}

/// Whether a call was made by a service: `AWS Internal` is one that CloudTrail does not name.
fn is_service(caller: &str) -> bool {
    caller == "AWS Internal"
        || caller.ends_with(".amazonaws.com")
        || caller.ends_with(".amazonaws.com.cn")
}

/// The keys of the encryption context that the request gives, or those that a grant is limited to.
fn context_keys<'i>(info: &'i CallInfo<'_>) -> impl Iterator<Item = &'i str> {
    let request = info.request_value();
    let constraints = request.get("constraints");
    let of_grant = ["encryptionContextSubset", "encryptionContextEquals"];
    let of_grant = of_grant.map(|member| constraints.and_then(|it| it.get(member)));
    let contexts = of_grant
        .into_iter()
        .chain([request.get("encryptionContext")]);
    let contexts = contexts.flatten().filter_map(Value::as_object);
    contexts.flat_map(|context| context.keys().map(String::as_str))
}

/// Tags that are given as a resource is made are limited to that: EC2 tells IAM which call it is.
fn at_creation(info: &CallInfo<'_>) -> Vec<Condition> {
    match info.call.event_name {
        "CreateTags" => Vec::new(),
        made_by => Condition::told("ec2:CreateAction", made_by.trim())
            .into_iter()
            .collect(),
    }
}

/// A role linked to a service is limited to that service.
fn linked_service(info: &CallInfo<'_>) -> Vec<Condition> {
    let service = info.request().get(&normal("AWSServiceName"));
    service
        .and_then(|service| Condition::told("iam:AWSServiceName", service))
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_event_tells_is_no_variable() {
        for (told, expected) in [
            ("ecs.amazonaws.com", Some("ecs.amazonaws.com")),
            ("${aws:username}*?", Some("${$}{aws:username}*?")),
            ("e\u{301}cs", None),
            ("a\u{1}", None),
        ] {
            let condition = Condition::told("iam:AWSServiceName", told);
            let values = condition.map(|it| it.values.concat());
            assert_eq!(values.as_deref(), expected);
            let back = values.map(|it| spoken(&it));
            assert!(back.is_none_or(|it| it == told));
        }
    }
}
