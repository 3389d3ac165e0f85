//! What the forms look like. That other tools read them as the same document is tested from the
//! outside, with their own parsers.
#![expect(clippy::unwrap_used, reason = "tests")]

use expect_test::{Expect, expect};

use super::*;
use crate::policy::Statement;

fn documents() -> Vec<PolicyDocument> {
    let keys = ["arn:aws:s3:::b/a ${*}\"", "arn:aws:s3:::b/%{x}\\"].map(ToOwned::to_owned);
    let decrypt = Statement::allow("Kms", "kms:Decrypt".into(), "*".into());
    let condition = [(
        "kms:ViaService".to_owned(),
        "s3.eu-west-1.amazonaws.com".into(),
    )];
    let condition = [("StringEquals".to_owned(), condition.into())].into();
    vec![PolicyDocument::new(vec![
        Statement::allow("S3", "s3:GetObject".into(), keys.into_iter().collect()),
        decrypt.with_condition(condition),
    ])]
}

fn attachment(target: Target, to: &str) -> Attachment {
    Attachment {
        target,
        to: AttachTo::of(to),
        description: format!("What {to} did"),
        naming: Naming::default(),
    }
}

#[track_caller]
fn check(format: Format, target: Target, expected: Expect) {
    let attachment = attachment(target, "arn:aws:iam::1:role/ci/deploy.bot");
    let files = format.write(&documents(), &attachment).unwrap();
    let text: Vec<String> = files
        .into_iter()
        .map(|file| format!("== {}\n{}", file.name, file.text))
        .collect();
    expected.assert_eq(&text.concat());
}

