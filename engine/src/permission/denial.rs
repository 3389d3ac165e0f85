//! What was IAM asked for, by the message of its refusal?
//!
//! Most refused calls are recorded without their request. Their message names the action and
//! mostly the resource:
//!
//! ```text
//! User: arn:aws:iam::111122223333:user/dev is not authorized to perform: s3:GetObject on
//! resource: "arn:aws:s3:::logs/a" because no identity-based policy allows the s3:GetObject action
//! ```

use std::borrow::Cow;

use super::call::{Call, CallInfo};
use super::resource::{Place, of_name};
use super::{Origin, Permission};
use crate::arn::wildcard;
use crate::reference::{Action, Reference};

const RULE: &str = "denial message";
const SOURCE: &str = "the message of IAM's refusal";

/// What a refusal names.
#[derive(Debug, PartialEq, Eq)]
struct Asked<'a> {
    /// `s3:GetObject`, in whatever case the service writes it.
    action: &'a str,
    resource: Option<Refused<'a>>,
}

/// On what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused<'a> {
    /// An ARN or `*`.
    Written(&'a str),
    /// What IAM says of its own resources: `instance profile web` is of the kind `instance
    /// profile`, with the name `web`.
    Spoken(&'a str, &'a str),
}

impl<'a> Asked<'a> {
    fn of(message: &'a str) -> Option<Self> {
        let mut parts = message.split("not authorized to perform").skip(1);
        parts.find_map(Self::of_part)
    }

    /// What stands behind the words.
    fn of_part(asked: &'a str) -> Option<Self> {
        // SES puts quotes around names, and no colon in front of them.
        let lead = |sign: char| sign.is_whitespace() || matches!(sign, ':' | '`' | '\'');
        let asked = asked.trim_start_matches(lead);
        let end = asked.find(|sign: char| !sign.is_ascii_alphanumeric() && !":-".contains(sign));
        let (action, rest) = asked.split_at(end.unwrap_or(asked.len()));
        let rest = rest.trim_start_matches('\'').trim_start();
        let named = rest.strip_prefix("on resource");
        let named = named.map(|rest| rest.trim_start_matches(lead));
        let named = named.map(|rest| {
            // Names in ARNs may have spaces, so it is what follows that ends one.
            let ends = [" because ", " with an explicit deny", "\n", ". Encoded "];
            let ends = ends.iter().filter_map(|end| rest.find(end));
            let arn = rest.get(..ends.min().unwrap_or(rest.len())).unwrap_or(rest);
            let ending = |sign: char| sign.is_whitespace() || matches!(sign, '.' | '\'');
            arn.trim_end_matches(ending).trim_matches('"')
        });
        action.contains(':').then_some(Self {
            action: action.trim_end_matches(':'),
            resource: named.and_then(Refused::of),
        })
    }

    fn action(&self, reference: &'static Reference) -> Option<&'static Action> {
        let (prefix, name) = self.action.split_once(':')?;
        reference.action(prefix, name)
    }
}

impl<'a> Refused<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let is_arn = |text: &str| text.starts_with("arn:") && !text.contains("${");
        if text == "*" || is_arn(text) {
            return Some(Self::Written(text));
        }
        let (kind, name) = text.rsplit_once(' ')?;
        match is_arn(name) {
            // `policy arn:aws:iam::111122223333:policy/dev`.
            true => Some(Self::Written(name)),
            false => Some(Self::Spoken(kind, name)),
        }
    }

    /// Its ARN, where the action is checked on resources of that kind, and a name makes one.
    fn arn(
        self,
        action: &Action,
        call: &Call<'_>,
        reference: &'static Reference,
    ) -> Option<Cow<'a, str>> {
        let (kind, name) = match self {
            Self::Written(arn) => return Some(Cow::Borrowed(arn)),
            Self::Spoken(kind, name) => (kind, name),
        };
        let kind = kind.replace(' ', "-");
        let accepted = action.resource_types.iter().find(|it| it.name == kind)?;
        let kind = reference.resource_type(action.prefix, accepted.name)?;
        let [template] = kind.arn_templates.as_slice() else {
            return None;
        };
        let info = CallInfo::new(call);
        of_name(template, name, &Place::of(&info)).map(Cow::Owned)
    }
}

/// Puts what the refusal names in the place of what the event does not tell.
pub(super) fn sharpen(
    permissions: &mut Vec<Permission>,
    call: &Call<'_>,
    message: &str,
    reference: &'static Reference,
) {
    let Some(asked) = Asked::of(message) else {
        return;
    };
    let Some(action) = asked.action(reference) else {
        return;
    };
    let name = format!("{}:{}", action.prefix, action.name);
    let known = permissions.iter().any(|it| it.action == name);
    let resource = asked.resource;
    let resource = resource.and_then(|it| it.arn(action, call, reference));
    let (resource, origin) = match &resource {
        Some(resource) if resource == "*" => ("*", Origin::Any),
        Some(resource) => (resource.as_ref(), Origin::Event),
        None if known => return,
        None => ("*", Origin::Untold),
    };
    let is_told = |it: &Permission| !matches!(it.origin, Origin::Widened | Origin::Untold);
    let covers = |it: &Permission| it.action == name && wildcard(&it.resource, resource);
    // EC2 names `instance/*` where the request names the instance: that is known better.
    let is_within = |it: &Permission| it.action == name && wildcard(resource, &it.resource);
    if permissions
        .iter()
        .any(|it| is_told(it) && (covers(it) || is_within(it)))
    {
        return;
    }
    // One of several types of resource may be told, and another one not. What is told may be in
    // another account than the call: a policy of AWS.
    let is_of_type =
        |it: &Permission| it.action == name && covers_elsewhere(&it.resource, resource);
    permissions.retain(|it| is_told(it) || !is_of_type(it));
    permissions.push(Permission {
        action: name,
        resource: resource.to_owned(),
        origin,
        template: None,
        conditions: Vec::new(),
        rule: RULE,
        source: SOURCE,
    });
}

