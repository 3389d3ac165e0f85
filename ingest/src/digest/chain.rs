//! Which digests are what CloudTrail wrote?
//!
//! From the newest to the oldest: a proven digest carries the hash and the signature of the one
//! before it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::keys::Signed;
use super::{Checked, Keys, Verdict, from_hex, hex, place, text};
use crate::decompress::Inflater;

/// What a file with a digest's S3 metadata is called, beside the digest: the output of
/// `aws s3api head-object`.
pub(super) const METADATA_SUFFIX: &str = ".metadata.json";

/// A digest file as AWS documents it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Digest {
    digest_end_time: String,
    digest_s3_bucket: String,
    digest_s3_object: String,
    digest_public_key_fingerprint: String,
    #[serde(default)]
    previous_digest_s3_object: Option<String>,
    #[serde(default)]
    previous_digest_hash_value: Option<String>,
    #[serde(default)]
    previous_digest_signature: Option<String>,
    #[serde(default)]
    log_files: Vec<Listed>,
}

/// A log file in a digest.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listed {
    pub(super) s3_object: String,
    pub(super) hash_value: String,
}

struct Read {
    path: PathBuf,
    digest: Digest,
    hash: String,
}

/// What a newer digest says of the one before it.
struct Said {
    by: String,
    proven: bool,
    hash: Option<String>,
    signature: Option<String>,
}

#[derive(Deserialize)]
struct Head {
    #[serde(alias = "Metadata")]
    metadata: HeadMetadata,
}

#[derive(Deserialize)]
struct HeadMetadata {
    signature: String,
}

/// Checks digests, and gives the log files that the proven ones list, with the digest's name.
pub(super) fn check(
    paths: &BTreeMap<String, Vec<PathBuf>>,
    keys: &Keys,
    inflater: &mut Inflater,
    on_file: &mut dyn FnMut(Checked),
) -> Vec<(String, Listed)> {
    let mut tell = |file: &Path, verdict, why: Option<String>| {
        on_file(Checked {
            file: file.to_string_lossy().into_owned(),
            digest: true,
            verdict,
            why,
        });
    };
    let mut digests = Vec::new();
    for (name, copies) in paths {
        let mut first: Option<String> = None;
        for path in copies {
            match read(name, path, inflater) {
                Err(why) => tell(path, Verdict::Altered, Some(why)),
                Ok(read) => match &first {
                    None => {
                        first = Some(read.hash.clone());
                        digests.push(read);
                    }
                    // The same again says nothing new.
                    Some(hash) if *hash == read.hash => {}
                    Some(_) => {
                        let why = "another digest claims the same place and differs".to_owned();
                        tell(path, Verdict::Unproven, Some(why));
                    }
                },
            }
        }
    }
    digests.sort_by(|a, b| b.digest.digest_end_time.cmp(&a.digest.digest_end_time));

    let mut proven = Vec::new();
    let mut said: BTreeMap<String, Said> = BTreeMap::new();
    for read in digests {
        let name = read.path.to_string_lossy().into_owned();
        let said_of_this = said.remove(&place(&read.digest.digest_s3_object));
        let (verdict, why) = verdict(&read, said_of_this.as_ref(), keys);
        tell(&read.path, verdict, why);
        let is_proven = verdict == Verdict::Valid;
        if let Some(before) = &read.digest.previous_digest_s3_object {
            let place = place(before);
            if !paths.contains_key(&place) && is_proven {
                let why = format!("named in {name}");
                tell(Path::new(before), Verdict::Missing, Some(why));
            }
            let new = Said {
                by: name.clone(),
                proven: is_proven,
                hash: read.digest.previous_digest_hash_value.clone(),
                signature: read.digest.previous_digest_signature.clone(),
            };
            // Of two that speak of it, the proven one counts.
            let known = said.get(&place).is_some_and(|said| said.proven);
            if !known {
                said.insert(place, new);
            }
        }
        if is_proven {
            let listed = read.digest.log_files.into_iter();
            proven.extend(listed.map(|log| (name.clone(), log)));
        }
    }
    proven
}

fn read(name: &str, path: &Path, inflater: &mut Inflater) -> Result<Read, String> {
    let text = text(path, inflater)?;
    let digest: Digest =
        serde_json::from_slice(&text).map_err(|error| format!("no digest: {error}"))?;
    if place(&digest.digest_s3_object) != name {
        let was = &digest.digest_s3_object;
        return Err(format!("it is the digest of another place: {was}"));
    }
    Ok(Read {
        path: path.to_owned(),
        digest,
        hash: hex(&Sha256::digest(&text)),
    })
}

fn verdict(read: &Read, said: Option<&Said>, keys: &Keys) -> (Verdict, Option<String>) {
    let digest = &read.digest;
    if let Some(said) = said
        && said.proven
        && let Some(hash) = &said.hash
    {
        return match hash.eq_ignore_ascii_case(&read.hash) {
            true => (Verdict::Valid, None),
            false => {
                let why = format!("its hash is not the one in {}", said.by);
                (Verdict::Altered, Some(why))
            }
        };
    }
    let message = format!(
        "{}\n{}/{}\n{}\n{}",
        digest.digest_end_time,
        digest.digest_s3_bucket,
        digest.digest_s3_object,
        read.hash,
        digest
            .previous_digest_signature
            .as_deref()
            .unwrap_or("null"),
    );
    let signed = |signature: &str| {
        let signature = from_hex(signature).unwrap_or_default();
        keys.signed(
            &digest.digest_public_key_fingerprint,
            &digest.digest_end_time,
            &message,
            &signature,
        )
    };
    if let Some(signature) = beside(&read.path) {
        return match signed(&signature) {
            Signed::Right => (Verdict::Valid, None),
            Signed::Wrong => {
                let why = "its signature does not fit".to_owned();
                (Verdict::Altered, Some(why))
            }
            Signed::Unknown(why) => (Verdict::Unproven, Some(why)),
        };
    }
    match said.and_then(|said| said.signature.as_deref()).map(signed) {
        Some(Signed::Right) => (Verdict::Valid, None),
        Some(Signed::Wrong) => {
            let why =
                "the signature that the next digest tells does not fit; one of both is altered";
            (Verdict::Unproven, Some(why.to_owned()))
        }
        Some(Signed::Unknown(why)) => (Verdict::Unproven, Some(why)),
        None => {
            let why = "its signature is not here: neither a next digest nor its metadata";
            (Verdict::Unproven, Some(why.to_owned()))
        }
    }
}

/// The signature in the metadata beside a digest.
fn beside(path: &Path) -> Option<String> {
    let mut name = path.as_os_str().to_owned();
    name.push(METADATA_SUFFIX);
    let text = std::fs::read(name).ok()?;
    let head: Head = serde_json::from_slice(&text).ok()?;
    Some(head.metadata.signature)
}
