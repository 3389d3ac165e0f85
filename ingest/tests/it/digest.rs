//! Does a chain of digests prove what was delivered, and every change show?

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::{Lab, Result, delivery, gzip};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use trailwright_ingest::{Keys, Verdict, verify};

const HOURS: usize = 4;

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|b| format!("{b:02x}")).collect()
}

fn log_path(hour: usize, file: usize) -> String {
    format!("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11/24/log-{hour}-{file}.json.gz")
}

fn digest_path(hour: usize) -> String {
    format!("AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/11/24/digest-{hour}.json.gz")
}

/// A trail of four hours, two log files each, with its digests, signed by a key of its own.
fn trail() -> Result<(Lab, Keys)> {
    let lab = Lab::new()?;
    let key = KeyPair::generate(KeySize::Rsa2048)?;
    let public = key.public_key().as_ref();
    let fingerprint = hex(&Sha256::digest(public)[..16]);
    let keys = json!({"PublicKeyList": [
        {"Value": BASE64_STANDARD.encode(public), "Fingerprint": fingerprint}
    ]});
    let keys = Keys::read(&lab.write("keys.json", keys.to_string())?)?;
    let (mut before, mut n) = (None::<(String, String, String)>, 0);
    for hour in 0..HOURS {
        let mut logs = Vec::new();
        for file in 0..2 {
            let text = delivery(n..n + 5);
            n += 5;
            lab.write(&format!("trail/{}", log_path(hour, file)), gzip(&text)?)?;
            logs.push(json!({
                "s3Bucket": "b", "s3Object": log_path(hour, file),
                "hashValue": hex(Sha256::digest(&text)), "hashAlgorithm": "SHA-256",
            }));
        }
        let end = format!("2026-11-24T0{hour}:00:00Z");
        let (object, hash, signature) = match &before {
            Some((object, hash, signature)) => (json!(object), json!(hash), json!(signature)),
            None => (Value::Null, Value::Null, Value::Null),
        };
        let digest = json!({
            "awsAccountId": "111122223333", "digestStartTime": "x", "digestEndTime": end,
            "digestS3Bucket": "b", "digestS3Object": digest_path(hour),
            "digestPublicKeyFingerprint": fingerprint, "digestSignatureAlgorithm": "SHA256withRSA",
            "previousDigestS3Object": object, "previousDigestHashValue": hash,
            "previousDigestSignature": signature, "logFiles": logs,
        })
        .to_string();
        lab.write(&format!("trail/{}", digest_path(hour)), gzip(&digest)?)?;
        let hash = hex(Sha256::digest(&digest));
        let previous = signature.as_str().unwrap_or("null");
        let message = format!("{end}\nb/{}\n{hash}\n{previous}", digest_path(hour));
        let mut signed = vec![0; key.public_modulus_len()];
        key.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            message.as_bytes(),
            &mut signed,
        )?;
        before = Some((digest_path(hour), hash, hex(&signed)));
    }
    let newest = before.ok_or("no digest")?.2;
    let metadata =
        json!({"Metadata": {"signature": newest, "signature-algorithm": "SHA256withRSA"}});
    lab.write(
        &format!("trail/{}.metadata.json", digest_path(HOURS - 1)),
        metadata.to_string(),
    )?;
    Ok((lab, keys))
}

/// What is not valid, by the file's name.
fn faults(folder: &Path, keys: &Keys) -> Result<BTreeMap<String, Verdict>> {
    let mut all = 0;
    let mut faults = BTreeMap::new();
    verify(folder, keys, &mut |checked| {
        all += 1;
        if checked.verdict != Verdict::Valid {
            let name = checked.file.rsplit('/').next().unwrap_or_default();
            faults.insert(name.to_owned(), checked.verdict);
        }
    })?;
    assert!(all >= HOURS * 3 - 1, "{all}");
    Ok(faults)
}

type Change = Box<dyn Fn(&Lab) -> Result>;

/// What is changed, how, and what then is not valid any more.
type Case = (&'static str, Change, Vec<(&'static str, Verdict)>);

fn log(hour: usize) -> String {
    format!("trail/{}", log_path(hour, 0))
}

fn digest(hour: usize) -> String {
    format!("trail/{}", digest_path(hour))
}

