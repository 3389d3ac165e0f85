//! `trailwright validate FILE...`

use std::io::Write;

use clap::{Args, ValueEnum};
use miette::{IntoDiagnostic, Result};
use serde_json::json;
use trailwright_engine::Reference;
use trailwright_engine::validate::{FindingType, PolicyType, ResourceType, validate};

use crate::document;
use crate::exit::Exit;
use crate::output::Stdout;
use crate::report;

/// Say what is wrong with policies, with the findings of IAM Access Analyzer's ValidatePolicy.
///
/// Exit status: 4 if there is a finding as grave as --fail-on says.
#[derive(Debug, Args)]
pub(crate) struct Validate {
    /// Files of policy documents, `-` for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// What the policies are meant to be
    #[arg(long = "type", value_enum, default_value_t, value_name = "TYPE")]
    policy_type: Kind,
    /// Least grave findings that make the exit status 4
    #[arg(long, value_enum, default_value_t, value_name = "FINDING")]
    fail_on: FailOn,
    /// Write JSON, for each file an object with the findings as the API gives them
    #[arg(long)]
    json: bool,
}

/// What a policy is meant to be.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Kind {
    /// Attached to a role, user or group
    #[default]
    Identity,
    /// Sets the most that a role or user may be allowed
    Boundary,
    /// A service control policy of an organization
    Scp,
    /// A resource control policy of an organization
    Rcp,
    /// Attached to a resource of any other type, such as a queue or a key
    Resource,
    /// Says who may assume a role
    Trust,
    /// Attached to an S3 bucket
    S3Bucket,
    /// Attached to an S3 access point
    S3AccessPoint,
    /// Attached to an S3 Multi-Region Access Point
    S3MultiRegionAccessPoint,
    /// Attached to an S3 Object Lambda Access Point
    S3ObjectLambdaAccessPoint,
    /// Attached to a DynamoDB table
    DynamodbTable,
}

impl From<Kind> for PolicyType {
    fn from(kind: Kind) -> Self {
        let of = |known| Self::Resource(Some(known));
        match kind {
            // A boundary has the grammar and limits of a managed policy.
            Kind::Identity | Kind::Boundary => Self::Identity,
            Kind::Scp => Self::ServiceControl,
            Kind::Rcp => Self::ResourceControl,
            Kind::Resource => Self::Resource(None),
            Kind::Trust => of(ResourceType::RoleTrust),
            Kind::S3Bucket => of(ResourceType::S3Bucket),
            Kind::S3AccessPoint => of(ResourceType::S3AccessPoint),
            Kind::S3MultiRegionAccessPoint => of(ResourceType::S3MultiRegionAccessPoint),
            Kind::S3ObjectLambdaAccessPoint => of(ResourceType::S3ObjectLambdaAccessPoint),
            Kind::DynamodbTable => of(ResourceType::DynamoDbTable),
        }
    }
}

/// How grave a finding must be to count.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum FailOn {
    Error,
    #[default]
    SecurityWarning,
    Warning,
    Suggestion,
}

impl FailOn {
    fn counts(self, finding_type: FindingType) -> bool {
        finding_type
            <= match self {
                Self::Error => FindingType::Error,
                Self::SecurityWarning => FindingType::SecurityWarning,
                Self::Warning => FindingType::Warning,
                Self::Suggestion => FindingType::Suggestion,
            }
    }
}

impl Validate {
    pub(crate) fn run(&self) -> Result<Exit> {
        let mut out = Stdout::new();
        let mut all = Vec::new();
        for file in &self.files {
            let text = document::read(file)?;
            let findings = validate(&text, self.policy_type.into(), Reference::bundled());
            let told = if self.json {
                let answer = match self.files.len() {
                    1 => json!({"findings": findings}),
                    _ => json!({"file": file, "findings": findings}),
                };
                format!("{answer}\n")
            } else {
                report::findings(file, &text, &findings)
            };
            out.write_all(told.as_bytes()).into_diagnostic()?;
            all.extend(findings);
        }
        if !self.json {
            report::say(&report::count_of_findings(self.files.len(), &all));
        }
        let counts = |it: &_| self.fail_on.counts(*it);
        Ok(if all.iter().map(|it| &it.finding_type).any(counts) {
            Exit::Found
        } else {
            Exit::Success
        })
    }
}
