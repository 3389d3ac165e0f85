//! How is a policy written, and where to?

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use miette::{Diagnostic, Result};
use trailwright_engine::dossier::Dossier;
use trailwright_engine::format::{self, AttachTo, File, FormatError};
use trailwright_engine::generate::{self, Narrowing, Options, Target};

use super::{answers, attachment};

/// How a policy is written, and where to.
#[derive(Debug, Args)]
pub(crate) struct Form {
    /// How the policy is written
    #[arg(long, value_enum, default_value_t)]
    style: Style,
    /// With --style compact: more resources than this that have a beginning in common become `*`
    #[arg(long, value_name = "N", default_value_t = 5)]
    threshold: usize,
    /// Add a condition from what was seen. May be repeated, or several with commas
    #[arg(long, value_enum, value_name = "CONDITION", value_delimiter = ',')]
    condition: Vec<ConditionArg>,
    /// Leave out a condition that the mapping of events adds. May be repeated
    #[arg(long, value_enum, value_name = "CONDITION", value_delimiter = ',')]
    no_condition: Vec<OfMapping>,
    /// Allow an action that no event tells: sqs:SendMessage, or sqs:SendMessage=ARN. May be repeated
    #[arg(long, value_name = "ACTION[=ARN]")]
    add: Vec<String>,
    /// Give a placeholder a value: BucketName=logs. May be repeated, also for one name
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// TOML or JSON file with `add` and `set`
    #[arg(long, value_name = "FILE")]
    answers: Option<PathBuf>,
    /// Fail if a placeholder has no value
    #[arg(long)]
    pub(super) strict: bool,
    /// Where the policy will be attached, which says how large it may be
    #[arg(long, value_enum, default_value_t, value_name = "TARGET")]
    target: Attach,
    /// In which form the policy is written
    #[arg(long, value_enum, default_value_t)]
    format: FormatArg,
    /// Fail if a request that was seen and authorized would be refused
    #[arg(long)]
    pub(super) prove: bool,
    /// Say for each statement and action which events are behind it
    #[arg(long)]
    pub(super) explain: bool,
    /// Folder for the policy, and for what is known of it: evidence, proof, unmapped calls
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Style {
    /// Real ARNs, and no pair of action and resource that never met
    #[default]
    Exact,
    /// As IAM Access Analyzer writes it, with placeholders for ARNs
    AccessAnalyzer,
    /// Short, with wildcards: see --threshold
    Compact,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ConditionArg {
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
    S3Prefix,
    /// kms:ViaService: there anyway, where a service called for the principal; asked for, the report says where it is not
    KmsViaService,
    /// iam:PassedToService: there anyway, where a role was passed to a known service; asked for, the report says where it is not
    PassedToService,
}

/// Conditions that need not be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OfMapping {
    /// kms:ViaService: keys are for direct calls, too
    KmsViaService,
    /// iam:PassedToService: roles may be passed to any service
    PassedToService,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Attach {
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

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum FormatArg {
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

/// Options that do not go together.
#[derive(Debug, thiserror::Error, Diagnostic)]
enum WrongForm {
    #[error("--style access-analyzer has no conditions")]
    #[diagnostic(help("leave out --condition, or write --style exact"))]
    NoConditions,
    #[error("a condition is both asked for and left out")]
    #[diagnostic(help("leave out --condition or --no-condition"))]
    BothWays,
    #[error("an account has no policy but a service control policy")]
    #[diagnostic(help("add --target scp"))]
    NotScp,
    #[error("{error}")]
    #[diagnostic(help("--format json and yaml take any text"))]
    Format { error: FormatError },
}

impl Form {
    /// What is asked of the policy.
    pub(super) fn options(&self) -> Result<Options> {
        let narrow: BTreeSet<Narrowing> = self.condition.iter().map(|it| it.narrowing()).collect();
        let without = self.no_condition.iter().map(|it| it.key()).collect();
        let both = |it: &OfMapping| narrow.contains(&it.narrowing());
        if self.no_condition.iter().any(both) {
            return Err(WrongForm::BothWays.into());
        }
        if self.style == Style::AccessAnalyzer && !narrow.is_empty() {
            return Err(WrongForm::NoConditions.into());
        }
        Ok(Options {
            style: match self.style {
                Style::Exact => generate::Style::Exact,
                Style::AccessAnalyzer => generate::Style::AccessAnalyzer,
                Style::Compact => generate::Style::Compact {
                    threshold: self.threshold,
                },
            },
            narrow,
            without,
            answers: answers::read(self.answers.as_deref(), &self.add, &self.set)?,
        })
    }

    /// How many siblings stay apart, if that matters.
    pub(super) fn threshold(&self) -> Option<usize> {
        (self.style == Style::Compact).then_some(self.threshold)
    }

    pub(super) fn target(&self) -> Target {
        match self.target {
            Attach::Managed => Target::Managed,
            Attach::Role => Target::InlineRole,
            Attach::User => Target::InlineUser,
            Attach::Group => Target::InlineGroup,
            Attach::Boundary => Target::Boundary,
            Attach::Scp => Target::Scp,
        }
    }

    /// An account takes a service control policy only.
    pub(super) fn is_for_account(&self) -> Result<()> {
        match self.target {
            Attach::Scp => Ok(()),
            _ => Err(WrongForm::NotScp.into()),
        }
    }

    fn format(&self) -> format::Format {
        match self.format {
            FormatArg::Json => format::Format::Json,
            FormatArg::Yaml => format::Format::Yaml,
            FormatArg::Terraform => format::Format::Terraform,
            FormatArg::CloudFormation => format::Format::CloudFormation,
        }
    }

    /// Whether the documents are in a form that is not IAM's own.
    pub(super) fn is_json(&self) -> bool {
        self.format == FormatArg::Json
    }

    /// The documents in the form.
    pub(super) fn files(&self, dossier: &Dossier, to: &AttachTo) -> Result<Vec<File>> {
        let attachment = attachment(dossier, to);
        let files = self.format().write(&dossier.documents, &attachment);
        Ok(files.map_err(|error| WrongForm::Format { error })?)
    }

    /// What stands between documents of this form that are written one after the other.
    pub(super) fn between(&self) -> &'static str {
        match self.format {
            FormatArg::Yaml => "---\n",
            _ => "",
        }
    }

    /// How many siblings stay apart in a compact policy.
    pub(super) fn compact_threshold(&self) -> usize {
        self.threshold
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

impl ConditionArg {
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
