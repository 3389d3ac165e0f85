//! Who acted?
//!
//! CloudTrail's `userIdentity` names a session; policies are attached to what stands behind
//! it. All sessions of one role are one principal.

use std::borrow::Cow;

use crate::json::{self, Member, Members, Outline};

/// The identity behind an event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Principal<'a> {
    /// What people know it by: an IAM ARN where there is one.
    pub id: Cow<'a, str>,
    /// CloudTrail's identity type; `Unknown` where the record gives none.
    pub kind: Cow<'a, str>,
    /// Its account.
    pub account: Option<Cow<'a, str>>,
    /// Access key that signed the call.
    pub access_key_id: Option<Cow<'a, str>>,
    /// Role session name.
    pub session_name: Option<Cow<'a, str>>,
    /// Service that made the call for the principal.
    pub invoked_by: Option<Cow<'a, str>>,
}

/// An object in an identity, or the identity itself.
#[derive(Clone, Copy)]
enum Object<'a, 'o> {
    Outlined(Members<'a, 'o>),
    /// JSON that is read with more care. It may be no object.
    Text(&'a str),
}

impl<'a, 'o> Object<'a, 'o> {
    /// Calls `take` with each member, and the object that it is.
    fn each(self, mut take: impl FnMut(Member<'a>, Self)) {
        match self {
            Self::Outlined(members) => {
                for (member, inner) in members.iter() {
                    take(member, Self::Outlined(inner));
                }
            }
            Self::Text(text) => {
                for (key, value) in json::members(text).unwrap_or_default() {
                    take(Member::new(key, value), Self::Text(value));
                }
            }
        }
    }
}

/// What an identity says that tells who acted. Of a repeated key the last value counts.
#[derive(Default)]
struct Identity<'a> {
    kind: Option<Cow<'a, str>>,
    arn: Option<Cow<'a, str>>,
    account_id: Option<Cow<'a, str>>,
    access_key_id: Option<Cow<'a, str>>,
    user_name: Option<Cow<'a, str>>,
    principal_id: Option<Cow<'a, str>>,
    invoked_by: Option<Cow<'a, str>>,
    issuer: Issuer<'a>,
    on_behalf_of: Option<Cow<'a, str>>,
}

/// What gave a session its permissions.
#[derive(Default)]
struct Issuer<'a> {
    arn: Option<Cow<'a, str>>,
    account_id: Option<Cow<'a, str>>,
}

impl<'a> Identity<'a> {
    fn of(object: Object<'a, '_>) -> Self {
        let mut identity = Self::default();
        object.each(|member, inner| match member.key.as_ref() {
            "type" => identity.kind = text(&member),
            "arn" => identity.arn = text(&member),
            "accountId" => identity.account_id = text(&member),
            "accessKeyId" => identity.access_key_id = text(&member),
            "userName" => identity.user_name = text(&member),
            "principalId" => identity.principal_id = text(&member),
            "invokedBy" => identity.invoked_by = text(&member),
            "sessionContext" => {
                identity.issuer = Issuer::default();
                inner.each(|member, inner| {
                    if member.key == "sessionIssuer" {
                        identity.issuer = Issuer::of(inner);
                    }
                });
            }
            "onBehalfOf" => {
                identity.on_behalf_of = None;
                inner.each(|member, _| {
                    if member.key == "userId" {
                        identity.on_behalf_of = text(&member);
                    }
                });
            }
            _ => {}
        });
        identity
    }
}

impl<'a> Issuer<'a> {
    fn of(object: Object<'a, '_>) -> Self {
        let mut issuer = Self::default();
        object.each(|member, _| match member.key.as_ref() {
            "arn" => issuer.arn = text(&member),
            "accountId" => issuer.account_id = text(&member),
            _ => {}
        });
        issuer
    }
}

/// Nothing where the record has no string, or an empty one.
fn text<'a>(member: &Member<'a>) -> Option<Cow<'a, str>> {
    member.string().filter(|text| !text.is_empty())
}

