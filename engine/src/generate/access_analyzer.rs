//! What would IAM Access Analyzer have written?
//!
//! The shape of its generated policies, for drop-in use and for comparison: no ARN of an event,
//! but the templates of the service authorization reference with their placeholders. It has no
//! conditions, with one exception: Access Analyzer does not track `iam:PassRole`, which stands
//! here last, with the service that the role is passed to.

use std::collections::{BTreeMap, BTreeSet};

use super::template::required_templates;
use super::{Used, condition_block};
use crate::permission::Condition;
use crate::policy::{OneOrMany, Statement};
use crate::reference::Reference;

/// Begins the name of each statement.
const SID: &str = "SupportedServiceSid";

/// The statements for these permissions: first the actions that require no resource, on `*`,
/// then one for each template of a required resource type, sorted by its text.
pub(super) fn statements(
    used: &[Used<'_>],
    principal: &str,
    reference: &Reference,
) -> Vec<Statement> {
    let mut anywhere: BTreeSet<&str> = BTreeSet::new();
    let mut by_template: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut passed: BTreeSet<BTreeSet<Condition>> = BTreeSet::new();
    for one in used {
        let action = one.action.as_ref();
        if action == "iam:PassRole" && !one.conditions.is_empty() {
            passed.insert(one.conditions.iter().cloned().collect());
            continue;
        }
        let templates = required_templates(action, principal, reference);
        if templates.is_empty() {
            anywhere.insert(action);
        }
        for template in templates {
            by_template.entry(template).or_default().insert(action);
        }
    }
    let first = (!anywhere.is_empty()).then(|| ("*".to_owned(), anywhere));
    let statements = first.into_iter().chain(by_template);
    let statements = statements.map(|(resource, actions)| {
        let actions = actions.into_iter().map(ToOwned::to_owned).collect();
        Statement::allow("", actions, OneOrMany::One(resource))
    });
    let role = || required_templates("iam:PassRole", principal, reference);
    let passed = passed.into_iter().map(|conditions| {
        Statement::allow("", "iam:PassRole".into(), role().into_iter().collect())
            .with_condition(condition_block(&conditions))
    });
    statements
        .chain(passed)
        .enumerate()
        .map(|(number, statement)| Statement {
            sid: Some(format!("{SID}{number}")),
            ..statement
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use expect_test::expect;

    use super::*;

    #[test]
    fn actions_stand_with_the_templates_that_they_require() {
        let used = [
            "ec2:DescribeInstances",
            "ec2:RunInstances",
            "ec2:TerminateInstances",
            "ec2:CreateTags",
            "s3:ListAllMyBuckets",
            "s3:GetObject",
            "iam:PassRole",
        ]
        .map(|action| Used {
            action: Cow::Borrowed(action),
            resource: Cow::Borrowed("arn:aws:x:::of-an-event"),
            conditions: (action == "iam:PassRole")
                .then(|| {
                    let service = "ec2.amazonaws.com".to_owned();
                    Condition::of("StringEquals", "iam:PassedToService", [service])
                })
                .into_iter()
                .collect(),
        });
        let statements = statements(&used, "arn:aws:iam::1:role/r", Reference::bundled());
        let lines: Vec<String> = statements
            .iter()
            .map(|s| {
                let (actions, _) = s.actions.patterns();
                let resources = s.resources.as_ref().map(|it| it.patterns().0.join(","));
                format!(
                    "{} {} {} {}",
                    s.sid.as_deref().unwrap_or(""),
                    actions.join(","),
                    resources.unwrap_or_default(),
                    s.condition.len(),
                )
            })
            .collect();
        expect![[r#"
            SupportedServiceSid0 ec2:CreateTags,ec2:DescribeInstances,s3:ListAllMyBuckets * 0
            SupportedServiceSid1 ec2:RunInstances,ec2:TerminateInstances arn:aws:ec2:${Region}:${Account}:instance/${InstanceId} 0
            SupportedServiceSid2 ec2:RunInstances arn:aws:ec2:${Region}:${Account}:network-interface/${NetworkInterfaceId} 0
            SupportedServiceSid3 ec2:RunInstances arn:aws:ec2:${Region}:${Account}:security-group/${SecurityGroupId} 0
            SupportedServiceSid4 ec2:RunInstances arn:aws:ec2:${Region}:${Account}:subnet/${SubnetId} 0
            SupportedServiceSid5 ec2:RunInstances arn:aws:ec2:${Region}:${Account}:volume/${VolumeId} 0
            SupportedServiceSid6 ec2:RunInstances arn:aws:ec2:${Region}::image/${ImageId} 0
            SupportedServiceSid7 s3:GetObject arn:aws:s3:::${BucketName}/${ObjectName} 0
            SupportedServiceSid8 iam:PassRole arn:aws:iam::${Account}:role/${RoleNameWithPath} 1"#]]
        .assert_eq(&lines.join("\n"));
    }
}
