//! Which service control policy lets an account do what it did, and nothing else?
//!
//! It bounds every user and role of an account, root included, and grants nothing. Therefore it
//! names actions alone, on all resources, without conditions: what is narrower belongs into the
//! policies of the roles. It takes the place of `FullAWSAccess`, which allows everything.

use crate::activity::Activity;
use crate::generate::{Generated, Options, Style, generate_with, shorten};
use crate::policy::{OneOrMany, PolicyDocument, Statement};
use crate::principal;
use crate::reference::Reference;

/// Whether a service control policy of `account` bears on a principal. It does on root, and it
/// does not on roles linked to services.
pub fn bears_on(account: &str, principal: &str) -> bool {
    let mut parts = principal.splitn(6, ':');
    let (service, of, resource) = (parts.nth(2), parts.nth(1), parts.next());
    service == Some("iam")
        && of == Some(account)
        && (resource == Some("root") || principal::takes_policy(principal).is_ok())
}

/// The actions of `activity`, which may be of many principals, and of the answers.
pub(crate) fn allow_list(
    activity: &[Activity],
    options: &Options,
    reference: &Reference,
) -> Generated {
    let short = matches!(options.style, Style::Compact { .. });
    let options = Options {
        style: Style::Exact,
        answers: options.answers.clone(),
        ..Options::default()
    };
    let generated = generate_with(&options, activity, &[], reference);
    let statements = generated.document.statement.iter();
    let actions: std::collections::BTreeSet<String> = statements
        .flat_map(|it| it.actions.patterns().0)
        .cloned()
        .collect();
    let actions = match short {
        true => shorten(&actions, reference),
        false => actions,
    };
    let statement = (!actions.is_empty())
        .then(|| Statement::allow("UsedActions", OneOrMany::from_iter(actions), "*".into()));
    Generated {
        document: PolicyDocument::new(statement.into_iter().collect()),
        widened: Vec::new(),
        unwritable: Vec::new(),
        unfilled: Vec::new(),
        unused: options.answers.set.keys().cloned().collect(),
        ..generated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_bound_and_service_linked_roles_are_not() {
        for (principal, expected) in [
            ("arn:aws:iam::1:root", true),
            ("arn:aws:iam::1:user/alice", true),
            ("arn:aws:iam::1:role/ci/deploy", true),
            ("arn:aws:iam::2:role/deploy", false),
            (
                "arn:aws:iam::1:role/aws-service-role/ecs.amazonaws.com/X",
                false,
            ),
            ("ec2.amazonaws.com", false),
        ] {
            assert_eq!(bears_on("1", principal), expected, "{principal}");
        }
    }
}