impl<'a> Principal<'a> {
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
    pub fn from_user_identity(text: &'a str) -> Self {
        let outline = Outline::of_identity(text.as_bytes());
        match outline.filter(|outline| outline.len() == text.len()) {
            Some(outline) => Self::from_members(outline.members(text)),
            None => Self::of(Identity::of(Object::Text(text))),
        }
    }

    /// The same for an identity of which the members are known.
    pub(crate) fn from_members(members: Members<'a, '_>) -> Self {
        Self::of(Identity::of(Object::Outlined(members)))
    }

    fn of(identity: Identity<'a>) -> Self {
        let Identity {
            kind,
            arn,
            account_id,
            access_key_id,
            user_name,
            principal_id,
            invoked_by,
            issuer,
            on_behalf_of,
        } = identity;
        // Old records, and those of services, may give the invoking service alone.
        let kind = kind.unwrap_or_else(|| {
            let kind = if invoked_by.is_some() {
                "AWSService"
            } else {
                "Unknown"
            };
            Cow::Borrowed(kind)
        });
        let session_name = arn.clone().and_then(|arn| part(arn, session_name));
        let id = issuer
            .arn
            .or_else(|| arn.map(role_of_session))
            .or_else(|| {
                let user = on_behalf_of?;
                Some(Cow::Owned(format!("arn:aws:identitystore:::user/{user}")))
            })
            .or_else(|| invoked_by.clone().filter(|_| kind == "AWSService"))
            .or_else(|| part(principal_id?, |id| Some(without_session(id))))
            .or_else(|| user_name.clone())
            .or_else(|| account_id.clone())
            .unwrap_or(Cow::Borrowed("unknown"));

        Self {
            id,
            kind,
            account: account_id.or(issuer.account_id),
            access_key_id,
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

/// A part of a text that is kept as the text is.
fn part<'a>(
    text: Cow<'a, str>,
    of: impl for<'t> Fn(&'t str) -> Option<&'t str>,
) -> Option<Cow<'a, str>> {
    match text {
        Cow::Borrowed(text) => of(text).map(Cow::Borrowed),
        Cow::Owned(text) => of(&text).map(|part| Cow::Owned(part.to_owned())),
    }
}

/// The session name in an sts ARN.
fn session_name(arn: &str) -> Option<&str> {
    let resource = arn.split(':').nth(5)?;
    let rest = resource
        .strip_prefix("assumed-role/")
        .or_else(|| resource.strip_prefix("federated-user/"))?;
    rest.rsplit('/').next()
}

/// The role of an assumed-role session; any other ARN as it is. The role's path is not in the
/// session's ARN and is lost: that is why the session issuer is asked first.
fn role_of_session(arn: Cow<'_, str>) -> Cow<'_, str> {
    let mut parts = arn.splitn(6, ':');
    if let (_, Some(partition), Some("sts"), _, Some(account), Some(resource)) = (
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
    ) && let Some(rest) = resource.strip_prefix("assumed-role/")
        && let Some((role, _)) = rest.rsplit_once('/')
    {
        return Cow::Owned(format!("arn:{partition}:iam::{account}:role/{role}"));
    }
    arn
}

/// `AROA...:session` is one principal with all its sessions.
fn without_session(principal_id: &str) -> &str {
    match principal_id.split_once(':') {
        Some((id, _)) if id.starts_with("AROA") => id,
        _ => principal_id,
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
    fn of_a_repeated_key_the_last_value_counts() {
        let repeated = r#"{"type":"Root","type":"IAMUser","arn":"arn:aws:iam::1:root","sessionContext":{},
            "arn":"arn:aws:iam::1:user/bob","sessionContext":{"a":1,"a":2}}"#;
        assert_eq!(id(repeated), "IAMUser arn:aws:iam::1:user/bob");
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