fn rewrite(lab: &Lab, name: &str, change: &dyn Fn(Vec<u8>) -> Result<Vec<u8>>) -> Result {
    let bytes = change(std::fs::read(lab.path(name))?)?;
    std::fs::write(lab.path(name), bytes)?;
    Ok(())
}

#[test]
fn every_change_shows_and_nothing_else() -> Result {
    let cases: Vec<Case> = vec![
        ("nothing", Box::new(|_| Ok(())), vec![]),
        (
            "another text",
            Box::new(|lab| rewrite(lab, &log(1), &|_| gzip(delivery(0..4)))),
            vec![("log-1-0.json.gz", Verdict::Altered)],
        ),
        (
            "a second gzip member",
            Box::new(|lab| {
                rewrite(lab, &log(1), &|mut bytes| {
                    bytes.extend(gzip("{\"Records\":[]}")?);
                    Ok(bytes)
                })
            }),
            vec![("log-1-0.json.gz", Verdict::Altered)],
        ),
        (
            "garbage behind the gzip",
            Box::new(|lab| {
                rewrite(lab, &log(1), &|mut bytes| {
                    bytes.extend(b"{}");
                    Ok(bytes)
                })
            }),
            vec![("log-1-0.json.gz", Verdict::Altered)],
        ),
        (
            "another compression of the same text",
            Box::new(|lab| {
                rewrite(lab, &log(0), &|_| {
                    Ok(zstd::encode_all(delivery(0..5).as_bytes(), 3)?)
                })
            }),
            vec![],
        ),
        (
            "a log is gone",
            Box::new(|lab| Ok(std::fs::remove_file(lab.path(&log(2)))?)),
            vec![("log-2-0.json.gz", Verdict::Missing)],
        ),
        (
            "a log too many",
            Box::new(|lab| {
                lab.write(
                    &format!("trail/{}", log_path(2, 7)),
                    gzip(delivery(90..91))?,
                )?;
                Ok(())
            }),
            vec![("log-2-7.json.gz", Verdict::Unproven)],
        ),
        (
            "another copy, inflated and altered",
            Box::new(|lab| {
                let copy = log_path(2, 1).replace(".gz", "");
                lab.write(&format!("trail/{copy}"), delivery(0..3))?;
                lab.write(&format!("trail/copy/{}", log_path(2, 1)), "{}")?;
                Ok(())
            }),
            // Both are called altered; the second one has the name of the first.
            vec![
                ("log-2-1.json", Verdict::Altered),
                ("log-2-1.json.gz", Verdict::Altered),
            ],
        ),
        (
            "what only an ingest would read",
            Box::new(|lab| {
                lab.write("trail/extra.ndjson", delivery(0..3))?;
                lab.write(&format!("{}.metadata.json", log(1)), delivery(0..3))?;
                Ok(())
            }),
            vec![
                ("extra.ndjson", Verdict::Unproven),
                ("log-1-0.json.gz.metadata.json", Verdict::Unproven),
            ],
        ),
        (
            "a digest with another hash in it",
            Box::new(|lab| {
                rewrite(lab, &digest(1), &|bytes| {
                    let mut text = String::new();
                    std::io::Read::read_to_string(
                        &mut flate2::read::GzDecoder::new(bytes.as_slice()),
                        &mut text,
                    )?;
                    gzip(text.replace("\"hashValue\":\"", "\"hashValue\":\"0"))
                })
            }),
            vec![
                ("digest-1.json.gz", Verdict::Altered),
                ("log-1-0.json.gz", Verdict::Unproven),
                ("log-1-1.json.gz", Verdict::Unproven),
            ],
        ),
        (
            "a digest at the place of another",
            Box::new(|lab| {
                std::fs::copy(lab.path(&digest(0)), lab.path(&digest(1)))?;
                Ok(())
            }),
            vec![
                ("digest-1.json.gz", Verdict::Altered),
                ("log-1-0.json.gz", Verdict::Unproven),
                ("log-1-1.json.gz", Verdict::Unproven),
                // Its signature was in the one that is gone.
                ("digest-0.json.gz", Verdict::Unproven),
                ("log-0-0.json.gz", Verdict::Unproven),
                ("log-0-1.json.gz", Verdict::Unproven),
            ],
        ),
        (
            "a digest is gone",
            Box::new(|lab| Ok(std::fs::remove_file(lab.path(&digest(2)))?)),
            vec![
                ("digest-2.json.gz", Verdict::Missing),
                ("log-2-0.json.gz", Verdict::Unproven),
                ("log-2-1.json.gz", Verdict::Unproven),
                ("digest-1.json.gz", Verdict::Unproven),
                ("log-1-0.json.gz", Verdict::Unproven),
                ("log-1-1.json.gz", Verdict::Unproven),
            ],
        ),
        (
            "the newest signature is not there",
            Box::new(|lab| {
                Ok(std::fs::remove_file(
                    lab.path(&format!("{}.metadata.json", digest(3))),
                )?)
            }),
            vec![
                ("digest-3.json.gz", Verdict::Unproven),
                ("log-3-0.json.gz", Verdict::Unproven),
                ("log-3-1.json.gz", Verdict::Unproven),
            ],
        ),
        (
            "the newest signature is another's",
            Box::new(|lab| {
                let other = json!({"Metadata": {"signature": "00".repeat(256)}}).to_string();
                lab.write(&format!("{}.metadata.json", digest(3)), other)?;
                Ok(())
            }),
            vec![
                ("digest-3.json.gz", Verdict::Altered),
                ("log-3-0.json.gz", Verdict::Unproven),
                ("log-3-1.json.gz", Verdict::Unproven),
            ],
        ),
    ];
    for (name, change, expected) in cases {
        let (lab, keys) = trail()?;
        change(&lab)?;
        let expected: BTreeMap<String, Verdict> = expected
            .into_iter()
            .map(|(file, verdict)| (file.to_owned(), verdict))
            .collect();
        assert_eq!(faults(&lab.path("trail"), &keys)?, expected, "{name}");
    }
    Ok(())
}

