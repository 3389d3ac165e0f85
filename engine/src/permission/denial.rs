//! What was IAM asked for, by the message of its refusal?
//!
//! Most refused calls are recorded without their request. Their message names the action and
//! mostly the resource:
//!
//! ```text
//! User: arn:aws:iam::111122223333:user/dev is not authorized to perform: s3:GetObject on
//! resource: "arn:aws:s3:::logs/a" because no identity-based policy allows the s3:GetObject action
//! ```

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
    /// An ARN or `*`; not what some services say in words, `user dev`.
    resource: Option<&'a str>,
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
        let is_arn = |text: &&str| *text == "*" || text.starts_with("arn:") && !text.contains("${");
        action.contains(':').then_some(Self {
            action: action.trim_end_matches(':'),
            resource: named.filter(is_arn),
        })
    }

    fn action(&self, reference: &'static Reference) -> Option<&'static Action> {
        let (prefix, name) = self.action.split_once(':')?;
        reference.action(prefix, name)
    }
}

/// Puts what the refusal names in the place of what the event does not tell.
pub(super) fn sharpen(
    permissions: &mut Vec<Permission>,
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
    let resource = match asked.resource {
        Some(resource) => resource,
        None if known => return,
        None => "*",
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
    // One of several types of resource may be told, and another one not.
    permissions.retain(|it| is_told(it) || !covers(it));
    permissions.push(Permission {
        action: name,
        resource: resource.to_owned(),
        origin: match asked.resource {
            Some("*") => Origin::Any,
            Some(_) => Origin::Event,
            None => Origin::Untold,
        },
        template: None,
        conditions: Vec::new(),
        rule: RULE,
        source: SOURCE,
    });
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
                Some("arn:aws:sqs:us-east-1:1:"),
            ),
            (
                "ec2:RunInstances on resource: arn:aws:ec2:us-east-1:1:instance/* because no identity-based policy allows the ec2:RunInstances action. Encoded authorization failure message: AbC",
                "ec2:RunInstances",
                Some("arn:aws:ec2:us-east-1:1:instance/*"),
            ),
            (
                "s3:GetObject on resource: \"arn:aws:s3:::logs/a b\" with an explicit deny in a service control policy",
                "s3:GetObject",
                Some("arn:aws:s3:::logs/a b"),
            ),
            (
                "logs:PutLogEvents on resource: arn:aws:logs:us-east-1:1:log-group:g:log-stream:2026/[$LATEST]0 because no session policy allows it",
                "logs:PutLogEvents",
                Some("arn:aws:logs:us-east-1:1:log-group:g:log-stream:2026/[$LATEST]0"),
            ),
            (
                "kms:Decrypt on the resource associated with this ciphertext because the resource does not exist",
                "kms:Decrypt",
                None,
            ),
            ("iam:GetUser on resource: user dev", "iam:GetUser", None),
            (
                "sts:AssumeRole with an explicit deny",
                "sts:AssumeRole",
                None,
            ),
            (
                "sqs:SendMessage on resource: arn:aws:sqs:us-east-1:1:it's",
                "sqs:SendMessage",
                Some("arn:aws:sqs:us-east-1:1:it's"),
            ),
            (
                "SNS:ListTopics on resource: *.",
                "SNS:ListTopics",
                Some("*"),
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
        assert_eq!(asked, Some(("ec2:RunInstances", Some(arn))));
    }

    #[test]
    fn a_refusal_with_quotes_is_read_too() {
        let message = "User `arn:aws:iam::1:user/dev' is not authorized to perform \
            `ses:SendEmail' on resource `arn:aws:ses:us-east-1:1:identity/a@example.com'";
        let asked = Asked::of(message);
        let asked = asked.map(|asked| (asked.action, asked.resource));
        let arn = "arn:aws:ses:us-east-1:1:identity/a@example.com";
        assert_eq!(asked, Some(("ses:SendEmail", Some(arn))));
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
