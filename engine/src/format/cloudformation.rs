//! How does CloudFormation get a policy?

use super::yaml::{self, Node};
use super::{AttachTo, Attachment, FormatError, numbered, refuse};
use crate::generate::Target;
use crate::policy::PolicyDocument;

/// A template with a policy for each document.
pub(super) fn write(
    documents: &[PolicyDocument],
    attachment: &Attachment,
) -> Result<String, FormatError> {
    let why = "CloudFormation would put a value in the place of `{{resolve:...}}`";
    refuse(documents, "{{resolve:", "CloudFormation", why)?;
    let mut template = vec![
        ("AWSTemplateFormatVersion", Node::text("2010-09-09")),
        ("Description", Node::text(description(attachment))),
    ];
    if attachment.target == Target::InlineGroup {
        let group = Node::map([("Type", Node::text("String"))]);
        template.push(("Parameters", Node::map([("GroupName", group)])));
    }
    let resources = numbered(documents);
    let resources = resources.map(|(number, document)| {
        (
            logical_id(attachment, number),
            resource(document, attachment, number),
        )
    });
    template.push(("Resources", Node::Map(resources.collect())));
    if attachment.target == Target::Boundary {
        let outputs = numbered(documents).map(|(number, _)| {
            let arn = Node::map([("Ref", Node::text(logical_id(attachment, number)))]);
            let output = Node::map([
                (
                    "Description",
                    Node::text("ARN to use as a permissions boundary"),
                ),
                ("Value", arn),
            ]);
            ("PermissionsBoundary".to_owned(), output)
        });
        template.push(("Outputs", Node::Map(outputs.collect())));
    }
    let template = template.into_iter();
    let template = template.map(|(key, node)| (key.to_owned(), node));
    Ok(Node::Map(template.collect()).to_text())
}

/// CloudFormation takes 1,024 bytes.
fn description(attachment: &Attachment) -> String {
    let ascii = attachment.description.chars().filter(char::is_ascii);
    ascii.take(1_000).collect()
}

fn resource(document: &PolicyDocument, attachment: &Attachment, number: Option<usize>) -> Node {
    let name = Node::text(attachment.policy_name(number));
    let document = yaml::document(document);
    let to = || Node::text(attachment.to.name());
    let list = || Node::List(vec![to()]);
    let of = |kind: &str, properties: Vec<(&str, Node)>| {
        let properties = properties.into_iter();
        let properties = properties.map(|(key, node)| (key.to_owned(), node));
        Node::map([
            ("Type", Node::text(kind)),
            ("Properties", Node::Map(properties.collect())),
        ])
    };
    match (attachment.target, &attachment.to) {
        (Target::Scp, _) => of(
            "AWS::Organizations::Policy",
            vec![
                ("Name", name),
                ("Type", Node::text("SERVICE_CONTROL_POLICY")),
                ("TargetIds", list()),
                ("Content", document),
            ],
        ),
        (Target::InlineGroup, _) => of(
            "AWS::IAM::GroupPolicy",
            vec![
                ("PolicyName", name),
                ("GroupName", Node::map([("Ref", Node::text("GroupName"))])),
                ("PolicyDocument", document),
            ],
        ),
        (Target::InlineRole | Target::InlineUser, AttachTo::User(_)) => of(
            "AWS::IAM::UserPolicy",
            vec![
                ("PolicyName", name),
                ("UserName", to()),
                ("PolicyDocument", document),
            ],
        ),
        (Target::InlineRole | Target::InlineUser, _) => of(
            "AWS::IAM::RolePolicy",
            vec![
                ("PolicyName", name),
                ("RoleName", to()),
                ("PolicyDocument", document),
            ],
        ),
        (Target::Managed | Target::Boundary, attached) => {
            let mut properties = vec![("ManagedPolicyName", name)];
            let described = attachment.naming.description.as_ref();
            properties.extend(described.map(|it| ("Description", Node::text(it.as_str()))));
            match attached {
                _ if attachment.target == Target::Boundary => {}
                AttachTo::User(_) => properties.push(("Users", list())),
                _ => properties.push(("Roles", list())),
            }
            properties.push(("PolicyDocument", document));
            of("AWS::IAM::ManagedPolicy", properties)
        }
    }
}

/// A logical id: letters and digits.
fn logical_id(attachment: &Attachment, number: Option<usize>) -> String {
    let label = attachment.label(number);
    let words = label.split('_').map(|word| {
        let mut signs = word.chars();
        let first = signs.next().map(|sign| sign.to_ascii_uppercase());
        first.into_iter().chain(signs).collect::<String>()
    });
    let id: String = words.collect();
    // CloudFormation takes 255 signs.
    id.chars().take(200).chain("Policy".chars()).collect()
}
