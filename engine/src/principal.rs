//! Who acted?
//!
//! CloudTrail's `userIdentity` names a session; policies are attached to what stands behind
//! it. All sessions of one role are one principal.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::Deserializer;

use crate::json;

/// The identity behind an event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Principal {
    /// What people know it by: an IAM ARN where there is one.
    pub id: String,
    /// CloudTrail's identity type; `Unknown` where the record gives none.
    pub kind: String,
    /// Its account.
    pub account: Option<String>,
    /// Access key that signed the call.
    pub access_key_id: Option<String>,
    /// Role session name.
    pub session_name: Option<String>,
    /// Service that made the call for the principal.
    pub invoked_by: Option<String>,
}

/// Text where the record has a string, nothing where it has anything else.
#[derive(Debug, Default)]
struct Lenient<'a>(Option<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Lenient<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw: &'de serde_json::value::RawValue = Deserialize::deserialize(deserializer)?;
        Ok(Self(
            json::string(raw.get()).filter(|text| !text.is_empty()),
        ))
    }
}

/// An object where the record has one of this shape, the default where it has anything else.
#[derive(Debug, Default)]
struct LenientObject<T>(T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for LenientObject<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw: &'de serde_json::value::RawValue = Deserialize::deserialize(deserializer)?;
        Ok(Self(object(raw.get())))
    }
}

/// Reads an object leniently. A repeated key keeps its last value, so a struct that would
/// refuse the repetition is read from the members instead.
fn object<'de, T: Deserialize<'de> + Default>(text: &'de str) -> T {
    if text.starts_with('{') {
        serde_json::from_str(text).unwrap_or_default()
    } else {
        T::default()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct UserIdentity<'a> {
    #[serde(borrow, rename = "type")]
    kind: Lenient<'a>,
    #[serde(borrow)]
    principal_id: Lenient<'a>,
    #[serde(borrow)]
    arn: Lenient<'a>,
    #[serde(borrow)]
    account_id: Lenient<'a>,
    #[serde(borrow)]
    access_key_id: Lenient<'a>,
    #[serde(borrow)]
    user_name: Lenient<'a>,
    #[serde(borrow)]
    invoked_by: Lenient<'a>,
    #[serde(borrow)]
    session_context: LenientObject<SessionContext<'a>>,
    #[serde(borrow)]
    on_behalf_of: LenientObject<OnBehalfOf<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SessionContext<'a> {
    #[serde(borrow)]
    session_issuer: LenientObject<SessionIssuer<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SessionIssuer<'a> {
    #[serde(borrow)]
    arn: Lenient<'a>,
    #[serde(borrow)]
    account_id: Lenient<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct OnBehalfOf<'a> {
    #[serde(borrow)]
    user_id: Lenient<'a>,
}

impl Principal {
    /// Reads a record's `userIdentity`, whatever it holds.
    ///
    /// ```
    /// # use trailwright_engine::Principal;
    /// let principal = Principal::from_user_identity(r#"{
    ///     "type": "AssumedRole",
    ///     "arn": "arn:aws:sts::111122223333:assumed-role/deploy/alice",
    ///     "sessionContext": {"sessionIssuer": {"arn": "arn:aws:iam::111122223333:role/ci/deploy"}}
    /// }"#);
    /// assert_eq!(principal.id, "arn:aws:iam::111122223333:role/ci/deploy");
    /// assert_eq!(principal.session_name.as_deref(), Some("alice"));
    /// ```
    pub fn from_user_identity(text: &str) -> Self {
        let identity: UserIdentity<'_> = object(text);
        let own = |value: Lenient<'_>| value.0.map(Cow::into_owned);
        let issuer = identity.session_context.0.session_issuer.0;
        let arn = own(identity.arn);
        let invoked_by = own(identity.invoked_by);
        let user_name = own(identity.user_name);
        let principal_id = own(identity.principal_id);
        let account = own(identity.account_id);

        // Old records, and those of services, may give the invoking service alone.
        let kind = own(identity.kind).unwrap_or_else(|| {
            let kind = if invoked_by.is_some() {
                "AWSService"
            } else {
                "Unknown"
            };
            kind.to_owned()
        });
        let session_name = arn.as_deref().and_then(session_name);
        let id = own(issuer.arn)
            .or_else(|| arn.as_deref().map(role_of_session))
            .or_else(|| {
                let user = identity.on_behalf_of.0.user_id.0?;
                Some(format!("arn:aws:identitystore:::user/{user}"))
            })
            .or_else(|| invoked_by.clone().filter(|_| kind == "AWSService"))
            .or_else(|| principal_id.as_deref().map(without_session))
            .or_else(|| user_name.clone())
            .or_else(|| account.clone())
            .unwrap_or_else(|| "unknown".to_owned());

        Self {
            id,
            kind,
            account: account.or_else(|| own(issuer.account_id)),
            access_key_id: own(identity.access_key_id),
            session_name: session_name.or(user_name),
            invoked_by,
        }
    }
}

/// Whether an identity policy can be attached to the principal called `id`; if not, why.
pub fn takes_policy(id: &str) -> Result<(), &'static str> {
    let mut parts = id.splitn(6, ':');
    let (arn, service, resource) = (parts.next(), parts.nth(1), parts.nth(2));
    match (arn, service, resource) {
        (Some("arn"), Some("iam"), Some("root")) => Err("IAM policies do not limit root"),
        (Some("arn"), Some("iam"), Some(role)) if role.starts_with("role/aws-service-role/") => {
            Err("a service-linked role has a policy that only AWS changes")
        }
        (Some("arn"), Some("iam"), Some(name))
            if name.starts_with("role/") || name.starts_with("user/") =>
        {
            Ok(())
        }
        (Some("arn"), ..) => Err("only roles and users take a policy"),
        _ if id.contains(".amazonaws.com") => {
            Err("a service acts by trust and resource policies, not by one of its own")
        }
        _ => Err("expected the ARN of a role or user"),
    }
}

