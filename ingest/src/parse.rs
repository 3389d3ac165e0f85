//! Where in a text does each record begin and end?
//!
//! The text comes in portions and is never held as a whole. Records are found by brackets and
//! quotes alone and are parsed one by one later: a bad record costs itself only. Understood are
//! objects with an array of records (`{"Records": [...]}`, also `Events` and `Messages`), arrays
//! of records, and records one after the other (JSON lines or not).

mod scan;

use std::fmt;

use scan::{Document, Scan};
use trailwright_engine::event::Outline;

/// The largest text that is taken as one record. AWS keeps events below 256 KB, or 1 MB.
pub const MAX_RECORD_BYTES: usize = 16 << 20;

/// The deepest nesting that is taken as a record: what JSON parsers read without danger.
pub const MAX_DEPTH: usize = 120;

/// How much of a reject is kept.
const MAX_KEPT_BYTES: usize = 256 << 10;

/// Bytes of text that are asked for at once.
const PORTION: usize = 256 << 10;

/// Memory for text that is kept from one file to the next.
const MAX_KEPT_TEXT: usize = 4 << 20;

/// How records in CloudTrail's own files begin; where to go on behind a broken one.
const RECORD_START: &[u8] = b"{\"eventVersion\"";

/// Where in an inflated file something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Byte, from 0.
    pub byte: u64,
    /// Which record of the file it is, from 1.
    pub record: u64,
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
    /// Why, in words that are the same for the same cause up to a colon.
    pub reason: String,
    /// The bytes in question, up to 256 KiB.
    pub raw: Vec<u8>,
}

impl Reject {
    /// A reject of a whole file.
    pub(crate) fn of_file(reason: String) -> Self {
        Self {
            position: None,
            reason,
            raw: Vec::new(),
        }
    }

    pub(crate) fn new(position: Position, reason: String, raw: &[u8]) -> Self {
        Self {
            position: Some(position),
            reason,
            raw: raw.get(..MAX_KEPT_BYTES).unwrap_or(raw).to_vec(),
        }
    }
}

/// What the text holds next.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// An object that may be a record, with its outline if it is a usual one.
    Record(&'a str, Position, Option<Outline>),
    /// Something else.
    Reject(Reject),
}

/// The pieces of a text that is there as a whole.
pub fn records(text: &[u8], mut on_piece: impl FnMut(Piece<'_>)) {
    let mut rest = Some(text);
    let mut more = |buffer: &mut Vec<u8>, _: usize| {
        buffer.extend_from_slice(rest.take().unwrap_or_default());
        false
    };
    let mut splitter = Splitter::new();
    while let Some(piece) = splitter.next(&mut more) {
        on_piece(piece);
    }
}

/// Appends about so many bytes of text; false if there are no more behind them.
pub(crate) type More<'m> = dyn FnMut(&mut Vec<u8>, usize) -> bool + 'm;

/// Splits one text into pieces.
pub(crate) struct Splitter {
    text: Vec<u8>,
    /// Where in `text` the reader stands.
    at: usize,
    /// Bytes of the file before `text`.
    base: u64,
    record: u64,
    inside: Inside,
    ended: bool,
    done: bool,
}

/// In what the reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// Between documents.
    Nothing,
    /// An array, perhaps in arrays, perhaps in a wrapper object.
    Array { nested: usize, wrapped: bool },
    /// A wrapper object, behind an array of records.
    Wrapper,
}

/// A piece by its place in the text.
enum Found {
    Record(usize, usize, Option<Outline>),
    Reject(Reject),
}

impl Splitter {
    pub(crate) fn new() -> Self {
        Self {
            text: Vec::new(),
            at: 0,
            base: 0,
            record: 0,
            inside: Inside::Nothing,
            ended: false,
            done: false,
        }
    }

