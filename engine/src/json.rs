//! How is JSON text read without losing what it said?

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The members of a JSON object in order, each value as the text it was written in.
/// Keys may repeat.
pub fn members(text: &str) -> Result<Vec<(Cow<'_, str>, &str)>, serde_json::Error> {
    struct Members;

    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(Cow<'de, str>, &'de str)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::with_capacity(32);
            while let Some(key) = map.next_key::<Key<'de>>()? {
                let value: &'de RawValue = map.next_value()?;
                members.push((key.0, value.get()));
            }
            Ok(members)
        }
    }

    let mut deserializer = serde_json::Deserializer::from_str(text);
    let members = deserializer.deserialize_map(Members)?;
    deserializer.end()?;
    Ok(members)
}

/// The elements of a JSON array, or `None` if `text` is no array.
pub fn elements(text: &str) -> Option<Vec<&str>> {
    struct Elements;

    impl<'de> Visitor<'de> for Elements {
        type Value = Vec<&'de str>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut elements = Vec::new();
            while let Some(value) = seq.next_element::<&'de RawValue>()? {
                elements.push(value.get());
            }
            Ok(elements)
        }
    }

    serde_json::Deserializer::from_str(text)
        .deserialize_seq(Elements)
        .ok()
}

/// An object's key: borrowed from the text unless it has escapes.
pub(crate) struct Key<'a>(pub(crate) Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(KeyVisitor)
    }
}

/// JSON `text` with sorted keys, each once, and no white space; numbers stay as they are written.
/// What lies deeper than [`CANONICAL_DEPTH`] is only compacted.
pub(crate) fn canonical(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_canonical(&mut out, text.trim(), 0);
    out
}

/// Levels that are sorted. CloudTrail's own records have about ten.
const CANONICAL_DEPTH: usize = 64;

fn push_canonical(out: &mut String, text: &str, depth: usize) {
    match text.as_bytes().first() {
        Some(b'{') if depth < CANONICAL_DEPTH => {
            let Ok(members) = members(text) else {
                // A key that is no text.
                out.push_str(&compact(text));
                return;
            };
            let sorted: BTreeMap<_, _> = members.into_iter().collect();
            out.push('{');
            for (i, (key, value)) in sorted.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                push_string(out, key);
                out.push(':');
                push_canonical(out, value, depth + 1);
            }
            out.push('}');
        }
        Some(b'[') if depth < CANONICAL_DEPTH => {
            out.push('[');
            for (i, value) in elements(text).unwrap_or_default().iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                push_canonical(out, value, depth + 1);
            }
            out.push(']');
        }
        Some(b'"') => match string(text) {
            Some(string) => push_string(out, &string),
            None => out.push_str(text),
        },
        _ => out.push_str(&compact(text)),
    }
}

/// The string that JSON `text` is, or `None` if it is no string or holds a lone surrogate.
pub fn string(text: &str) -> Option<Cow<'_, str>> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str(text).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

/// Valid JSON `text` without the white space between its tokens.
pub(crate) fn compact(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    // CloudTrail delivers compact JSON: look first whether there is anything to take out.
    let mut in_string = false;
    let mut escaped = false;
    let mut kept: Option<Vec<u8>> = None;
    for (i, &byte) in bytes.iter().enumerate() {
        let space = !in_string && matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
        if space {
            kept.get_or_insert_with(|| bytes.get(..i).unwrap_or_default().to_vec());
        } else if let Some(kept) = kept.as_mut() {
            kept.push(byte);
        }
        if escaped {
            escaped = false;
        } else if in_string && byte == b'\\' {
            escaped = true;
        } else if byte == b'"' {
            in_string = !in_string;
        }
    }
    match kept {
        None => Cow::Borrowed(text),
        // Only ASCII bytes were taken out, so what is left is as valid as the text was.
        Some(kept) => Cow::Owned(String::from_utf8_lossy(&kept).into_owned()),
    }
}

/// Appends `text` to `out` as a JSON string.
pub fn push_string(out: &mut String, text: &str) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compact_leaves_strings_alone() {
        assert_eq!(
            compact("{ \"a b\" : [ 1 , \"x \\\" y\" ] }\n"),
            r#"{"a b":[1,"x \" y"]}"#
        );
        assert!(matches!(compact(r#"{"a":1}"#), Cow::Borrowed(_)));
    }

    #[test]
    fn members_keep_order_repeats_and_numbers() -> Result<(), serde_json::Error> {
        let found = members(r#"{"b":1.50,"a":{"x":[]},"b":1e400}"#)?;
        let found: Vec<_> = found.iter().map(|(k, v)| (k.as_ref(), *v)).collect();
        assert_eq!(found, [("b", "1.50"), ("a", r#"{"x":[]}"#), ("b", "1e400")]);
        Ok(())
    }

    #[test]
    fn a_lone_surrogate_is_no_string() {
        assert_eq!(string(r#""\ud800""#), None);
        assert_eq!(string(r#""a\u00e9""#).as_deref(), Some("aé"));
    }

    #[test]
    fn one_record_has_one_canonical_text() {
        let one = r#"{"b":[1.50,{"d":"\u00e9","c":null}],"a":1,"a":2}"#;
        let other = "{ \"a\": 2, \"b\": [ 1.50, {\"c\":null, \"d\":\"é\"} ] }";
        assert_eq!(canonical(one), canonical(other));
        assert_ne!(canonical("[1.50]"), canonical("[1.5]"));
    }
}
