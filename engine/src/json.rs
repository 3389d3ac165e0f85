//! How is JSON text read without losing what it said?

mod reader;
mod record;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use record::Noted;
pub use record::Outline;
pub(crate) use record::{Member, Members};

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

/// The outline of the object that `text` is, with nothing behind it.
pub(crate) fn outline(text: &str) -> Option<Outline> {
    let outline = Outline::of(text.as_bytes())?;
    (outline.len() == text.len()).then_some(outline)
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

/// A value if it is a text, borrowed where it has no escapes. Of another value nothing is kept.
pub(crate) struct Text<'a>(pub(crate) Option<Cow<'a, str>>);

impl<'de> serde::Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?;
        Ok(Self(string(raw.get())))
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

/// True if an object repeats a key.
fn push_canonical(out: &mut String, text: &str, depth: usize) -> bool {
    let mut repeats = false;
    match text.as_bytes().first() {
        Some(b'{') if depth < CANONICAL_DEPTH => {
            let Ok(members) = members(text) else {
                // A key that is no text.
                out.push_str(&compact(text));
                return false;
            };
            let count = members.len();
            let sorted: BTreeMap<_, _> = members.into_iter().collect();
            repeats |= sorted.len() < count;
            out.push('{');
            for (i, (key, value)) in sorted.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                push_string(out, key);
                out.push(':');
                repeats |= push_canonical(out, value, depth + 1);
            }
            out.push('}');
        }
        Some(b'[') if depth < CANONICAL_DEPTH => {
            out.push('[');
            for (i, value) in elements(text).unwrap_or_default().iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                repeats |= push_canonical(out, value, depth + 1);
            }
            out.push(']');
        }
        Some(b'"') => match string(text) {
            Some(string) => push_string(out, &string),
            None => out.push_str(text),
        },
        _ => out.push_str(&compact(text)),
    }
    repeats
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
    match scan(text).space {
        false => Cow::Borrowed(text),
        true => Cow::Owned(without_space(text)),
    }
}

/// Valid JSON `text` without white space and with each key once, the last value of one that is
/// repeated; and whether any is. `noted` is what is in the text.
pub(crate) fn tidy(text: &str, noted: Noted) -> (Cow<'_, str>, bool) {
    if noted.repeats || noted.escaped_key {
        let mut out = String::with_capacity(text.len());
        let repeats = push_canonical(&mut out, text.trim(), 0) || noted.repeats;
        return (Cow::Owned(out), repeats);
    }
    match noted.space {
        false => (Cow::Borrowed(text), false),
        true => (Cow::Owned(without_space(text)), false),
    }
}

/// Looks through valid JSON, once.
fn scan(text: &str) -> Noted {
    let bytes = text.as_bytes();
    let mut found = Noted::default();
    // The keys of all open objects, and where those of each begin; an array has none.
    let mut keys: Vec<&[u8]> = Vec::new();
    let mut open: Vec<Option<usize>> = Vec::new();
    let mut at_key = false;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => {
                let start = at;
                let mut escaped = false;
                loop {
                    let rest = bytes.get(at..).unwrap_or_default();
                    let Some(end) = memchr::memchr2(b'"', b'\\', rest) else {
                        return found;
                    };
                    at += end + 1;
                    match bytes.get(at - 1) {
                        Some(b'\\') => {
                            escaped = true;
                            at += 1;
                        }
                        _ => break,
                    }
                }
                found.escaped |= escaped && open.is_empty();
                if std::mem::take(&mut at_key) {
                    found.escaped_key |= escaped;
                    keys.push(bytes.get(start..at - 1).unwrap_or_default());
                }
            }
            b'{' => {
                open.push(Some(keys.len()));
                at_key = true;
            }
            b'[' => open.push(None),
            b'}' | b']' => {
                at_key = false;
                if let Some(Some(start)) = open.pop() {
                    found.repeats |= repeats(keys.get_mut(start..).unwrap_or_default());
                    keys.truncate(start);
                }
            }
            b',' => at_key = matches!(open.last(), Some(Some(_))),
            b' ' | b'\n' | b'\r' | b'\t' => found.space = true,
            _ => {}
        }
    }
    found
}

/// Keys up to which each is compared with each: quicker than sorting them, until a hostile
/// record brings a million.
const FEW_KEYS: usize = 16;

fn repeats(keys: &mut [&[u8]]) -> bool {
    if keys.len() > FEW_KEYS {
        keys.sort_unstable();
        return keys.windows(2).any(|pair| pair.first() == pair.last());
    }
    let mut rest = &*keys;
    while let Some((key, others)) = rest.split_first() {
        if others.contains(key) {
            return true;
        }
        rest = others;
    }
    false
}

fn without_space(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_string = false;
    let mut escaped = false;
    for char in text.chars() {
        if in_string || !matches!(char, ' ' | '\n' | '\r' | '\t') {
            out.push(char);
        }
        if escaped {
            escaped = false;
        } else if in_string && char == '\\' {
            escaped = true;
        } else if char == '"' {
            in_string = !in_string;
        }
    }
    out
}

/// Appends `text` to `out` as a JSON string.
pub fn push_string(out: &mut String, text: &str) {
    let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if text.bytes().all(is_plain) {
        out.push('"');
        out.push_str(text);
        out.push('"');
        return;
    }
    out.push_str(&serde_json::Value::from(text).to_string());
}

#[cfg(test)]
mod tests;
