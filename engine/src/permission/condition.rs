//! What must hold besides, for a permission to be as narrow as its use was?

use serde_json::Value;

use super::call::CallInfo;
use super::members::normal;
use crate::generate::{can_be_held, with_stars};
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

    /// That a key has one of the values that an event tells, to the letter: but for characters that no
    /// policy can hold, for which a `*` stands.
    fn told<T: AsRef<str>>(key: &str, values: impl IntoIterator<Item = T>) -> Self {
        let values: Vec<T> = values.into_iter().collect();
        let mut signs = values.iter().flat_map(|value| value.as_ref().chars());
        if signs.all(can_be_held) {
            let values = values.iter().map(|value| literal(value.as_ref()));
            return Self::of("StringEquals", key, values);
        }
        let patterns = values.iter().map(|value| {
            let pattern = literal(value.as_ref());
            let pattern = pattern.replace('*', "${*}").replace('?', "${?}");
            with_stars(pattern.into()).into_owned()
        });
        Self::of("StringLike", key, patterns)
    }
}

/// A value that stands for itself in a policy: `${` would begin a policy variable. `*` and `?` are
/// no wildcards where texts are compared for being equal.
pub(crate) fn literal(value: &str) -> String {
    value.replace('$', "${$}")
}

/// A value that a condition with this one is true of.
pub(crate) fn spoken(value: &str) -> String {
    value
        .replace("${*}", "*")
        .replace("${?}", "?")
        .replace("${$}", "$")
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
    let mut conditions = vec![Condition::told("kms:ViaService", names)];
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
        made_by => vec![Condition::told("ec2:CreateAction", [made_by.trim()])],
    }
}

/// A role linked to a service is limited to that service.
fn linked_service(info: &CallInfo<'_>) -> Vec<Condition> {
    let service = info.request().get(&normal("AWSServiceName"));
    service
        .map(|service| Condition::told("iam:AWSServiceName", [service]))
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_event_tells_is_no_variable_and_no_wildcard() {
        for (told, operator, expected) in [
            ("ecs.amazonaws.com", "StringEquals", "ecs.amazonaws.com"),
            ("${aws:username}*?", "StringEquals", "${$}{aws:username}*?"),
            ("e\u{301}cs*", "StringLike", "e*cs${*}"),
            ("a$?\u{1}", "StringLike", "a${$}${?}*"),
        ] {
            let condition = Condition::told("iam:AWSServiceName", [told]);
            let expected = Condition::new(operator, "iam:AWSServiceName", &[expected]);
            assert_eq!(condition, expected);
        }
        assert_eq!(spoken("${$}{aws:username}*?"), "${aws:username}*?");
    }
}
