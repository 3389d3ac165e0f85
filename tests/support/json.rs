//! Are two JSON texts equal as values, numbers to the digit?
//!
//! A reader of its own, since every other one reads `1e400` as infinity, `1.50` as 1.5 or
//! refuses a lone surrogate. It takes valid JSON and recurses: not for hostile depths.

use std::collections::BTreeMap;
use std::fmt::Write;

/// The text of a JSON value with sorted keys, the last value of a repeated key, no white space,
/// and one way of writing each string. Numbers stay as they are written.
///
/// Panics if `text` is no JSON.
pub fn canonical(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut reader = Reader { bytes, at: 0 };
    let value = reader.value();
    reader.space();
    assert_eq!(reader.at, bytes.len(), "text behind the value: {text}");
    value
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or_default()
    }

    fn space(&mut self) {
        while self.peek().is_ascii_whitespace() {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) {
        self.space();
        assert_eq!(self.peek(), byte, "at byte {}", self.at);
        self.at += 1;
    }

    fn value(&mut self) -> String {
        self.space();
        match self.peek() {
            b'{' => self.object(),
            b'[' => self.array(),
            b'"' => self.string(),
            _ => self.word(),
        }
    }

    fn object(&mut self) -> String {
        self.take(b'{');
        let mut members = BTreeMap::new();
        self.space();
        while self.peek() != b'}' {
            if !members.is_empty() {
                self.take(b',');
                self.space();
            }
            let key = self.string();
            self.take(b':');
            let value = self.value();
            members.insert(key, value);
            self.space();
        }
        self.take(b'}');
        let members: Vec<String> = members.iter().map(|(k, v)| format!("{k}:{v}")).collect();
        format!("{{{}}}", members.join(","))
    }

    fn array(&mut self) -> String {
        self.take(b'[');
        let mut elements = Vec::new();
        self.space();
        while self.peek() != b']' {
            if !elements.is_empty() {
                self.take(b',');
            }
            elements.push(self.value());
            self.space();
        }
        self.take(b']');
        format!("[{}]", elements.join(","))
    }

    /// By its UTF-16 units, so that `é` equals `\u00e9` and a lone surrogate is itself.
    fn string(&mut self) -> String {
        self.take(b'"');
        let start = self.at;
        while self.peek() != b'"' {
            assert!(self.at < self.bytes.len(), "string without end");
            self.at += if self.peek() == b'\\' { 2 } else { 1 };
        }
        let inner = self.bytes.get(start..self.at).unwrap_or_default();
        self.at += 1;
        let inner = String::from_utf8_lossy(inner);
        let mut out = String::from("\"");
        let mut chars = inner.chars();
        while let Some(char) = chars.next() {
            let plain = if char == '\\' {
                match chars.next() {
                    Some('u') => {
                        let digits: String = chars.by_ref().take(4).collect();
                        push_unit(&mut out, u16::from_str_radix(&digits, 16).unwrap());
                        continue;
                    }
                    Some('n') => '\n',
                    Some('r') => '\r',
                    Some('t') => '\t',
                    Some('b') => '\u{8}',
                    Some('f') => '\u{c}',
                    Some(char) => char,
                    None => break,
                }
            } else {
                char
            };
            for unit in plain.encode_utf16(&mut [0; 2]) {
                push_unit(&mut out, *unit);
            }
        }
        out.push('"');
        out
    }

    fn word(&mut self) -> String {
        let start = self.at;
        while !matches!(self.peek(), 0 | b',' | b'}' | b']') && !self.peek().is_ascii_whitespace() {
            self.at += 1;
        }
        let word = self.bytes.get(start..self.at).unwrap_or_default();
        assert!(!word.is_empty(), "no value at byte {start}");
        String::from_utf8_lossy(word).into_owned()
    }
}

fn push_unit(out: &mut String, unit: u16) {
    match u8::try_from(unit) {
        Ok(byte @ b' '..=b'~') if !matches!(byte, b'"' | b'\\') => out.push(char::from(byte)),
        // Writing to a string cannot fail.
        _ => drop(write!(out, "\\u{unit:04x}")),
    }
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn equal_values_have_equal_texts() {
        for (one, other) in [
            (r#"{"a":1,"b":[2]}"#, "{ \"b\" : [ 2 ] , \"a\" : 1 }"),
            (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
            (r#""\u00e9\/\n""#, "\"é/\\u000A\""),
            (r#""\ud83d\ude00""#, "\"😀\""),
        ] {
            assert_eq!(canonical(one), canonical(other));
        }
    }

    #[test]
    fn different_values_have_different_texts() {
        for (one, other) in [
            ("1.50", "1.5"),
            ("1e400", "1e401"),
            ("\"1\"", "1"),
            (r#""\ud83d""#, r#""\ude00""#),
            ("[]", "{}"),
            ("null", "[null]"),
        ] {
            assert_ne!(canonical(one), canonical(other));
        }
    }
}
