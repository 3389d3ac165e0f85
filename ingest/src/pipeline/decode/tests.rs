//! Does anything that a file may hold stop the decoder, or vanish in it?

#![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::io::Write;
use std::ops::Deref;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use trailwright_engine::event;

use super::super::order::Order;
use super::super::{Listed, Shared};
use super::*;
use crate::source::Selection;

const RECORD: &str = r#"{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/a","userName":"a"},"eventTime":"2026-11-24T09:30:00Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-west-1","requestParameters":{"bucketName":"b","n":1.50,"list":[{"a":null}]},"readOnly":true,"eventID":"00000000-0000-4000-8000-000000000001","x":"\u00e9"}"#;

/// What CloudTrail is met in; `@` is a record, `$` the text of one.
const SHAPES: [&str; 8] = [
    r#"{"Records":[@,@]}"#,
    "[@, @]",
    "@\n@\n",
    r#"{"detail-type":"x","detail":@}"#,
    r#"{"Messages":[{"Body":$},{"Body":$}]}"#,
    r#"{"Events":[{"CloudTrailEvent":$}],"NextToken":"x"}"#,
    r#"{"QueryResultRows":[[{"eventJson":$}]]}"#,
    r#"{"digestEndTime":"x","digestS3Object":"y"}@"#,
];

/// What texts are broken with: all that means something to JSON, to Unicode or to us.
const TOKENS: [&[u8]; 32] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"\"",
    b"\\",
    b"\n",
    b" ",
    b"\\u",
    b"\\ud800",
    b"\xff",
    b"\xc3",
    b"\xef\xbb\xbf",
    b"\0",
    b"null",
    b"true",
    b"-0",
    b"1e400",
    b"\"Records\":[",
    b"\"eventName\":",
    b"\"eventID\":",
    b"\"eventTime\":\"9999-99\"",
    b"{\"a\":1,\"a\":2}",
    b"[[[[[[[[[[[[[[[[",
    b"]]]]]]]]]]]]]]]]",
    b"{\"Body\":\"",
    b"\x1f\x8b",
    b"\x28\xb5\x2f\xfd",
    b"{\"eventVersion\"",
    b"",
];

/// A file in one of the shapes, with pieces of it overwritten, cut out or put in.
fn file(shape: u8, changes: &[(u16, u8, bool)]) -> Vec<u8> {
    let shape = SHAPES.get(usize::from(shape) % SHAPES.len()).unwrap();
    let quoted = serde_json::to_string(RECORD).unwrap();
    let mut text = shape
        .replace('$', &quoted)
        .replace('@', RECORD)
        .into_bytes();
    for (at, token, over) in changes {
        let at = usize::from(*at) % (text.len() + 1);
        let token = *TOKENS.get(usize::from(*token) % TOKENS.len()).unwrap();
        let end = if *over {
            (at + token.len().max(1)).min(text.len())
        } else {
            at
        };
        text.splice(at..end, token.iter().copied());
    }
    text
}

fn compressed(text: &[u8], how: u8) -> Vec<u8> {
    match how % 4 {
        0 | 1 => text.to_vec(),
        2 => zstd::encode_all(text, 1).unwrap(),
        _ => {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(text).unwrap();
            gzip.finish().unwrap()
        }
    }
}

fn shared() -> (tokio::runtime::Runtime, Arc<Shared>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let shared = Shared {
        selection: Selection::default(),
        storage: Default::default(),
        runtime: runtime.handle().clone(),
        stop: Arc::default(),
        listed: Listed::default(),
        decoded: Order::new(1),
    };
    (runtime, Arc::new(shared))
}

/// Decodes a file. What it gives must add up, and each event must be one that can be read again.
fn check(worker: &mut Worker<'_>, bytes: &[u8]) {
    let trouble = worker.text("file", bytes, &mut 0).ok().unwrap();
    if let Some(Trouble::Read(error)) = trouble {
        panic!("what is in memory can be read: {error}");
    }
    let part = std::mem::take(&mut worker.part);
    let rows = match worker.rows.is_empty() {
        true => 0,
        false => {
            let batch = worker.rows.finish().unwrap();
            for row in event::rows(&batch.events).unwrap() {
                let record = row.to_record();
                let again = Row::from_record(&record);
                assert!(
                    again.is_ok_and(|again| again.repeated_keys() == 0),
                    "{record}"
                );
            }
            batch.events.num_rows() as u64
        }
    };
    assert_eq!(part.records, rows + part.rejects.len() as u64);
}

/// Runs as a test for a second, and longer with `BOLERO_RANDOM_TEST_TIME_MS`.
#[test]
fn fuzz_decode() {
    /// Some changes of a text: where, what with, and whether over what is there.
    type Changes = Vec<(u16, u8, bool)>;

    let (_runtime, shared) = shared();
    let shared = AssertUnwindSafe(&shared);
    let inputs = bolero::check!().with_type::<(u8, Changes, u8, Changes)>();
    inputs.for_each(|(shape, changes, how, damage)| {
        let mut worker = Worker::new(shared.deref());
        let mut bytes = compressed(&file(*shape, changes), *how);
        // Half of the files are whole as files.
        for (at, token, _) in damage.iter().filter(|_| how & 0x40 != 0) {
            let at = usize::from(*at) % (bytes.len() + 1);
            let token = TOKENS.get(usize::from(*token) % TOKENS.len()).unwrap();
            bytes.splice(at..at, token.iter().copied());
        }
        check(&mut worker, &bytes);
    });
}

#[test]
fn what_the_fuzzer_starts_from_is_read_whole() {
    let (_runtime, shared) = shared();
    for (shape, expected) in (0..).zip([2, 2, 2, 1, 2, 1, 1, 1]) {
        for how in 0..4 {
            let mut worker = Worker::new(&shared);
            let bytes = compressed(&file(shape, &[]), how);
            assert!(worker.text("file", bytes.as_slice(), &mut 0).is_ok());
            assert_eq!(worker.part.records, expected, "shape {shape}");
            assert!(worker.part.rejects.is_empty(), "{:?}", worker.part.rejects);
        }
    }
}