#[test]
fn yaml_quotes_what_could_be_taken_for_something_else() {
    check(
        Format::Yaml,
        Target::Managed,
        expect![[r#"
        == policy.yaml
        Version: "2012-10-17"
        Statement:
          - Sid: S3
            Effect: Allow
            Action: s3:GetObject
            Resource:
              - "arn:aws:s3:::b/a ${*}\""
              - "arn:aws:s3:::b/%{x}\\"
          - Sid: Kms
            Effect: Allow
            Action: kms:Decrypt
            Resource: "*"
            Condition:
              StringEquals:
                kms:ViaService: s3.eu-west-1.amazonaws.com
    "#]],
    );
}

#[test]
fn terraform_attaches_what_it_declares() {
    check(
        Format::Terraform,
        Target::Managed,
        expect![[r#"
        == policy.tf
        # What arn:aws:iam::1:role/ci/deploy.bot did

        data "aws_iam_policy_document" "deploy_bot" {
          statement {
            sid       = "S3"
            effect    = "Allow"
            actions   = ["s3:GetObject"]
            resources = [
              "arn:aws:s3:::b/a $${*}\"",
              "arn:aws:s3:::b/%%{x}\\",
            ]
          }

          statement {
            sid       = "Kms"
            effect    = "Allow"
            actions   = ["kms:Decrypt"]
            resources = ["*"]

            condition {
              test     = "StringEquals"
              variable = "kms:ViaService"
              values   = ["s3.eu-west-1.amazonaws.com"]
            }
          }
        }

        resource "aws_iam_policy" "deploy_bot" {
          name   = "deploy.bot-least-privilege"
          policy = data.aws_iam_policy_document.deploy_bot.json
        }

        resource "aws_iam_role_policy_attachment" "deploy_bot" {
          role       = "deploy.bot"
          policy_arn = aws_iam_policy.deploy_bot.arn
        }
    "#]],
    );
}

#[test]
fn cloudformation_attaches_what_it_declares() {
    check(
        Format::CloudFormation,
        Target::Managed,
        expect![[r#"
        == policy.cloudformation.yaml
        AWSTemplateFormatVersion: "2010-09-09"
        Description: "What arn:aws:iam::1:role/ci/deploy.bot did"
        Resources:
          DeployBotPolicy:
            Type: AWS::IAM::ManagedPolicy
            Properties:
              ManagedPolicyName: deploy.bot-least-privilege
              Roles:
                - deploy.bot
              PolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - Sid: S3
                    Effect: Allow
                    Action: s3:GetObject
                    Resource:
                      - "arn:aws:s3:::b/a ${*}\""
                      - "arn:aws:s3:::b/%{x}\\"
                  - Sid: Kms
                    Effect: Allow
                    Action: kms:Decrypt
                    Resource: "*"
                    Condition:
                      StringEquals:
                        kms:ViaService: s3.eu-west-1.amazonaws.com
    "#]],
    );
}

#[test]
fn each_target_has_its_own_kind_of_resource() {
    let kinds = |format: Format, mark: &str| {
        let of = |target, to: &str| {
            let files = format.write(&documents(), &attachment(target, to)).unwrap();
            let text: String = files.into_iter().map(|file| file.text).collect();
            let lines = text
                .lines()
                .filter(|line| line.trim_start().starts_with(mark));
            let kinds: Vec<&str> = lines
                .map(|line| line.trim().trim_end_matches(" {"))
                .collect();
            format!("{target:?} {to}: {}", kinds.join(", "))
        };
        let (role, user) = ("arn:aws:iam::1:role/r", "arn:aws:iam::1:user/u");
        [
            of(Target::Managed, user),
            of(Target::InlineRole, role),
            of(Target::InlineUser, user),
            of(Target::InlineGroup, user),
            of(Target::Boundary, role),
            of(Target::Scp, "111122223333"),
        ]
        .join("\n")
    };
    expect![[r#"
        Managed arn:aws:iam::1:user/u: resources = [, resources = ["*"], resource "aws_iam_policy" "u", resource "aws_iam_user_policy_attachment" "u"
        InlineRole arn:aws:iam::1:role/r: resources = [, resources = ["*"], resource "aws_iam_role_policy" "r"
        InlineUser arn:aws:iam::1:user/u: resources = [, resources = ["*"], resource "aws_iam_user_policy" "u"
        InlineGroup arn:aws:iam::1:user/u: resources = [, resources = ["*"], resource "aws_iam_group_policy" "u"
        Boundary arn:aws:iam::1:role/r: resources = [, resources = ["*"], resource "aws_iam_policy" "r"
        Scp 111122223333: resources = [, resources = ["*"], resource "aws_organizations_policy" "policy_111122223333", resource "aws_organizations_policy_attachment" "policy_111122223333""#]].assert_eq(&kinds(Format::Terraform, "resource"));
    expect![[r#"
        Managed arn:aws:iam::1:user/u: Type: AWS::IAM::ManagedPolicy
        InlineRole arn:aws:iam::1:role/r: Type: AWS::IAM::RolePolicy
        InlineUser arn:aws:iam::1:user/u: Type: AWS::IAM::UserPolicy
        InlineGroup arn:aws:iam::1:user/u: Type: AWS::IAM::GroupPolicy
        Boundary arn:aws:iam::1:role/r: Type: AWS::IAM::ManagedPolicy
        Scp 111122223333: Type: AWS::Organizations::Policy"#]]
    .assert_eq(&kinds(Format::CloudFormation, "Type: AWS"));
}

#[test]
fn what_somebody_calls_a_policy_stands_in_every_form_that_has_a_place_for_it() {
    let naming = Naming {
        name: Some("read logs/2".to_owned()),
        description: Some("by hand, ${x}\nand more".to_owned()),
        tags: [("team", "logs"), ("cost center", "1")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
    };
    let attachment = Attachment {
        naming,
        ..attachment(Target::Managed, "arn:aws:iam::1:user/u")
    };
    let lines = |format: Format, from: &str, number: usize| {
        let files = format.write(&documents(), &attachment).unwrap();
        let text = files
            .into_iter()
            .map(|it| format!("== {}\n{}", it.name, it.text));
        let text: String = text.collect();
        let lines = text.lines().enumerate();
        let lines = lines.filter(|(at, line)| *at == 0 || line.contains(from));
        let begin = lines.map(|(at, _)| at).nth(1).unwrap();
        let lines = text.lines().skip(begin).take(number);
        let name = text.lines().next().unwrap();
        format!("{name}\n{}", lines.collect::<Vec<_>>().join("\n"))
    };
    expect![[r##"
        == read-logs-2.tf
        resource "aws_iam_policy" "u" {
          name        = "read-logs-2"
          description = "by hand, $${x}\nand more"
          policy      = data.aws_iam_policy_document.u.json

          tags = {
            "cost center" = "1"
            "team"        = "logs"
          }
        }"##]]
    .assert_eq(&lines(Format::Terraform, "\"aws_iam_policy\"", 10));
    expect![[r#"
        == read-logs-2.cloudformation.yaml
              ManagedPolicyName: read-logs-2
              Description: "by hand, ${x}\u000aand more""#]]
    .assert_eq(&lines(Format::CloudFormation, "ManagedPolicyName", 2));
    expect![[r##"
        == read-logs-2.yaml
        # by hand, ${x} and more
        # cost center=1
        # team=logs
        Version: "2012-10-17""##]]
    .assert_eq(&lines(Format::Yaml, "# by", 4));
}

#[test]
fn what_a_form_would_replace_is_refused() {
    let with = |resource: &str| {
        let statement = Statement::allow("S3", "s3:GetObject".into(), resource.into());
        vec![PolicyDocument::new(vec![statement])]
    };
    let attachment = attachment(Target::Managed, "arn:aws:iam::1:role/r");
    let error = |format: Format, resource: &str| {
        let written = format.write(&with(resource), &attachment);
        written.unwrap_err().to_string()
    };
    assert_eq!(
        error(Format::CloudFormation, "arn:aws:s3:::b/{{resolve:ssm:x}}"),
        "statement `S3` cannot be written as CloudFormation: \
         CloudFormation would put a value in the place of `{{resolve:...}}`"
    );
    assert_eq!(
        error(Format::Terraform, "arn:aws:s3:::b/&{aws:username}"),
        "statement `S3` cannot be written as Terraform: \
         aws_iam_policy_document would take `&{` for a policy variable"
    );
}

#[test]
fn names_keep_to_the_limits_of_iam() {
    let long = format!("arn:aws:iam::1:role/{}", "é".repeat(200));
    let attachment = attachment(Target::Managed, &long);
    let name = attachment.policy_name(Some(10));
    assert_eq!(name.len(), 128);
    assert!(name.ends_with("--least-privilege-10"), "{name}");
    assert!(attachment.label(None).starts_with("policy_"));
}