    /// Begins another text with the same buffer.
    pub(crate) fn reset(&mut self) {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        // One huge record must not hold its memory for good; files that are inflated at once may.
        text.shrink_to(MAX_KEPT_TEXT);
        *self = Self {
            text,
            ..Self::new()
        };
    }

    /// The next piece, or `None` at the end.
    pub(crate) fn next(&mut self, more: &mut More<'_>) -> Option<Piece<'_>> {
        let found = loop {
            if self.done {
                return None;
            }
            let found = match self.inside {
                Inside::Nothing => self.next_document(more),
                Inside::Array { nested, wrapped } => self.next_element(nested, wrapped, more),
                Inside::Wrapper => self.next_member(more),
            };
            if let Some(found) = found {
                break found;
            }
        };
        Some(match found {
            Found::Reject(reject) => Piece::Reject(reject),
            Found::Record(start, end, outline) => {
                let position = self.position(start);
                let text = self.text.get(start..end).unwrap_or_default();
                match simdutf8::basic::from_utf8(text) {
                    Ok(record) => Piece::Record(record, position, outline),
                    Err(_) => Piece::Reject(Reject::new(
                        position,
                        "invalid UTF-8 in a record".to_owned(),
                        text,
                    )),
                }
            }
        })
    }

    fn position(&self, at: usize) -> Position {
        Position {
            byte: self.base + at as u64,
            record: self.record.max(1),
        }
    }

    /// Drops the text before the reader and gets more behind it. False at the text's end.
    fn refill(&mut self, more: &mut More<'_>) -> bool {
        if self.ended {
            return false;
        }
        self.text.drain(..self.at);
        self.base += self.at as u64;
        self.at = 0;
        // A long value is looked at again from its start: twice as much each time.
        let wanted = self.text.len().max(PORTION);
        self.ended = !more(&mut self.text, wanted);
        if self.base == 0 && self.text.starts_with(b"\xef\xbb\xbf") {
            self.at = 3;
        }
        true
    }

    fn peek(&mut self, more: &mut More<'_>) -> Option<u8> {
        loop {
            self.at = scan::skip_space(&self.text, self.at);
            match self.text.get(self.at) {
                Some(byte) => return Some(*byte),
                None => {
                    if !self.refill(more) {
                        return None;
                    }
                }
            }
        }
    }

    /// The next value outside of any array.
    fn next_document(&mut self, more: &mut More<'_>) -> Option<Found> {
        match self.peek(more) {
            None => {
                self.done = true;
                None
            }
            Some(b'[') => {
                self.at += 1;
                self.inside = Inside::Array {
                    nested: 0,
                    wrapped: false,
                };
                None
            }
            Some(b'{') => loop {
                match scan::document(&self.text, self.at) {
                    Document::Wrapper(start) => {
                        self.at = start;
                        self.inside = Inside::Array {
                            nested: 0,
                            wrapped: true,
                        };
                        return None;
                    }
                    Document::Object(end, depth) => {
                        self.record += 1;
                        return Some(self.record(end, depth));
                    }
                    Document::Broken => {
                        self.record += 1;
                        return Some(self.lost("broken JSON in a record", more));
                    }
                    Document::Short if self.too_long() => {
                        self.record += 1;
                        return Some(self.too_large(more));
                    }
                    Document::Short if self.refill(more) => {}
                    Document::Short => {
                        self.record += 1;
                        return Some(self.lost("file ends within a record", more));
                    }
                }
            },
            Some(_) => Some(self.nonsense(more)),
        }
    }

    /// The next element of an array of records.
    fn next_element(&mut self, nested: usize, wrapped: bool, more: &mut More<'_>) -> Option<Found> {
        match self.peek(more) {
            None => {
                self.done = true;
                self.record += 1;
                let reason = "file ends within the array of records".to_owned();
                Some(Found::Reject(Reject::new(
                    self.position(self.at),
                    reason,
                    b"",
                )))
            }
            Some(b',') => {
                self.at += 1;
                None
            }
            Some(b'[') => {
                self.at += 1;
                let nested = nested + 1;
                self.inside = Inside::Array { nested, wrapped };
                None
            }
            Some(b']') => {
                self.at += 1;
                self.inside = match (nested.checked_sub(1), wrapped) {
                    (Some(nested), wrapped) => Inside::Array { nested, wrapped },
                    (None, true) => Inside::Wrapper,
                    (None, false) => Inside::Nothing,
                };
                None
            }
            Some(b'{') => {
                self.record += 1;
                loop {
                    if let Some(found) = self.usual_record() {
                        return Some(found);
                    }
                    match scan::value_end(&self.text, self.at) {
                        Scan::End(end, depth) => return Some(self.record(end, depth)),
                        Scan::Broken => return Some(self.lost("broken JSON in a record", more)),
                        Scan::Short if self.too_long() => {
                            return Some(self.too_large(more));
                        }
                        Scan::Short if self.refill(more) => {}
                        Scan::Short => return Some(self.lost("file ends within a record", more)),
                    }
                }
            }
            Some(_) => {
                self.record += 1;
                Some(self.no_object(more))
            }
        }
    }

    /// The next member of a wrapper: another array of records, or something to pass over.
    fn next_member(&mut self, more: &mut More<'_>) -> Option<Found> {
        match self.peek(more) {
            None => self.done = true,
            Some(b'}') => {
                self.at += 1;
                self.inside = Inside::Nothing;
            }
            Some(b'"') => {
                let lists_records = loop {
                    match scan::string_end(&self.text, self.at) {
                        Some(end) => {
                            let key = self.text.get(self.at..end).unwrap_or_default();
                            let lists_records = scan::lists_records(key);
                            self.at = end;
                            break lists_records;
                        }
                        None if !self.too_long() && self.refill(more) => {}
                        // Every record was read; only the wrapper is broken.
                        None => {
                            self.done = true;
                            return None;
                        }
                    }
                };
                if lists_records && self.peek(more) == Some(b':') {
                    self.at += 1;
                    if self.peek(more) == Some(b'[') {
                        self.at += 1;
                        self.inside = Inside::Array {
                            nested: 0,
                            wrapped: true,
                        };
                    }
                }
            }
            Some(b'{' | b'[') => self.pass_over(more),
            Some(_) => self.at += 1,
        }
        None
    }

    /// The object that begins here, if it is a usual one and all there.
    fn usual_record(&mut self) -> Option<Found> {
        let outline = Outline::of(self.text.get(self.at..)?)?;
        let start = self.at;
        self.at += outline.len();
        Some(Found::Record(start, self.at, Some(outline)))
    }

    /// The object from here to `end` as a record.
    fn record(&mut self, end: usize, depth: usize) -> Found {
        let start = self.at;
        self.at = end;
        if depth > MAX_DEPTH {
            let reason = format!("nests deeper than {MAX_DEPTH} levels");
            let raw = self.text.get(start..end).unwrap_or_default();
            return Found::Reject(Reject::new(self.position(start), reason, raw));
        }
        Found::Record(start, end, None)
    }

    fn too_long(&self) -> bool {
        self.text.len() - self.at > MAX_RECORD_BYTES
    }

    /// Rejects the object that begins here, whose end is not where it should be, and goes to
    /// where the next record seems to begin.
    fn lost(&mut self, reason: &str, more: &mut More<'_>) -> Found {
        // In JSON lines the line is bad, and the next may be good.
        let marker = match self.inside {
            Inside::Nothing => &b"\n{"[..],
            _ => RECORD_START,
        };
        let position = self.position(self.at);
        let raw = self.text.get(self.at..).unwrap_or_default();
        let mut next = memchr::memmem::find(raw.get(1..).unwrap_or_default(), marker);
        let raw = raw.get(..next.map_or(raw.len(), |next| next + 1));
        let reject = Reject::new(position, reason.to_owned(), raw.unwrap_or_default());
        self.at += 1;
        loop {
            if let Some(next) = next {
                self.at += next;
                break;
            }
            // The marker may begin in this portion and end in the next.
            let tail = self.text.len().saturating_sub(marker.len() - 1);
            self.at = self.at.max(tail).min(self.text.len());
            if !self.refill(more) {
                self.done = true;
                break;
            }
            next = memchr::memmem::find(self.text.get(self.at..).unwrap_or_default(), marker);
        }
        Found::Reject(reject)
    }

    /// Rejects the object that begins here for its size.
    fn too_large(&mut self, more: &mut More<'_>) -> Found {
        let reason = format!("record of more than {} MiB", MAX_RECORD_BYTES >> 20);
        let raw = self.text.get(self.at..).unwrap_or_default();
        // A line without its closing brace is as long as the file.
        if self.inside == Inside::Nothing && memchr::memmem::find(raw, b"\n{").is_some() {
            return self.lost(&reason, more);
        }
        let reject = Reject::new(self.position(self.at), reason, raw);
        self.pass_over(more);
        Found::Reject(reject)
    }

    /// Passes over the brackets that open here, whatever their length.
    fn pass_over(&mut self, more: &mut More<'_>) {
        let mut depth = 0_usize;
        let mut in_string = false;
        loop {
            let Some(byte) = self.text.get(self.at).copied() else {
                if self.refill(more) {
                    continue;
                }
                self.done = true;
                return;
            };
            self.at += 1;
            match byte {
                b'\\' if in_string => {
                    // What is escaped may come with the next portion.
                    if self.text.get(self.at).is_none() {
                        self.refill(more);
                    }
                    self.at = (self.at + 1).min(self.text.len());
                }
                b'"' => in_string = !in_string,
                b'{' | b'[' if !in_string => depth += 1,
                b'}' | b']' if !in_string => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return;
                    }
                }
                _ => {}
            }
        }
    }

    /// Rejects an element that is no object.
    fn no_object(&mut self, more: &mut More<'_>) -> Found {
        let position = self.position(self.at);
        let reject = |raw: &[u8]| {
            let reason = "expected an object as record".to_owned();
            Found::Reject(Reject::new(position, reason, raw))
        };
        loop {
            let start = self.at;
            match scan::value_end(&self.text, start) {
                Scan::End(end, _) => {
                    // A stray bracket has no length.
                    self.at = end.max(start + 1);
                    return reject(self.text.get(start..end).unwrap_or_default());
                }
                Scan::Short if !self.too_long() && self.refill(more) => {}
                _ => {
                    self.done = true;
                    return reject(self.text.get(start..).unwrap_or_default());
                }
            }
        }
    }

    /// Rejects lines that are no JSON, up to one that may be.
    fn nonsense(&mut self, more: &mut More<'_>) -> Found {
        let reason = "expected a JSON object or array".to_owned();
        self.record += 1;
        let raw = self.text.get(self.at..).unwrap_or_default();
        let end = |raw: &[u8]| {
            let next = [&b"\n{"[..], b"\n["].map(|start| memchr::memmem::find(raw, start));
            next.into_iter().flatten().min()
        };
        let mut next = end(raw);
        let kept = raw.get(..next.unwrap_or(raw.len())).unwrap_or_default();
        let reject = Reject::new(self.position(self.at), reason, kept);
        loop {
            match next {
                Some(next) => {
                    self.at += next + 1;
                    break;
                }
                None => {
                    // The line's end may have been the last byte of this portion.
                    let last = self.text.len().saturating_sub(1);
                    self.at = self.at.max(last);
                    if !self.refill(more) {
                        self.done = true;
                        break;
                    }
                    next = end(self.text.get(self.at..).unwrap_or_default());
                }
            }
        }
        Found::Reject(reject)
    }
}

#[cfg(test)]
mod tests;
