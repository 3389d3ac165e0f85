//! What would IAM Access Analyzer have written?
//!
//! The shape of its generated policies, for drop-in use and for comparison: no ARN of an event,
//! but the templates of the service authorization reference with their placeholders.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::{OneOrMany, Statement};
use crate::reference::Reference;

/// Begins the name of each statement.
const SID: &str = "SupportedServiceSid";

/// The statements for these actions: first those that require no resource, on `*`, then one
/// for each template of a required resource type, sorted by its text.
pub(super) fn statements(actions: &BTreeSet<&str>, reference: &Reference) -> Vec<Statement> {
    let mut anywhere: BTreeSet<&str> = BTreeSet::new();
    let mut by_template: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for action in actions {
        let templates = required_templates(action, reference);
        if templates.is_empty() {
            anywhere.insert(action);
        }
        for template in templates {
            by_template.entry(template).or_default().insert(action);
        }
    }
    let first = (!anywhere.is_empty()).then(|| ("*".to_owned(), anywhere));
    first
        .into_iter()
        .chain(by_template)
        .enumerate()
        .map(|(number, (resource, actions))| {
            let actions = actions.into_iter().map(ToOwned::to_owned).collect();
            Statement::allow(format!("{SID}{number}"), actions, OneOrMany::One(resource))
        })
        .collect()
}

/// ARN templates of the resource types that an action requires, in the usual partition.
fn required_templates(action: &str, reference: &Reference) -> Vec<String> {
    let Some((prefix, name)) = action.split_once(':') else {
        return Vec::new();
    };
    let accepted = reference
        .action(prefix, name)
        .map(|action| &action.resource_types);
    accepted
        .into_iter()
        .flatten()
        .filter(|accepted| accepted.required)
        .filter_map(|accepted| reference.resource_type(prefix, accepted.name))
        .flat_map(|kind| &kind.arn_templates)
        .map(|template| template.replace("${Partition}", "aws"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn actions_stand_with_the_templates_that_they_require() {
        let actions = BTreeSet::from([
            "ec2:DescribeInstances",
            "ec2:RunInstances",
            "ec2:TerminateInstances",
            "s3:ListAllMyBuckets",
        ]);
        let statements = statements(&actions, Reference::bundled());
        let lines: Vec<String> = statements
            .iter()
            .map(|s| {
                let (actions, _) = s.actions.patterns();
                let resources = s.resources.as_ref().map(|it| it.patterns().0.join(","));
                format!(
                    "{} {} {}",
                    s.sid.as_deref().unwrap_or(""),
                    actions.join(","),
                    resources.unwrap_or_default()
                )
            })
            .collect();
        expect![[r#"
            SupportedServiceSid0 ec2:DescribeInstances,s3:ListAllMyBuckets *
            SupportedServiceSid1 ec2:RunInstances,ec2:TerminateInstances arn:aws:ec2:${Region}:${Account}:instance/${InstanceId}
            SupportedServiceSid2 ec2:RunInstances arn:aws:ec2:${Region}:${Account}:network-interface/${NetworkInterfaceId}
            SupportedServiceSid3 ec2:RunInstances arn:aws:ec2:${Region}:${Account}:security-group/${SecurityGroupId}
            SupportedServiceSid4 ec2:RunInstances arn:aws:ec2:${Region}:${Account}:subnet/${SubnetId}
            SupportedServiceSid5 ec2:RunInstances arn:aws:ec2:${Region}::image/${ImageId}"#]]
        .assert_eq(&lines.join("\n"));
    }
}
