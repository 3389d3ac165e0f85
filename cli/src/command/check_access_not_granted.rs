//! `trailwright check-access-not-granted FILE --action s3:DeleteBucket`

use clap::Args;
use miette::{Diagnostic, Result};
use serde::Deserialize;
use trailwright_engine::contain::{self, Access, check_access_not_granted};

use crate::document;
use crate::exit::Exit;
use crate::report;

/// Check that a policy grants none of some actions on none of some resources. Decided for every
/// action and resource there can be; what depends on the request is taken at its worst.
///
/// Exit status: 0 PASS, 4 FAIL.
#[derive(Debug, Args)]
pub(crate) struct CheckAccessNotGranted {
    /// File of the policy document, `-` for standard input
    file: String,
    /// Actions that must not be granted, wildcards allowed; without any, all
    #[arg(long = "action", value_name = "ACTION", value_delimiter = ',')]
    actions: Vec<String>,
    /// Resources on which they must not be; without any, all
    #[arg(long = "resource", value_name = "ARN", value_delimiter = ',')]
    resources: Vec<String>,
    /// More to check: a file of a list of {"actions": [...], "resources": [...]}
    #[arg(long, value_name = "FILE", required_unless_present_any = ["actions", "resources"])]
    access: Option<String>,
    /// Write JSON, as the API answers
    #[arg(long)]
    json: bool,
}

/// Access as the API names it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    #[serde(default)]
    actions: Vec<String>,
    #[serde(default)]
    resources: Vec<String>,
}

/// Access that cannot be checked.
#[derive(Debug, thiserror::Error, Diagnostic)]
enum BadAccess {
    #[error("`{file}` is no list of access")]
    #[diagnostic(help(
        "write [{{\"actions\": [\"s3:DeleteBucket\"], \"resources\": [\"arn:aws:s3:::logs\"]}}]"
    ))]
    NoList {
        file: String,
        #[source]
        source: serde_json::Error,
    },
    #[error(transparent)]
    #[diagnostic(help("{}", .0.hint()))]
    Senseless(contain::BadAccess),
}

impl CheckAccessNotGranted {
    pub(crate) fn run(&self) -> Result<Exit> {
        let access = self.access()?;
        let (text, policy) = document::parse(&self.file)?;
        let check = check_access_not_granted(&access, &policy);
        report::print_check(&check, (&self.file, &text), self.json)
    }

    fn access(&self) -> Result<Vec<Access>> {
        let mut all = Vec::new();
        if !self.actions.is_empty() || !self.resources.is_empty() {
            all.push(Access {
                actions: self.actions.clone(),
                resources: self.resources.clone(),
            });
        }
        if let Some(file) = &self.access {
            let listed: Vec<Listed> =
                serde_json::from_str(&document::read(file)?).map_err(|source| {
                    BadAccess::NoList {
                        file: file.clone(),
                        source,
                    }
                })?;
            all.extend(listed.into_iter().map(|it| Access {
                actions: it.actions,
                resources: it.resources,
            }));
        }
        for one in &all {
            one.check().map_err(BadAccess::Senseless)?;
        }
        Ok(all)
    }
}