/// Whether a pattern covers an ARN, wherever that is.
fn covers_elsewhere(pattern: &str, arn: &str) -> bool {
    fn parts(arn: &str) -> Option<(&str, &str)> {
        let mut fields = arn.splitn(6, ':').skip(2);
        Some((fields.next()?, fields.nth(2)?))
    }
    match (parts(pattern), parts(arn)) {
        (Some((of, pattern)), Some((service, name))) => of == service && wildcard(pattern, name),
        _ => wildcard(pattern, arn),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read_in_all_its_forms() {
        let by = "User: arn:aws:iam::1:user/dev is not authorized to perform: ";
        for (rest, action, resource) in [
            ("s3:GetObject", "s3:GetObject", None),
            (
                "sqs:listqueues on resource: arn:aws:sqs:us-east-1:1:",
                "sqs:listqueues",
                Some(Refused::Written("arn:aws:sqs:us-east-1:1:")),
            ),
            (
                "ec2:RunInstances on resource: arn:aws:ec2:us-east-1:1:instance/* because no identity-based policy allows the ec2:RunInstances action. Encoded authorization failure message: AbC",
                "ec2:RunInstances",
                Some(Refused::Written("arn:aws:ec2:us-east-1:1:instance/*")),
            ),
            (
                "s3:GetObject on resource: \"arn:aws:s3:::logs/a b\" with an explicit deny in a service control policy",
                "s3:GetObject",
                Some(Refused::Written("arn:aws:s3:::logs/a b")),
            ),
            (
                "logs:PutLogEvents on resource: arn:aws:logs:us-east-1:1:log-group:g:log-stream:2026/[$LATEST]0 because no session policy allows it",
                "logs:PutLogEvents",
                Some(Refused::Written(
                    "arn:aws:logs:us-east-1:1:log-group:g:log-stream:2026/[$LATEST]0",
                )),
            ),
            (
                "kms:Decrypt on the resource associated with this ciphertext because the resource does not exist",
                "kms:Decrypt",
                None,
            ),
            (
                "iam:GetUser on resource: user dev",
                "iam:GetUser",
                Some(Refused::Spoken("user", "dev")),
            ),
            (
                "iam:GetPolicy on resource: policy arn:aws:iam::1:policy/dev because no identity-based policy allows the iam:GetPolicy action",
                "iam:GetPolicy",
                Some(Refused::Written("arn:aws:iam::1:policy/dev")),
            ),
            (
                "sts:AssumeRole with an explicit deny",
                "sts:AssumeRole",
                None,
            ),
            (
                "sqs:SendMessage on resource: arn:aws:sqs:us-east-1:1:it's",
                "sqs:SendMessage",
                Some(Refused::Written("arn:aws:sqs:us-east-1:1:it's")),
            ),
            (
                "SNS:ListTopics on resource: *.",
                "SNS:ListTopics",
                Some(Refused::Written("*")),
            ),
        ] {
            let message = format!("{by}{rest}");
            assert_eq!(
                Asked::of(&message),
                Some(Asked { action, resource }),
                "{rest}"
            );
        }
    }

    #[test]
    fn words_in_front_of_a_refusal_are_passed_over() {
        let message = "You are not authorized to perform this operation. User: x is not \
            authorized to perform: ec2:RunInstances on resource: arn:aws:ec2:us-east-1:1:instance/* \
            because no identity-based policy allows the ec2:RunInstances action";
        let asked = Asked::of(message).map(|asked| (asked.action, asked.resource));
        let arn = "arn:aws:ec2:us-east-1:1:instance/*";
        assert_eq!(
            asked,
            Some(("ec2:RunInstances", Some(Refused::Written(arn))))
        );
    }

    #[test]
    fn a_refusal_with_quotes_is_read_too() {
        let message = "User `arn:aws:iam::1:user/dev' is not authorized to perform \
            `ses:SendEmail' on resource `arn:aws:ses:us-east-1:1:identity/a@example.com'";
        let asked = Asked::of(message);
        let asked = asked.map(|asked| (asked.action, asked.resource));
        let arn = "arn:aws:ses:us-east-1:1:identity/a@example.com";
        assert_eq!(asked, Some(("ses:SendEmail", Some(Refused::Written(arn)))));
    }

    #[test]
    fn what_names_no_action_tells_nothing() {
        for message in [
            "Access Denied",
            "You are not authorized to perform this operation.",
            "You are not authorized to perform this operation. Encoded authorization failure message: AbC",
            "User: x is not authorized to perform: ",
        ] {
            assert_eq!(Asked::of(message), None, "{message}");
        }
    }
}
