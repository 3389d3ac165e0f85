//! Are local log files those that CloudTrail delivered?
//!
//! CloudTrail writes a digest file each hour: the hashes of the log files of that hour, and the
//! hash and signature of the digest before it. The signature of a digest lies beside it in S3, as
//! metadata, which a plain copy loses; but the next digest repeats it. So a chain of local copies
//! can be proven offline, all but its newest digest, with AWS's public keys from
//! `aws cloudtrail list-public-keys`. What no chain can tell: whether newer files were delivered
//! than the newest digest here.

mod chain;
mod keys;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use walkdir::WalkDir;

use crate::Error;
use crate::decompress::{Inflater, Text};
use crate::object_key::{Kind, ObjectKey};
use crate::source;

pub use keys::Keys;

/// Inflated bytes that are hashed at once.
const PORTION: usize = 256 << 10;

/// A digest lists the files of one hour: more than this is none.
const MAX_DIGEST_BYTES: usize = 256 << 20;

/// What is known of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is what CloudTrail delivered.
    Valid,
    /// It is not what CloudTrail delivered.
    Altered,
    /// CloudTrail delivered it, and it is not here.
    Missing,
    /// Nothing here proves or disproves it.
    Unproven,
}

/// A file and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Path of the file, or of the object if the file is missing.
    pub file: String,
    /// Whether it is a digest and no log file.
    pub digest: bool,
    /// What is known of it.
    pub verdict: Verdict,
    /// Why, if it is not valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// The files of a folder by their places, of which several copies may lie here.
#[derive(Default)]
struct Files {
    digests: BTreeMap<String, Vec<PathBuf>>,
    logs: BTreeMap<String, Vec<PathBuf>>,
}

/// Checks every log and digest file under `folder`, and those that the digests name. Calls
/// `on_file` with each, digests first.
pub fn verify(folder: &Path, keys: &Keys, on_file: &mut dyn FnMut(Checked)) -> Result<(), Error> {
    let mut files = find(folder)?;
    if files.digests.is_empty() && files.logs.is_empty() {
        return Err(Error::NoFiles {
            sources: format!("`{}`", folder.display()),
        });
    }
    let mut inflater = Inflater::new();
    let proven = chain::check(&files.digests, keys, &mut inflater, on_file);
    let mut tell = |file: String, verdict, why| {
        on_file(Checked {
            file,
            digest: false,
            verdict,
            why,
        });
    };
    for (by, listed) in proven {
        let Some(copies) = files.logs.remove(&place(&listed.s3_object)) else {
            let why = format!("listed in {by}");
            tell(listed.s3_object, Verdict::Missing, Some(why));
            continue;
        };
        for path in copies {
            let (verdict, why) = match hash(&path, &mut inflater) {
                Ok(hash) if hash.eq_ignore_ascii_case(&listed.hash_value) => (Verdict::Valid, None),
                Ok(_) => {
                    let why = format!("its hash is not the one in {by}");
                    (Verdict::Altered, Some(why))
                }
                Err(why) => (Verdict::Altered, Some(why)),
            };
            tell(path.to_string_lossy().into_owned(), verdict, why);
        }
    }
    for path in files.logs.into_values().flatten() {
        let why = "no proven digest lists it".to_owned();
        let file = path.to_string_lossy().into_owned();
        tell(file, Verdict::Unproven, Some(why));
    }
    Ok(())
}

fn find(folder: &Path) -> Result<Files, Error> {
    let mut files = Files::default();
    for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name() {
        let entry = entry.map_err(|error| Error::Source {
            name: folder.display().to_string(),
            source: Box::new(error),
        })?;
        let name = entry.path().to_string_lossy().into_owned();
        // Whatever an ingest of this folder would read must be told of.
        if !entry.file_type().is_file() || !source::is_log_name(entry.path()) {
            continue;
        }
        let files = match ObjectKey::parse(&name).kind {
            Kind::Digest if name.ends_with(chain::METADATA_SUFFIX) => continue,
            Kind::Digest => &mut files.digests,
            Kind::Events => &mut files.logs,
            Kind::OtherService => continue,
        };
        files
            .entry(place(&name))
            .or_default()
            .push(entry.into_path());
    }
    Ok(files)
}

/// What a local path and the key of its object have in common: the part from `AWSLogs` on, or
/// just the name, which CloudTrail makes unique. Whether the copy is inflated is no matter.
fn place(path: &str) -> String {
    let place = match path.rfind("AWSLogs/") {
        Some(start) => path.get(start..),
        None => path.rsplit('/').next(),
    };
    let place = place.unwrap_or(path);
    place.strip_suffix(".gz").unwrap_or(place).to_owned()
}

/// The SHA-256 of all that would be ingested of a file: of every gzip member, to the end.
fn hash(path: &Path, inflater: &mut Inflater) -> Result<String, String> {
    let mut hasher = Sha256::new();
    inflate(path, inflater, |text| {
        hasher.update(&*text);
        text.clear();
        Ok(())
    })?;
    Ok(hex(&hasher.finalize()))
}

/// The whole text of a small file.
fn text(path: &Path, inflater: &mut Inflater) -> Result<Vec<u8>, String> {
    let mut whole = Vec::new();
    inflate(path, inflater, |text| {
        whole.append(text);
        match whole.len() > MAX_DIGEST_BYTES {
            true => Err("too large for a digest".to_owned()),
            false => Ok(()),
        }
    })?;
    Ok(whole)
}

fn inflate(
    path: &Path,
    inflater: &mut Inflater,
    mut on_text: impl FnMut(&mut Vec<u8>) -> Result<(), String>,
) -> Result<(), String> {
    let file = File::open(path).map_err(|error| format!("cannot read: {error}"))?;
    let mut portion = Vec::new();
    let mut text = Text::open(file, inflater).map_err(|trouble| trouble.to_string())?;
    loop {
        let more = text.read(&mut portion, PORTION);
        on_text(&mut portion)?;
        if !more.map_err(|trouble| trouble.to_string())? {
            return Ok(());
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let digits = |at: usize| text.get(at..at + 2);
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(digits(at)?, 16).ok())
        .collect()
}
