//! How is a policy written, and where to?

use std::path::PathBuf;

use clap::Args;
use miette::{Diagnostic, Result};
use trailwright_engine::dossier::Dossier;
use trailwright_engine::format::{self, AttachTo, File, FormatError};
use trailwright_engine::generate::{Options, Target};

use super::attachment;
use crate::writing::{Attach, FormatName, WritingArgs};

/// How a policy is written, and where to.
#[derive(Debug, Args)]
pub(crate) struct Form {
    #[command(flatten)]
    writing: WritingArgs,
    /// Fail if a placeholder has no value
    #[arg(long)]
    pub(super) strict: bool,
    /// Where the policy will be attached, which says how large it may be
    #[arg(long, value_enum, default_value_t, value_name = "TARGET")]
    target: Attach,
    /// In which form the policy is written
    #[arg(long, value_enum, default_value_t)]
    format: FormatName,
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

/// Options that do not go together.
#[derive(Debug, thiserror::Error, Diagnostic)]
enum WrongForm {
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
        Ok(self.writing.writing(self.target)?.options()?)
    }

    /// How many siblings stay apart, if that matters.
    pub(super) fn threshold(&self) -> Option<usize> {
        self.writing.compact_threshold()
    }

    pub(super) fn target(&self) -> Target {
        self.target.into()
    }

    /// An account takes a service control policy only.
    pub(super) fn is_for_account(&self) -> Result<()> {
        match self.target {
            Attach::Scp => Ok(()),
            _ => Err(WrongForm::NotScp.into()),
        }
    }

    fn format(&self) -> format::Format {
        self.format.into()
    }

    /// Whether the documents are in a form that is not IAM's own.
    pub(super) fn is_json(&self) -> bool {
        self.format == FormatName::Json
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
            FormatName::Yaml => "---\n",
            _ => "",
        }
    }

    /// How many siblings stay apart in a compact policy.
    pub(super) fn compact_threshold(&self) -> usize {
        self.writing.threshold
    }
}
