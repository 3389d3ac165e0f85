//! Which ARN templates stand for the resources of an action that no event tells?

use std::collections::BTreeSet;

use crate::reference::{Action, Checked, Reference};

/// More types than this are no answer to "on what?": the user is asked instead.
pub(crate) const MOST_TYPES: usize = 8;

/// ARN templates of the resource types that an action requires, in the principal's partition.
pub(super) fn required_templates(
    action: &str,
    principal: &str,
    reference: &Reference,
) -> Vec<String> {
    templates(action, principal, reference, required)
}

/// The same, and those of the types that it can be limited to where it requires none.
pub(super) fn limiting_templates(
    action: &str,
    principal: &str,
    reference: &Reference,
) -> Vec<String> {
    templates(action, principal, reference, limiting)
}

/// Names of the resource types to which an action that nobody saw is limited. None if only `*` will do.
pub(crate) fn limiting(action: &Action, reference: &Reference) -> BTreeSet<String> {
    match required(action, reference) {
        required if required.is_empty() => without_alternatives(action, reference),
        required => required,
    }
}

/// Names of the resource types without which AWS's reference or the mapping sees no call.
fn required(action: &Action, reference: &Reference) -> BTreeSet<String> {
    let documented = action
        .resource_types
        .iter()
        .filter(|accepted| accepted.required && !never(action, accepted.name, reference))
        .map(|accepted| accepted.name);
    let known = reference
        .action_types(action)
        .filter(|row| !matches!(row.checked, Checked::Accepted | Checked::Never))
        .map(|row| row.resource_type);
    let required: BTreeSet<String> = documented
        .chain(known)
        .map(str::to_ascii_lowercase)
        .collect();
    if !required.is_empty() || action.resource_types.len() < 2 {
        return required;
    }
    // The reference calls both optional, of which each call has one.
    let only = without_alternatives(action, reference);
    match only.len() {
        1 => only,
        _ => required,
    }
}

/// Whether IAM checks an action on no resource of a type, whatever the reference says.
fn never(action: &Action, resource_type: &str, reference: &Reference) -> bool {
    let mut rows = reference.action_types(action);
    rows.any(|row| row.checked == Checked::Never && row.resource_type == resource_type)
}

/// The types of an action but for access points, which stand in the place of what is behind them.
fn without_alternatives(action: &Action, reference: &Reference) -> BTreeSet<String> {
    let types = action.resource_types.iter().map(|accepted| accepted.name);
    let all: BTreeSet<String> = types
        .filter(|name| !never(action, name, reference))
        .map(str::to_ascii_lowercase)
        .collect();
    let is_plain = |name: &&String| !name.starts_with("accesspoint");
    let plain: BTreeSet<String> = all.iter().filter(is_plain).cloned().collect();
    match plain.is_empty() {
        true => all,
        false => plain,
    }
}

fn templates(
    action: &str,
    principal: &str,
    reference: &Reference,
    types: fn(&Action, &Reference) -> BTreeSet<String>,
) -> Vec<String> {
    let action = action
        .split_once(':')
        .and_then(|(prefix, name)| reference.action(prefix, name));
    let Some(action) = action else {
        return Vec::new();
    };
    let partition = principal.split(':').nth(1).unwrap_or("aws");
    types(action, reference)
        .iter()
        .filter_map(|name| reference.resource_type(action.prefix, name))
        .flat_map(|kind| &kind.arn_templates)
        .map(|template| template.replace("${Partition}", partition))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_limited_to_what_it_can_be_limited_to() {
        let principal = "arn:aws-cn:iam::111122223333:role/r";
        for (action, required, limiting) in [
            // An object, or the same object through an access point.
            (
                "s3:PutObject",
                "arn:aws-cn:s3:::${BucketName}/${ObjectName}",
                "arn:aws-cn:s3:::${BucketName}/${ObjectName}",
            ),
            (
                "sqs:SendMessage",
                "arn:aws-cn:sqs:${Region}:${Account}:${QueueName}",
                "arn:aws-cn:sqs:${Region}:${Account}:${QueueName}",
            ),
            // Optional: a call without a table lists the exports of all.
            (
                "dynamodb:ListExports",
                "",
                "arn:aws-cn:dynamodb:${Region}:${Account}:table/${TableName}",
            ),
            // Whatever the reference says.
            ("cloudwatch:PutCompositeAlarm", "", ""),
            ("s3:ListAllMyBuckets", "", ""),
            ("s3:NoSuchAction", "", ""),
        ] {
            let reference = Reference::bundled();
            let found = required_templates(action, principal, reference);
            assert_eq!(found.join(" "), required, "{action}");
            let found = limiting_templates(action, principal, reference);
            assert_eq!(found.join(" "), limiting, "{action}");
        }
    }
}
