//! In what was a record wrapped on its way here?
//!
//! An object that is no record may hold one: EventBridge puts it under `detail`, SNS and SQS
//! hold it as text under `Message` and `Body`, LookupEvents under `CloudTrailEvent`, CloudTrail
//! Lake under `eventJson`. Others are of CloudTrail too but hold no record: digests, and
//! messages that a delivery is there.

use std::borrow::Cow;

use trailwright_engine::json;

use crate::parse::{self, Piece};

/// Wrappers within wrappers that are opened: SQS around SNS around EventBridge is three.
const MAX_WRAPPERS: usize = 6;

/// Keys whose value is a record or wraps one, as an object or as JSON text.
const WRAPPER_KEYS: [&str; 14] = [
    "detail",
    "Message",
    "Body",
    "body",
    "CloudTrailEvent",
    "cloudtrailevent",
    "eventJson",
    "eventjson",
    "event",
    "Sns",
    "message",
    "_source",
    "_raw",
    "Event",
];

/// What an object that is no record turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wrapped {
    /// It held these objects, some of which may be records.
    Objects(Vec<String>),
    /// It is a digest file, which proves that logs are unaltered.
    Digest,
    /// It has nothing in it that we want, for this reason.
    Nothing(String),
}

/// Looks into the object `text`. Objects are what its wrappers hold innermost.
pub(crate) fn unwrap(text: &str) -> Wrapped {
    let Ok(members) = json::members(text) else {
        return Wrapped::Nothing("expected a JSON object".to_owned());
    };
    let has = |name: &str| members.iter().any(|(key, _)| key == name);
    if has("digestS3Object") && has("digestEndTime") {
        return Wrapped::Digest;
    }
    let mut objects = Vec::new();
    open(text, 0, &mut objects);
    if !objects.is_empty() {
        return Wrapped::Objects(objects);
    }
    let value = |name: &str| {
        let (_, value) = members.iter().find(|(key, _)| key == name)?;
        json::string(value)
    };
    Wrapped::Nothing(match (value("detail-type"), value("Message")) {
        (Some(kind), _) => format!("EventBridge event without a CloudTrail record: `{kind}`"),
        (None, Some(message)) if message.contains("s3ObjectKey") => {
            "message that a file was delivered: read the file itself".to_owned()
        }
        _ => "expected a CloudTrail record: got an object without `eventName` and `eventSource`"
            .to_owned(),
    })
}

/// Gathers the records that `text` wraps. An object that only looks like a wrapper adds nothing.
fn open(text: &str, wrappers: usize, objects: &mut Vec<String>) {
    if wrappers == MAX_WRAPPERS {
        return;
    }
    let Ok(members) = json::members(text) else {
        return;
    };
    for (key, value) in members {
        let wraps = WRAPPER_KEYS.contains(&key.as_ref());
        let inner: Cow<'_, str> = match value.as_bytes().first() {
            Some(b'{') if wraps => Cow::Borrowed(value),
            // Arrays may have any name: they are of objects, or they add nothing.
            Some(b'[') => Cow::Borrowed(value),
            Some(b'"') if wraps => match json::string(value) {
                Some(text) => text,
                None => continue,
            },
            _ => continue,
        };
        parse::records(inner.as_bytes(), |piece| {
            if let Piece::Record(object, ..) = piece {
                match is_record(object) {
                    true => objects.push(object.to_owned()),
                    false => open(object, wrappers + 1, objects),
                }
            }
        });
    }
}

/// Stricter than for what is delivered as a record: two of the keys that every record has.
fn is_record(object: &str) -> bool {
    const EVERY_RECORD: [&str; 5] = [
        "eventVersion",
        "eventSource",
        "eventName",
        "eventTime",
        "userIdentity",
    ];
    json::members(object).is_ok_and(|members| {
        let found = members
            .iter()
            .filter(|(key, _)| EVERY_RECORD.contains(&key.as_ref()));
        found.count() >= 2
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = r#"{"eventVersion":"1.08","eventName":"GetObject","eventSource":"s3.amazonaws.com","n":1.50}"#;

    fn quoted(text: &str) -> String {
        let mut out = String::new();
        json::push_string(&mut out, text);
        out
    }

    #[test]
    fn every_wrapper_gives_its_record_as_it_was() {
        let bridge =
            format!(r#"{{"detail-type":"AWS API Call via CloudTrail","detail":{RECORD}}}"#);
        let sns = format!(r#"{{"Type":"Notification","Message":{}}}"#, quoted(&bridge));
        let deep = quoted(&format!(r#"{{"Body":{}}}"#, quoted(&sns)));
        for wrapped in [
            bridge.clone(),
            sns.clone(),
            format!(r#"{{"Body":{}}}"#, quoted(&sns)),
            format!(
                r#"{{"EventVersion":"1.0","Sns":{{"Message":{}}}}}"#,
                quoted(&bridge)
            ),
            format!(r#"{{"EventId":"x","CloudTrailEvent":{}}}"#, quoted(RECORD)),
            format!(r#"{{"eventJson":{}}}"#, quoted(RECORD)),
            format!(r#"{{"test_events":[{{"name":"x","event":{RECORD}}}]}}"#),
            format!(r#"{{"Body":{deep}}}"#),
            format!(
                r#"{{"Message":{}}}"#,
                quoted(&format!(r#"{{"Records":[{RECORD}]}}"#))
            ),
        ] {
            assert_eq!(
                unwrap(&wrapped),
                Wrapped::Objects(vec![RECORD.to_owned()]),
                "{wrapped}"
            );
        }
    }

    #[test]
    fn what_holds_no_record_says_what_it_is() {
        assert_eq!(
            unwrap(r#"{"digestEndTime":"x","digestS3Object":"y","logFiles":[]}"#),
            Wrapped::Digest
        );
        let reason = |text: &str| match unwrap(text) {
            Wrapped::Nothing(reason) => reason,
            other => format!("{other:?}"),
        };
        assert_eq!(
            reason(r#"{"detail-type":"Scheduled Event","detail":{"a":1}}"#),
            "EventBridge event without a CloudTrail record: `Scheduled Event`"
        );
        assert!(
            reason(r#"{"Message":"{\"s3Bucket\":\"b\",\"s3ObjectKey\":[\"k\"]}"}"#)
                .starts_with("message that a file was delivered")
        );
        assert!(reason(r#"{"a":[1,{"b":2}]}"#).starts_with("expected a CloudTrail record"));
    }
}
