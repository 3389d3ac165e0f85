//! Where does that go which could not be taken in?
//!
//! Into the lake's folder `quarantine`, as JSON lines: each reject with its file, position,
//! reason and text. A crash may make an ingest quarantine the same thing twice; readers of the
//! folder see it once.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use deltalake::logstore::ObjectStoreRef;
use futures::TryStreamExt;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Error, Reject};

const FOLDER: &str = "quarantine";

/// Rejects of one file that are kept; the others are only counted. A file of nothing but
/// rubbish must not fill the lake.
const KEPT_OF_FILE: usize = 10_000;

/// Bytes of text that are kept in all of one portion.
const KEPT_BYTES: usize = 32 << 20;

/// Something that could not be taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// Path or URL of the file that it came from.
    pub file: String,
    /// Where in the inflated file it begins; nothing if it is the file as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub byte: Option<u64>,
    /// Which record of the file it is, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<u64>,
    /// Why it was not taken in.
    pub reason: String,
    /// Its text, up to 256 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// Its bytes in base64, if they are no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_base64: Option<String>,
}

/// Rejects on their way to the lake.
#[derive(Default)]
pub(crate) struct Quarantine {
    lines: Vec<u8>,
    kept: BTreeMap<String, usize>,
}

impl Quarantine {
    pub(crate) fn push(&mut self, file: &str, reject: &Reject) {
        let kept = self.kept.entry(file.to_owned()).or_default();
        *kept += 1;
        let mut entry = Quarantined {
            file: file.to_owned(),
            byte: reject.position.map(|position| position.byte),
            record: reject.position.map(|position| position.record),
            reason: reject.reason.clone(),
            raw: None,
            raw_base64: None,
        };
        if *kept > KEPT_OF_FILE {
            return;
        }
        if *kept == KEPT_OF_FILE {
            entry.reason = "and more: only the first rejects of a file are kept".to_owned();
        } else if self.lines.len() + reject.raw.len() < KEPT_BYTES && !reject.raw.is_empty() {
            match std::str::from_utf8(&reject.raw) {
                Ok(text) => entry.raw = Some(text.to_owned()),
                Err(_) => entry.raw_base64 = Some(BASE64_STANDARD.encode(&reject.raw)),
            }
        }
        if serde_json::to_writer(&mut self.lines, &entry).is_ok() {
            self.lines.push(b'\n');
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.lines.len()
    }

    /// Path and content of the file that holds the entries, if there are any.
    pub(super) fn file(&self) -> Option<(String, Vec<u8>)> {
        if self.lines.is_empty() {
            return None;
        }
        let digest = Sha256::digest(&self.lines);
        let name: String = digest.iter().take(16).map(|b| format!("{b:02x}")).collect();
        Some((format!("{FOLDER}/{name}.ndjson"), self.lines.clone()))
    }
}

pub(super) async fn read(store: &ObjectStoreRef) -> Result<Vec<Quarantined>, Error> {
    let failed = |source| Error::Store {
        path: FOLDER.to_owned(),
        source,
    };
    let files: Vec<_> = store
        .list(Some(&Path::from(FOLDER)))
        .try_collect()
        .await
        .map_err(failed)?;
    let mut entries = BTreeMap::new();
    for file in files {
        let got = store.get(&file.location).await.map_err(failed)?;
        let bytes = got.bytes().await.map_err(failed)?;
        for line in bytes.split(|byte| *byte == b'\n') {
            if let Ok(entry) = serde_json::from_slice::<Quarantined>(line) {
                let key = (entry.file.clone(), entry.byte, entry.reason.clone());
                entries.insert(key, entry);
            }
        }
    }
    Ok(entries.into_values().collect())
}
