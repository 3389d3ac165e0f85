//! What does a policy get to see of a request?

use std::collections::BTreeMap;

use crate::arn::Arn;

/// A call to AWS, as IAM judges it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The ARN of who calls: a user, a role or a session of a role.
    pub principal: String,
    /// The action, such as `s3:GetObject`.
    pub action: String,
    /// The ARN of what it acts on, or `*` where the action takes no resource.
    pub resource: String,
    /// What else is known of the call.
    pub context: Context,
}

/// Condition keys and their values. Case does not matter in the names of keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Context(BTreeMap<String, Vec<String>>);

impl Request {
    /// A request of which the context says who calls, as far as the principal's ARN tells:
    /// `aws:PrincipalArn`, `aws:PrincipalAccount`, `aws:PrincipalType` and `aws:username`.
    pub fn new(
        principal: impl Into<String>,
        action: impl Into<String>,
        resource: impl Into<String>,
    ) -> Self {
        let principal = principal.into();
        Self {
            context: Context::of_principal(&principal),
            principal,
            action: action.into(),
            resource: resource.into(),
        }
    }

    /// The same request with a value for a condition key, in place of the values it had.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.context.set(key, vec![value.into()]);
        self
    }
}

impl Context {
    /// The values of a key; `None` if the request lacks it, which is the same as having none.
    pub fn get(&self, key: &str) -> Option<&[String]> {
        self.0.get(&key.to_ascii_lowercase()).map(Vec::as_slice)
    }

    /// Gives a key these values. An empty list takes the key away.
    pub fn set(&mut self, key: &str, values: Vec<String>) {
        let key = key.to_ascii_lowercase();
        if values.is_empty() {
            self.0.remove(&key);
        } else {
            self.0.insert(key, values);
        }
    }

    /// Keys, in lower case, with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0
            .iter()
            .map(|(key, values)| (key.as_str(), values.as_slice()))
    }

    fn of_principal(principal: &str) -> Self {
        let mut context = Self::default();
        let Ok(arn) = principal.parse::<Arn>() else {
            return context;
        };
        let mut set = |key, value: String| context.set(key, vec![value]);
        set("aws:PrincipalAccount", arn.account.clone());
        let (kind, name) = arn.resource.split_once('/').unwrap_or((&arn.resource, ""));
        let kind = match (arn.service.as_str(), kind) {
            ("iam", "user") => {
                // The path is no part of the name.
                let name = name.rsplit('/').next().unwrap_or(name);
                set("aws:username", name.to_owned());
                "User"
            }
            ("iam", "role") | ("sts", "assumed-role") => "AssumedRole",
            ("sts", "federated-user") => "FederatedUser",
            ("iam", "root") => "Account",
            _ => "",
        };
        if !kind.is_empty() {
            set("aws:PrincipalType", kind.to_owned());
        }
        set(
            "aws:PrincipalArn",
            role_of_session(&arn).unwrap_or_else(|| principal.to_owned()),
        );
        context
    }
}

/// In requests of a session, `aws:PrincipalArn` is the ARN of the role, as far as it is known:
/// that of the session has lost the role's path.
fn role_of_session(arn: &Arn) -> Option<String> {
    let rest = arn.resource.strip_prefix("assumed-role/")?;
    let (role, _) = rest.split_once('/')?;
    let role = Arn {
        service: "iam".to_owned(),
        region: String::new(),
        resource: format!("role/{role}"),
        ..arn.clone()
    };
    (arn.service == "sts").then(|| role.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_tells_what_the_request_says_of_it() {
        let of = |principal: &str| {
            let request = Request::new(principal, "a:b", "*");
            let pairs: Vec<_> = request
                .context
                .iter()
                .map(|(key, values)| format!("{key}={}", values.join(",")))
                .collect();
            pairs.join(" ")
        };
        assert_eq!(
            of("arn:aws:iam::1:user/team/alice"),
            "aws:principalaccount=1 aws:principalarn=arn:aws:iam::1:user/team/alice \
             aws:principaltype=User aws:username=alice"
        );
        assert_eq!(
            of("arn:aws:sts::1:assumed-role/r/s"),
            "aws:principalaccount=1 aws:principalarn=arn:aws:iam::1:role/r \
             aws:principaltype=AssumedRole"
        );
        assert_eq!(of("nobody"), "");
    }
}
