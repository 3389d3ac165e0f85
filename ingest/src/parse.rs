//! Where in a text does each record begin and end?
//!
//! The records are found by brackets and quotes alone and are parsed one by one later: a bad
//! record costs itself only, and nesting costs no stack. Understood are `{"Records": [...]}`,
//! an array of records, and records one after the other (JSON lines or not).

use std::fmt;

/// Where in an inflated file something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Byte, from 0.
    pub byte: usize,
    /// Which record of the file it is, from 1.
    pub record: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {} at byte {}", self.record, self.byte)
    }
}

/// Something that was not taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Where it is; `None` for the file as a whole.
    pub position: Option<Position>,
    /// Why, in words that are the same for the same cause.
    pub reason: String,
}

/// What the text holds next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'a> {
    /// An object that may be a record.
    Record(&'a str, Position),
    /// Something else.
    Reject(Reject),
}

/// The records of `text`, in order.
pub fn records(text: &[u8]) -> impl Iterator<Item = Piece<'_>> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    Records {
        text,
        at: 0,
        record: 0,
        array: None,
        done: false,
    }
}

/// In what array of records the reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Array {
    /// One that stands by itself.
    Bare,
    /// The value of `Records` in an object.
    OfObject,
}

struct Records<'a> {
    text: &'a [u8],
    at: usize,
    record: usize,
    array: Option<Array>,
    done: bool,
}

impl<'a> Iterator for Records<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        while !self.done {
            let piece = match self.array {
                Some(array) => self.next_element(array),
                None => self.next_document(),
            };
            if piece.is_some() {
                return piece;
            }
        }
        None
    }
}

impl<'a> Records<'a> {
    fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.text.get(self.at) {
            if !byte.is_ascii_whitespace() {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    /// The next value outside of any array.
    fn next_document(&mut self) -> Option<Piece<'a>> {
        match self.peek() {
            None => {
                self.done = true;
                None
            }
            Some(b'[') => {
                self.at += 1;
                self.array = Some(Array::Bare);
                None
            }
            Some(b'{') => match find_records_array(self.text, self.at) {
                Some(start) => {
                    self.at = start;
                    self.array = Some(Array::OfObject);
                    None
                }
                None => Some(self.object()),
            },
            Some(_) => {
                let reject = self.reject(self.at, "expected a JSON object or array");
                self.skip_line();
                Some(reject)
            }
        }
    }

    /// The next element of an array of records.
    fn next_element(&mut self, array: Array) -> Option<Piece<'a>> {
        match self.peek() {
            None => {
                self.done = true;
                self.record += 1;
                Some(self.reject(self.at, "file ends within the array of records"))
            }
            Some(b',') => {
                self.at += 1;
                None
            }
            Some(b']') => {
                self.at += 1;
                self.array = None;
                if array == Array::OfObject {
                    self.leave_object();
                }
                None
            }
            Some(b'{') => Some(self.object()),
            Some(_) => {
                self.record += 1;
                let start = self.at;
                match value_end(self.text, start) {
                    Some(end) if end > start => self.at = end,
                    // A stray bracket, or a string without end.
                    Some(_) => self.at += 1,
                    None => self.done = true,
                }
                Some(self.reject(start, "expected an object as record"))
            }
        }
    }

    /// Takes the object that begins here as a record.
    fn object(&mut self) -> Piece<'a> {
        self.record += 1;
        let start = self.at;
        let Some(end) = value_end(self.text, start) else {
            self.resume_at_next_line(start);
            return self.reject(start, "file ends within a record");
        };
        self.at = end;
        match std::str::from_utf8(self.text.get(start..end).unwrap_or_default()) {
            Ok(record) => Piece::Record(
                record,
                Position {
                    byte: start,
                    record: self.record,
                },
            ),
            Err(error) => self.reject(start + error.valid_up_to(), "invalid UTF-8 in a record"),
        }
    }

    /// In JSON lines a record without end is a bad line; elsewhere it is the file's end.
    fn resume_at_next_line(&mut self, start: usize) {
        let rest = self.text.get(start..).unwrap_or_default();
        let next = memchr::memmem::find(rest, b"\n{");
        match (self.array, next) {
            (None, Some(newline)) => self.at = start + newline + 1,
            _ => self.done = true,
        }
    }

    /// Passes over what follows the records in their object, up to its closing brace.
    fn leave_object(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b'}' => {
                    self.at += 1;
                    return;
                }
                b',' | b':' => self.at += 1,
                _ => match value_end(self.text, self.at) {
                    Some(end) if end > self.at => self.at = end,
                    _ => break,
                },
            }
        }
        // Every record was read; only the wrapper is broken.
        self.done = true;
    }

    fn skip_line(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        match memchr::memchr(b'\n', rest) {
            Some(newline) => self.at += newline + 1,
            None => self.done = true,
        }
    }

    fn reject(&self, byte: usize, reason: &str) -> Piece<'a> {
        Piece::Reject(Reject {
            position: Some(Position {
                byte,
                record: self.record.max(1),
            }),
            reason: reason.to_owned(),
        })
    }
}