#[test]
fn without_keys_nothing_is_proven() -> Result {
    let (lab, _) = trail()?;
    let faults = faults(&lab.path("trail"), &Keys::default())?;
    assert_eq!(faults.len(), HOURS * 3);
    assert!(faults.values().all(|verdict| *verdict == Verdict::Unproven));
    Ok(())
}

#[test]
fn a_key_proves_only_what_is_of_its_time() -> Result {
    let (lab, _) = trail()?;
    let list: Value = serde_json::from_slice(&std::fs::read(lab.path("keys.json"))?)?;
    let key = list["PublicKeyList"][0].clone();
    // The newest digest is of 2026-11-24.
    let cases = [
        (
            json!("2026-11-01T00:00:00Z"),
            json!("2026-12-01T00:00:00Z"),
            true,
        ),
        (json!("2026-11-01T01:00:00+01:00"), Value::Null, true),
        (json!(1_761_955_200.0), json!(1_796_083_200), true),
        (
            json!("2026-11-25T00:00:00Z"),
            json!("2026-12-01T00:00:00Z"),
            true,
        ),
        (
            json!("2026-12-01T00:00:00Z"),
            json!("2027-01-01T00:00:00Z"),
            false,
        ),
        (
            json!("2025-11-01T00:00:00Z"),
            json!("2026-11-01T00:00:00Z"),
            false,
        ),
        (json!(0), json!(1_767_225_600.5), false),
    ];
    for (from, to, proves) in cases {
        let mut key = key.clone();
        key["ValidityStartTime"] = from.clone();
        key["ValidityEndTime"] = to.clone();
        let list = json!({"PublicKeyList": [key]});
        let keys = Keys::read(&lab.write("keys.json", list.to_string())?)?;
        let faults = faults(&lab.path("trail"), &keys)?;
        assert_eq!(faults.is_empty(), proves, "{from} {to}: {faults:?}");
        assert!(
            faults.values().all(|it| *it == Verdict::Unproven),
            "{faults:?}"
        );
    }
    let mut key = key.clone();
    key["ValidityEndTime"] = json!("soon");
    let list = json!({"PublicKeyList": [key]});
    assert!(Keys::read(&lab.write("keys.json", list.to_string())?).is_err());
    Ok(())
}
