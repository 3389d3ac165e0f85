//! Does the exit status of `verify` tell what was proven?

use trailwright_tests::trail::{delivery, record};

use crate::lab;

#[test]
fn what_nothing_proves_is_3_and_each_file_is_named() {
    let lab = lab();
    lab.write("keys.json", r#"{"PublicKeyList":[]}"#);
    lab.write("logs/a.json", delivery(&[record(1)]));
    let args = ["verify", "logs", "--keys", "keys.json", "--json"];
    let done = lab.trailwright(args).status(3);
    let [checked] = done.ndjson().try_into().unwrap();
    assert_eq!(checked["file"], "logs/a.json");
    assert_eq!(checked["verdict"], "unproven");
    assert_eq!(checked["why"], "no proven digest lists it");
    done.says("0 valid, 0 altered, 0 missing, 1 unproven");
}

#[test]
fn an_altered_digest_is_2() {
    let lab = lab();
    lab.write("keys.json", r#"{"PublicKeyList":[]}"#);
    let digests = "logs/AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/11/24";
    lab.write(&format!("{digests}/d.json"), "{}");
    let args = ["verify", "logs", "--keys", "keys.json"];
    let done = lab.trailwright(args).status(2);
    assert!(done.stdout.starts_with("altered"), "{done}");
    assert!(done.stdout.contains("no digest"), "{done}");
}

#[test]
fn keys_that_are_none_are_1() {
    let lab = lab();
    lab.write("logs/a.json", delivery(&[record(1)]));
    lab.write("bad.json", "{}");
    for keys in ["nowhere.json", "bad.json"] {
        lab.trailwright(["verify", "logs", "--keys", keys])
            .status(1)
            .says("error: cannot read public keys")
            .says("hint: aws cloudtrail list-public-keys");
    }
}
