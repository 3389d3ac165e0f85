//! How is a value found in a JSON text, without reading the others into anything?

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// One step into a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'a> {
    /// The member of an object. Of a repeated key the last one counts.
    Key(&'a str),
    /// The element of an array, from 0; from its end if negative.
    Index(i64),
}

/// The value that a step leads to.
pub(super) fn step<'j>(json: &'j str, step: Step<'_>) -> Option<&'j str> {
    match step {
        Step::Key(_) => find(json, step),
        Step::Index(index) if index < 0 => {
            let from_end = length(json)?.checked_add(index)?;
            (from_end >= 0 && json.starts_with('[')).then(|| find(json, Step::Index(from_end)))?
        }
        Step::Index(_) => find(json, step),
    }
}

fn find<'j>(json: &'j str, step: Step<'_>) -> Option<&'j str> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    Finder(step).deserialize(&mut deserializer).ok().flatten()
}

/// The text, if it is JSON.
pub(super) fn whole(json: &str) -> Option<&str> {
    let raw: &RawValue = serde_json::from_str(json).ok()?;
    Some(raw.get())
}

/// A value as text: a string's own text, anything else as it is written, nothing of null.
pub(super) fn text(json: &str) -> Option<Cow<'_, str>> {
    match json.as_bytes().first()? {
        b'"' => serde_json::from_str(json).map(Cow::Owned).ok(),
        b'n' => None,
        _ => Some(Cow::Borrowed(json)),
    }
}

pub(super) fn is_number(json: &str) -> bool {
    json.starts_with(|c: char| c == '-' || c.is_ascii_digit())
}

/// How many members or elements a value has.
pub(super) fn length(json: &str) -> Option<i64> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    deserializer.deserialize_any(Counter).ok()
}

/// The keys of an object, in order.
pub(super) fn keys(json: &str) -> Option<Vec<String>> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    deserializer.deserialize_any(Keys).ok()
}

struct Finder<'s>(Step<'s>);

impl<'j> DeserializeSeed<'j> for Finder<'_> {
    type Value = Option<&'j str>;

    fn deserialize<D: Deserializer<'j>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'j> Visitor<'j> for Finder<'_> {
    type Value = Option<&'j str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'j>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<Cow<'j, str>>()? {
            match self.0 {
                Step::Key(wanted) if key == wanted => {
                    found = Some(map.next_value::<&'j RawValue>()?.get());
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'j>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        let mut at = 0;
        while let Some(element) = seq.next_element::<&'j RawValue>()? {
            if matches!(self.0, Step::Index(wanted) if wanted == at) {
                found = Some(element.get());
            }
            at += 1;
        }
        Ok(found)
    }
}

struct Counter;

impl<'j> Visitor<'j> for Counter {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'j>>(self, mut map: A) -> Result<i64, A::Error> {
        let mut count = 0;
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    fn visit_seq<A: SeqAccess<'j>>(self, mut seq: A) -> Result<i64, A::Error> {
        let mut count = 0;
        while seq.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(count)
    }
}

struct Keys;

impl<'j> Visitor<'j> for Keys {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'j>>(self, mut map: A) -> Result<Vec<String>, A::Error> {
        let mut keys: Vec<String> = Vec::new();
        while let Some((key, _)) = map.next_entry::<String, IgnoredAny>()? {
            keys.push(key);
        }
        Ok(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_out_as_it_was_written() {
        let json =
            r#"{"a":{"b":[1.50,"x\ny",null,{"c":true}]},"a2":12345678901234567890123,"é":"ü"}"#;
        let key = |json, key| step(json, Step::Key(key));
        let list = key(json, "a").and_then(|a| key(a, "b")).unwrap_or_default();
        assert_eq!(step(list, Step::Index(0)), Some("1.50"));
        assert_eq!(step(list, Step::Index(-1)), Some(r#"{"c":true}"#));
        assert_eq!(step(list, Step::Index(4)), None);
        assert_eq!(step(list, Step::Index(-5)), None);
        assert_eq!(key(json, "a2"), Some("12345678901234567890123"));
        assert_eq!(key(json, "é").and_then(text).as_deref(), Some("ü"));
        let texts: Vec<_> = (0..3)
            .map(|at| step(list, Step::Index(at)).and_then(text))
            .collect();
        assert_eq!(texts, [Some("1.50".into()), Some("x\ny".into()), None]);
        assert_eq!(
            (length(json), length(list), length("7")),
            (Some(3), Some(4), None)
        );
        assert_eq!(key(r#"{"a":1,"a":2}"#, "a"), Some("2"));
    }

    #[test]
    fn what_is_no_json_has_no_values() {
        for text in [
            "",
            "{",
            "nope",
            "{\"a\":}",
            "[1,",
            "\u{0}",
            &"[".repeat(100_000),
        ] {
            assert_eq!(step(text, Step::Key("a")), None);
            assert_eq!(step(text, Step::Index(0)), None);
            assert_eq!(whole(text), None);
        }
    }
}
