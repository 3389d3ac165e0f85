//! `trailwright verify FOLDER --keys FILE`

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use clap::Args;
use miette::{IntoDiagnostic, Result};
use trailwright_ingest::{Checked, Keys, Verdict, verify};

use crate::exit::Exit;
use crate::output::Stdout;
use crate::report;

/// Prove offline that local log files are what CloudTrail delivered, by its digest files.
///
/// The signature of a digest is taken from the digest after it, or from DIGEST.metadata.json
/// beside it, which `aws s3api head-object` writes. Whether files were delivered after the newest
/// digest cannot be told.
///
/// Exit status: 0 all valid, 2 something is altered or missing, 3 something is unproven.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Folder with log and digest files
    folder: PathBuf,
    /// AWS's public keys, as `aws cloudtrail list-public-keys` prints them
    #[arg(long, value_name = "FILE")]
    keys: PathBuf,
    /// Tell of valid files too
    #[arg(long)]
    all: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(crate) async fn run(self) -> Result<Exit> {
        let keys = Keys::read(&self.keys)?;
        let mut counts: BTreeMap<Verdict, u64> = BTreeMap::new();
        let mut out = BufWriter::new(Stdout::new());
        let mut written = Ok(());
        verify(&self.folder, &keys, &mut |checked| {
            *counts.entry(checked.verdict).or_default() += 1;
            if written.is_ok() && (self.all || checked.verdict != Verdict::Valid) {
                written = write(&mut out, &checked, self.json);
            }
        })?;
        written.and_then(|()| out.flush()).into_diagnostic()?;
        let count = |verdict| counts.get(&verdict).copied().unwrap_or_default();
        let [valid, altered, missing, unproven] = [
            Verdict::Valid,
            Verdict::Altered,
            Verdict::Missing,
            Verdict::Unproven,
        ]
        .map(count);
        report::say(&format!(
            "{valid} valid, {altered} altered, {missing} missing, {unproven} unproven\n"
        ));
        Ok(match (altered + missing, unproven) {
            (0, 0) => Exit::Success,
            (0, _) => Exit::Unproven,
            _ => Exit::Rejects,
        })
    }
}

fn write(out: &mut impl Write, checked: &Checked, json: bool) -> std::io::Result<()> {
    if json {
        serde_json::to_writer(&mut *out, checked)?;
        return writeln!(out);
    }
    let verdict = match checked.verdict {
        Verdict::Valid => "valid",
        Verdict::Altered => "altered",
        Verdict::Missing => "missing",
        Verdict::Unproven => "unproven",
    };
    let why = checked.why.as_deref().unwrap_or_default();
    let colon = if why.is_empty() { "" } else { ": " };
    writeln!(out, "{verdict:<9}{}{colon}{why}", checked.file)
}
