//! How does a test make up a trail?

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

/// A record in the making: a role reads an object, unless told otherwise.
#[derive(Debug, Clone)]
pub struct Record(Value);

/// The role that acts in a [`Record`].
pub const ROLE: &str = "arn:aws:iam::111122223333:role/reader";

/// A record with the number `id` in its event id.
pub fn record(id: u32) -> Record {
    Record(json!({
        "eventVersion": "1.09",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": "arn:aws:sts::111122223333:assumed-role/reader/session",
            "accountId": "111122223333",
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE}},
        },
        "eventTime": "2026-11-24T09:30:00Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "awsRegion": "eu-west-1",
        "requestParameters": {"bucketName": "logs", "key": "a.txt"},
        "responseElements": null,
        "eventID": format!("00000000-0000-4000-8000-{id:012}"),
        "eventType": "AwsApiCall",
        "recipientAccountId": "111122223333",
    }))
}

impl Record {
    /// Sets a key.
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0[key] = value.into();
        self
    }

    /// Takes a key away.
    pub fn without(mut self, key: &str) -> Self {
        if let Some(members) = self.0.as_object_mut() {
            members.remove(key);
        }
        self
    }

    /// When it happened.
    pub fn at(self, time: &str) -> Self {
        self.with("eventTime", time)
    }

    /// What was called.
    pub fn calls(self, source: &str, name: &str) -> Self {
        self.with("eventSource", source).with("eventName", name)
    }

    /// As JSON text on one line.
    pub fn text(&self) -> String {
        self.0.to_string()
    }
}

/// A delivery as CloudTrail writes it.
pub fn delivery(records: &[Record]) -> String {
    let records: Vec<String> = records.iter().map(Record::text).collect();
    format!("{{\"Records\":[{}]}}", records.join(","))
}

/// `bytes` as one gzip member.
pub fn gzip(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes.as_ref()).unwrap();
    encoder.finish().unwrap()
}
