//! `trailwright check-no-new-access EXISTING NEW`

use clap::Args;
use miette::Result;
use trailwright_engine::contain::check_no_new_access;

use crate::document;
use crate::exit::Exit;
use crate::report;

/// Check that a policy grants nothing that another does not. Decided for every action and
/// resource there can be; what depends on the request is taken at its worst.
///
/// Exit status: 0 PASS, 4 FAIL.
#[derive(Debug, Args)]
pub(crate) struct CheckNoNewAccess {
    /// File of the policy document as it is, `-` for standard input
    existing: String,
    /// File of the policy document as it should become
    new: String,
    /// Write JSON, as the API answers
    #[arg(long)]
    json: bool,
}

impl CheckNoNewAccess {
    pub(crate) fn run(&self) -> Result<Exit> {
        let (_, existing) = document::parse(&self.existing)?;
        let (text, new) = document::parse(&self.new)?;
        let check = check_no_new_access(&existing, &new);
        report::print_check(&check, (&self.new, &text), self.json)
    }
}
