//! How is a policy to be written? The command line and the server's API say it in the same words.

mod answers;
mod args;

use std::collections::{BTreeMap, BTreeSet};

use clap::ValueEnum;
use miette::Diagnostic;
use serde::{Deserialize, Serialize};
use trailwright_engine::Reference;
use trailwright_engine::answers::{Addition, AnswerError, Answers, Values};
use trailwright_engine::format;
use trailwright_engine::generate::{self, Narrowing, Options, Target};

pub(crate) use args::WritingArgs;

/// Siblings that stay apart in a compact policy, where nobody says.
pub(crate) const THRESHOLD: usize = 5;

/// How a policy is to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Writing {
    pub(crate) style: Style,
    /// With the compact style: more siblings than this become a pattern.
    pub(crate) threshold: usize,
    pub(crate) conditions: Vec<ConditionKind>,
    /// Conditions that the mapping adds, and that are left out.
    pub(crate) without: Vec<OfMapping>,
    pub(crate) target: Attach,
    /// Actions that no event tells.
    pub(crate) add: Vec<Addition>,
    /// Values of placeholders.
    pub(crate) set: BTreeMap<String, Values>,
}

impl Default for Writing {
    fn default() -> Self {
        Self {
            style: Style::default(),
            threshold: THRESHOLD,
            conditions: Vec::new(),
            without: Vec::new(),
            target: Attach::default(),
            add: Vec::new(),
            set: BTreeMap::new(),
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Style {
    /// Real ARNs, and no pair of action and resource that never met
    #[default]
    Exact,
    /// As IAM Access Analyzer writes it, with placeholders for ARNs
    AccessAnalyzer,
    /// Short, with wildcards: see --threshold
    Compact,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ConditionKind {
    /// aws:SourceIp: the addresses of the calls
    SourceIp,
    /// aws:SourceVpce: the VPC endpoints of the calls
    SourceVpce,
    /// aws:MultiFactorAuthPresent, where every call had it
    Mfa,
    /// aws:PrincipalOrgID, as an organization's trail tells it
    OrgId,
    /// aws:RequestedRegion, where the resource does not name the region
    RequestedRegion,
    /// s3:prefix of listings
    #[serde(rename = "s3-prefix")]
    S3Prefix,
    /// kms:ViaService: there anyway, where a service called for the principal; asked for, the report says where it is not
    KmsViaService,
    /// iam:PassedToService: there anyway, where a role was passed to a known service; asked for, the report says where it is not
    PassedToService,
}

/// Conditions that need not be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OfMapping {
    /// kms:ViaService: keys are for direct calls, too
    KmsViaService,
    /// iam:PassedToService: roles may be passed to any service
    PassedToService,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Attach {
    /// A managed policy: 6,144 characters
    #[default]
    Managed,
    /// Inline in a role: 10,240 for all of them
    Role,
    /// Inline in a user: 2,048 for all of them
    User,
    /// Inline in a group: 5,120 for all of them
    Group,
    /// A permissions boundary: 6,144
    Boundary,
    /// A service control policy: 5,120, actions alone
    Scp,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FormatName {
    /// The document as IAM takes it
    #[default]
    Json,
    /// The document in YAML
    Yaml,
    /// Terraform, with what attaches the policy
    Terraform,
    /// A CloudFormation template, with what attaches the policy
    #[value(name = "cloudformation")]
    CloudFormation,
}

/// Wishes that do not go together, or cannot be met.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub(crate) enum WrongWriting {
    #[error("--style access-analyzer has no conditions")]
    #[diagnostic(help("leave out --condition, or write --style exact"))]
    NoConditions,
    #[error("a condition is both asked for and left out")]
    #[diagnostic(help("leave out --condition or --no-condition"))]
    BothWays,
    #[error("{0}")]
    #[diagnostic(help("{}", .0.hint()))]
    Answers(AnswerError),
}

impl Writing {
    /// What is asked of the engine.
    pub(crate) fn options(&self) -> Result<Options, WrongWriting> {
        let narrow: BTreeSet<Narrowing> = self.conditions.iter().map(|it| it.narrowing()).collect();
        let both = |it: &OfMapping| narrow.contains(&it.narrowing());
        if self.without.iter().any(both) {
            return Err(WrongWriting::BothWays);
        }
        if self.style == Style::AccessAnalyzer && !narrow.is_empty() {
            return Err(WrongWriting::NoConditions);
        }
        let answers = Answers {
            add: self.add.clone(),
            set: self.set.clone(),
        };
        answers
            .check(Reference::bundled())
            .map_err(WrongWriting::Answers)?;
        Ok(Options {
            style: match self.style {
                Style::Exact => generate::Style::Exact,
                Style::AccessAnalyzer => generate::Style::AccessAnalyzer,
                Style::Compact => generate::Style::Compact {
                    threshold: self.threshold,
                },
            },
            narrow,
            without: self.without.iter().map(|it| it.key()).collect(),
            answers,
        })
    }
}

impl ConditionKind {
    /// The condition to add.
    fn narrowing(self) -> Narrowing {
        match self {
            Self::SourceIp => Narrowing::SourceIp,
            Self::SourceVpce => Narrowing::SourceVpce,
            Self::Mfa => Narrowing::Mfa,
            Self::OrgId => Narrowing::OrgId,
            Self::RequestedRegion => Narrowing::RequestedRegion,
            Self::S3Prefix => Narrowing::S3Prefix,
            Self::KmsViaService => Narrowing::KmsViaService,
            Self::PassedToService => Narrowing::PassedToService,
        }
    }
}

impl OfMapping {
    fn narrowing(self) -> Narrowing {
        match self {
            Self::KmsViaService => Narrowing::KmsViaService,
            Self::PassedToService => Narrowing::PassedToService,
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::KmsViaService => "kms:ViaService",
            Self::PassedToService => "iam:PassedToService",
        }
    }
}

impl From<Attach> for Target {
    fn from(attach: Attach) -> Self {
        match attach {
            Attach::Managed => Self::Managed,
            Attach::Role => Self::InlineRole,
            Attach::User => Self::InlineUser,
            Attach::Group => Self::InlineGroup,
            Attach::Boundary => Self::Boundary,
            Attach::Scp => Self::Scp,
        }
    }
}

impl From<FormatName> for format::Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Json => Self::Json,
            FormatName::Yaml => Self::Yaml,
            FormatName::Terraform => Self::Terraform,
            FormatName::CloudFormation => Self::CloudFormation,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// The words of an argument on the command line, which the API takes as they are.
    fn words<T: ValueEnum + Serialize>() -> (Vec<String>, Vec<String>) {
        T::value_variants()
            .iter()
            .map(|it| {
                let typed = it.to_possible_value().unwrap().get_name().to_owned();
                let sent = serde_json::to_value(it).unwrap();
                (typed, sent.as_str().unwrap().to_owned())
            })
            .unzip()
    }

    #[test]
    fn what_is_typed_and_what_is_sent_are_the_same_words() {
        for (typed, sent) in [
            words::<Style>(),
            words::<ConditionKind>(),
            words::<OfMapping>(),
            words::<Attach>(),
            words::<FormatName>(),
        ] {
            assert_eq!(typed, sent);
        }
    }
}
