//! With which of AWS's keys was a digest signed?

use std::collections::HashMap;
use std::path::Path;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

use crate::Error;

/// Public keys by their fingerprint.
#[derive(Debug, Default)]
pub struct Keys {
    by_fingerprint: HashMap<String, Vec<u8>>,
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
            by_fingerprint.insert(key.fingerprint.to_ascii_lowercase(), der);
        }
        Ok(Self { by_fingerprint })
    }

    /// Whether the key with this fingerprint made `signature` of `message`; `None` if we do not
    /// have the key.
    pub(super) fn signed(
        &self,
        fingerprint: &str,
        message: &str,
        signature: &[u8],
    ) -> Option<bool> {
        let key = self.by_fingerprint.get(&fingerprint.to_ascii_lowercase())?;
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key);
        Some(key.verify(message.as_bytes(), signature).is_ok())
    }
}
