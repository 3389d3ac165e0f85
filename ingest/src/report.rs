//! What did an ingest do, and what did it leave out and why?

use std::collections::BTreeMap;
use std::time::Duration;

use crate::parse::Reject;

/// Rejects that are kept word for word; the others are only counted.
const KEPT_REJECTS: usize = 1_000;

/// What one ingest did.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Log files that were opened.
    pub files: u64,
    /// Digest files that lay beside them; they hold no events.
    pub digest_files: u64,
    /// Other files in the folders, not opened.
    pub other_files: u64,
    /// Bytes of the log files as they lay there.
    pub bytes: u64,
    /// Bytes after inflating.
    pub inflated_bytes: u64,
    /// Records found, with those rejected.
    pub records: u64,
    /// Events added to the lake.
    pub new: u64,
    /// Events that the lake, or this ingest, already had.
    pub duplicates: u64,
    /// Records in which a key stood twice; the last value was kept.
    pub repeated_keys: u64,
    /// Files and records that were not taken in.
    pub rejected: u64,
    /// How often each reason was given.
    pub reasons: BTreeMap<String, u64>,
    /// The first thousand rejects, with their file.
    pub rejects: Vec<(String, Reject)>,
    /// How long it took.
    pub elapsed: Duration,
}

impl Report {
    pub(crate) fn reject(&mut self, file: &str, reject: Reject) {
        self.rejected += 1;
        *self
            .reasons
            .entry(cause(&reject.reason).to_owned())
            .or_default() += 1;
        if self.rejects.len() < KEPT_REJECTS {
            self.rejects.push((file.to_owned(), reject));
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
    /// Log files to read.
    pub files: u64,
    /// Log files read.
    pub files_done: u64,
    /// Bytes of the log files to read.
    pub bytes: u64,
    /// Bytes of the log files read.
    pub bytes_done: u64,
    /// Records found so far.
    pub records: u64,
}