/// If the object at `start` has a member `Records` that is an array: where its first element is.
fn find_records_array(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        at = skip_space(text, at);
        match text.get(at)? {
            b',' => at += 1,
            b'"' => {
                let end = string_end(text, at)?;
                let is_records = text.get(at..end)? == b"\"Records\"";
                at = skip_space(text, end);
                if *text.get(at)? != b':' {
                    return None;
                }
                at = skip_space(text, at + 1);
                if is_records && *text.get(at)? == b'[' {
                    return Some(at + 1);
                }
                let end = value_end(text, at)?;
                if end == at {
                    return None;
                }
                at = end;
            }
            _ => return None,
        }
    }
}

fn skip_space(text: &[u8], mut at: usize) -> usize {
    while text.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// The byte behind the string that begins at `start`.
fn string_end(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        match text.get(at)? {
            b'"' => return Some(at + 1),
            _ => at += 2,
        }
    }
}

/// The byte behind the value that begins at `start`: the bracket that closes it, the end of
/// the string, or the next separator. `None` if the text ends before.
fn value_end(text: &[u8], start: usize) -> Option<usize> {
    match text.get(start)? {
        b'"' => string_end(text, start),
        b'{' | b'[' => {
            let mut depth = 0_usize;
            let mut at = start;
            loop {
                match text.get(at)? {
                    b'"' => {
                        at = string_end(text, at)?;
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth -= 1,
                    _ => {}
                }
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
        }
        _ => {
            let rest = text.get(start..)?;
            let end = rest
                .iter()
                .position(|b| matches!(b, b',' | b']' | b'}' | b'[' | b'{' | b'"' | b'\n'));
            Some(start + end.unwrap_or(rest.len()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<String> {
        records(text.as_bytes())
            .map(|piece| match piece {
                Piece::Record(record, _) => record.to_owned(),
                Piece::Reject(reject) => {
                    let position = reject.position.map_or(String::new(), |p| p.to_string());
                    format!("! {} ({position})", reject.reason)
                }
            })
            .collect()
    }

    #[test]
    fn every_shape_gives_its_records() {
        let expected = [r#"{"a":1}"#, r#"{"b":"}]"}"#];
        for text in [
            r#"{"Records":[{"a":1},{"b":"}]"}]}"#,
            "{\"x\": [1, {}], \"Records\" : [\n {\"a\":1} , {\"b\":\"}]\"}], \"y\": 2}\n",
            r#"[{"a":1},{"b":"}]"}]"#,
            "{\"a\":1}\n{\"b\":\"}]\"}\n",
            "{\"a\":1}{\"b\":\"}]\"}",
            "\u{feff}{\"Records\":[{\"a\":1}]}{\"Records\":[{\"b\":\"}]\"}]}",
        ] {
            assert_eq!(pieces(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_object_costs_itself_only() {
        assert_eq!(
            pieces(r#"{"Records":[1,{"a":1},null,"x",{"b":2}]}"#),
            [
                "! expected an object as record (record 1 at byte 12)",
                r#"{"a":1}"#,
                "! expected an object as record (record 3 at byte 22)",
                "! expected an object as record (record 4 at byte 27)",
                r#"{"b":2}"#,
            ]
        );
    }

    #[test]
    fn a_cut_file_gives_what_is_whole() {
        assert_eq!(
            pieces(r#"{"Records":[{"a":1},{"b":"#),
            [
                r#"{"a":1}"#,
                "! file ends within a record (record 2 at byte 20)"
            ]
        );
        assert_eq!(
            pieces(r#"[{"a":1},"#),
            [
                r#"{"a":1}"#,
                "! file ends within the array of records (record 2 at byte 9)"
            ]
        );
    }

    #[test]
    fn a_bad_line_costs_itself_only() {
        assert_eq!(
            pieces("{\"a\":1}\n{\"b\":\n{\"c\":3}\nnonsense\n{\"d\":4}"),
            [
                r#"{"a":1}"#,
                "! file ends within a record (record 2 at byte 8)",
                r#"{"c":3}"#,
                "! expected a JSON object or array (record 3 at byte 22)",
                r#"{"d":4}"#,
            ]
        );
    }

    #[test]
    fn a_million_brackets_cost_no_stack() {
        let deep = format!("[{}{}]", "{\"a\":".repeat(1_000_000), "}".repeat(1_000_000));
        assert_eq!(pieces(&deep).len(), 1);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end_without_panic(bytes: Vec<u8>) {
            let _ = records(&bytes).count();
        }

        #[test]
        fn any_brackets_end_without_panic(text in r#"[\[\]{}",:\\ \nR1a]{0,60}"#) {
            let _ = records(text.as_bytes()).count();
        }
    }
}
