//! What did an ingest do, and what did it leave out and why?

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::parse::Reject;

/// Rejects that are kept word for word; the others are only counted.
const KEPT_REJECTS: usize = 1_000;

/// What one ingest did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Log files that were opened.
    pub files: u64,
    /// Log files that the lake's ledger knows, not opened.
    pub known_files: u64,
    /// Digest files, which hold no events, or folders of such.
    pub digest_files: u64,
    /// Other files and folders beside the logs, not opened.
    pub other_files: u64,
    /// Files and folders that the selection left out by their path.
    pub not_selected: u64,
    /// Bytes of the log files as they lay there.
    pub bytes: u64,
    /// Bytes after inflating.
    pub inflated_bytes: u64,
    /// Records found, with those rejected.
    pub records: u64,
    /// Events added to the lake.
    pub new: u64,
    /// Events that the lake, or this ingest, already had. The first of each id was kept, in the
    /// order of the files.
    pub duplicates: u64,
    /// Those duplicates that differ from the event that was kept. They are in the lake's
    /// quarantine.
    pub differing: u64,
    /// Records in which a key stands twice in one object; the last value was kept. As they were
    /// written they are in the lake's quarantine.
    pub repeated_keys: u64,
    /// Files and records that were not taken in. They are in the lake's quarantine.
    pub rejected: u64,
    /// How often each reason was given.
    pub reasons: BTreeMap<String, u64>,
    /// The first thousand rejects, with their file.
    #[serde(skip)]
    pub rejects: Vec<(String, Reject)>,
    /// Whether it was stopped before the last file.
    pub interrupted: bool,
    /// How long it took, in seconds.
    #[serde(serialize_with = "seconds")]
    pub elapsed: Duration,
}

fn seconds<S: Serializer>(elapsed: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(elapsed.as_secs_f64())
}

impl Report {
    pub(crate) fn reject(&mut self, file: &str, reject: Reject) {
        self.rejected += 1;
        *self
            .reasons
            .entry(cause(&reject.reason).to_owned())
            .or_default() += 1;
        if self.rejects.len() < KEPT_REJECTS {
            // What it said is in the quarantine.
            let raw = Vec::new();
            self.rejects
                .push((file.to_owned(), Reject { raw, ..reject }));
        }
    }
}

/// A reason without the details of its case.
fn cause(reason: &str) -> &str {
    reason.split(':').next().unwrap_or(reason)
}

/// How far an ingest is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    /// Log files to read, as far as they are listed.
    pub files: u64,
    /// Log files read.
    pub files_done: u64,
    /// Bytes of the log files to read, as far as they are listed.
    pub bytes: u64,
    /// Bytes of the log files read.
    pub bytes_done: u64,
    /// Whether all files are listed, so that the end can be foreseen.
    pub all_listed: bool,
    /// Records found so far.
    pub records: u64,
}
