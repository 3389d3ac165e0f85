//! With which of AWS's keys was a digest signed?

use std::collections::HashMap;
use std::path::Path;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use trailwright_engine::time;

use crate::Error;

/// Microseconds that a digest may be from before or after the time of its key: it is signed some
/// time after the hour that it is about.
const SLACK: i64 = 24 * 60 * 60 * 1_000_000;

/// Public keys by their fingerprint.
#[derive(Debug, Default)]
pub struct Keys {
    by_fingerprint: HashMap<String, Key>,
}

#[derive(Debug)]
struct Key {
    der: Vec<u8>,
    /// When AWS signed with it, in microseconds since the epoch, as far as the list tells.
    from: Option<i64>,
    to: Option<i64>,
}

/// What is known of a signature.
pub(super) enum Signed {
    /// It fits.
    Right,
    /// It does not fit.
    Wrong,
    /// Nothing, for this reason.
    Unknown(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PublicKeyList {
    public_key_list: Vec<PublicKey>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PublicKey {
    /// RSAPublicKey of PKCS #1, DER in base64.
    value: String,
    fingerprint: String,
    #[serde(default)]
    validity_start_time: Option<Time>,
    #[serde(default)]
    validity_end_time: Option<Time>,
}

/// A time as one of the versions of the AWS CLI prints it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Time {
    Seconds(f64),
    Text(String),
}

impl Time {
    fn micros(&self) -> Option<i64> {
        match self {
            // What is beyond all times becomes the first or the last of them.
            Self::Seconds(seconds) => Some((seconds * 1e6) as i64),
            Self::Text(text) => time::from_text(text),
        }
    }
}

impl Keys {
    /// Reads what `aws cloudtrail list-public-keys` printed.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| Error::Keys {
            path: path.to_owned(),
            source,
        };
        let text = std::fs::read(path).map_err(|error| failed(error.into()))?;
        let list: PublicKeyList =
            serde_json::from_slice(&text).map_err(|error| failed(error.into()))?;
        let mut by_fingerprint = HashMap::new();
        for key in list.public_key_list {
            let der = BASE64_STANDARD.decode(key.value.trim());
            let der = der.map_err(|error| failed(error.into()))?;
            let micros = |time: Time| {
                let micros = time.micros();
                micros.ok_or_else(|| failed("a key's validity is no time".into()))
            };
            let known = Key {
                der,
                from: key.validity_start_time.map(micros).transpose()?,
                to: key.validity_end_time.map(micros).transpose()?,
            };
            by_fingerprint.insert(key.fingerprint.to_ascii_lowercase(), known);
        }
        Ok(Self { by_fingerprint })
    }

    /// Whether the key with this fingerprint made `signature` of `message`, and AWS signed with it
    /// `at` about that time.
    pub(super) fn signed(
        &self,
        fingerprint: &str,
        at: &str,
        message: &str,
        signature: &[u8],
    ) -> Signed {
        let Some(key) = self.by_fingerprint.get(&fingerprint.to_ascii_lowercase()) else {
            return Signed::Unknown(format!("no key with its fingerprint {fingerprint}"));
        };
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &key.der);
        if public.verify(message.as_bytes(), signature).is_err() {
            return Signed::Wrong;
        }
        match key.was_valid(at) {
            true => Signed::Right,
            false => Signed::Unknown(format!(
                "its key, of fingerprint {fingerprint}, was not valid at its time"
            )),
        }
    }
}

impl Key {
    fn was_valid(&self, at: &str) -> bool {
        if self.from.is_none() && self.to.is_none() {
            return true;
        }
        time::from_text(at).is_some_and(|at| {
            let begun = self
                .from
                .is_none_or(|from| at >= from.saturating_sub(SLACK));
            begun && self.to.is_none_or(|to| at <= to.saturating_add(SLACK))
        })
    }
}