/// The session name in an sts ARN.
fn session_name(arn: &str) -> Option<String> {
    let resource = arn.split(':').nth(5)?;
    let rest = resource
        .strip_prefix("assumed-role/")
        .or_else(|| resource.strip_prefix("federated-user/"))?;
    rest.rsplit('/').next().map(ToOwned::to_owned)
}

/// The role of an assumed-role session; any other ARN as it is. The role's path is not in the
/// session's ARN and is lost: that is why the session issuer is asked first.
fn role_of_session(arn: &str) -> String {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    if let [_, partition, "sts", _, account, resource] = parts.as_slice()
        && let Some(rest) = resource.strip_prefix("assumed-role/")
        && let Some((role, _)) = rest.rsplit_once('/')
    {
        return format!("arn:{partition}:iam::{account}:role/{role}");
    }
    arn.to_owned()
}

/// `AROA...:session` is one principal with all its sessions.
fn without_session(principal_id: &str) -> String {
    match principal_id.split_once(':') {
        Some((id, _)) if id.starts_with("AROA") => id.to_owned(),
        _ => principal_id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(identity: &str) -> String {
        let principal = Principal::from_user_identity(identity);
        format!("{} {}", principal.kind, principal.id)
    }

    #[test]
    fn each_kind_of_identity_has_a_name_of_its_own() {
        for (identity, expected) in [
            (
                r#"{"type":"IAMUser","arn":"arn:aws:iam::1:user/a/bob","userName":"bob","sessionContext":{"sessionIssuer":{}}}"#,
                "IAMUser arn:aws:iam::1:user/a/bob",
            ),
            (
                r#"{"type":"Root","arn":"arn:aws:iam::1:root","accountId":"1"}"#,
                "Root arn:aws:iam::1:root",
            ),
            (
                r#"{"type":"FederatedUser","arn":"arn:aws:sts::1:federated-user/eve","sessionContext":{"sessionIssuer":{"type":"IAMUser","arn":"arn:aws:iam::1:user/eve"}}}"#,
                "FederatedUser arn:aws:iam::1:user/eve",
            ),
            (
                r#"{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}"#,
                "AWSService ec2.amazonaws.com",
            ),
            (
                r#"{"invokedBy":"ec2.amazonaws.com"}"#,
                "AWSService ec2.amazonaws.com",
            ),
            (
                r#"{"type":"SAMLUser","principalId":"idp:alice","userName":"alice","identityProvider":"idp"}"#,
                "SAMLUser idp:alice",
            ),
            (
                r#"{"type":"WebIdentityUser","principalId":"token.example.com:app:sub","userName":"sub"}"#,
                "WebIdentityUser token.example.com:app:sub",
            ),
            (
                r#"{"type":"IdentityCenterUser","accountId":"1","onBehalfOf":{"userId":"ab-cd","identityStoreArn":"arn:aws:identitystore::1:identitystore/d-1"}}"#,
                "IdentityCenterUser arn:aws:identitystore:::user/ab-cd",
            ),
            (
                r#"{"type":"AWSAccount","principalId":"AROAX:session","accountId":"2"}"#,
                "AWSAccount AROAX",
            ),
            (r#"{"type":"AWSAccount","accountId":"2"}"#, "AWSAccount 2"),
        ] {
            assert_eq!(id(identity), expected);
        }
    }

    #[test]
    fn a_session_without_an_issuer_still_names_its_role() {
        assert_eq!(
            id(r#"{"type":"AssumedRole","arn":"arn:aws-cn:sts::1:assumed-role/deploy/x"}"#),
            "AssumedRole arn:aws-cn:iam::1:role/deploy"
        );
    }

    #[test]
    fn wrong_types_are_unknown_and_harmless() {
        for identity in [
            "null",
            "[]",
            "7",
            "\"x\"",
            "{}",
            r#"{"type":7,"arn":[],"sessionContext":"x"}"#,
        ] {
            assert_eq!(id(identity), "Unknown unknown");
        }
    }
}
