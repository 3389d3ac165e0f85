//! Where does a JSON value end? Told by brackets and quotes alone: nesting costs no stack, and
//! whether what lies between is JSON is asked later, of each record by itself.

/// Where a value ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scan {
    /// At this byte, which is the first behind it; and how deep it nests.
    End(usize, usize),
    /// Somewhere behind the text.
    Short,
    /// Nowhere: a bracket closes what another kind opened.
    Broken,
}

/// What an object that stands by itself is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Document {
    /// A wrapper: this byte is the first in its array of records.
    Wrapper(usize),
    /// An object without such an array.
    Object(usize, usize),
    /// The text ends before that is known.
    Short,
    /// Not an object as JSON has it.
    Broken,
}

/// Keys under which deliveries and API answers list records.
const ARRAY_KEYS: [&[u8]; 5] = [
    b"\"Records\"",
    b"\"Events\"",
    b"\"Messages\"",
    b"\"records\"",
    b"\"QueryResultRows\"",
];

/// Whether `key`, with its quotes, is one under which records are listed.
pub(super) fn lists_records(key: &[u8]) -> bool {
    ARRAY_KEYS.contains(&key)
}

/// Looks for an array of records among the members of the object at `start`.
pub(super) fn document(text: &[u8], start: usize) -> Document {
    let mut at = start + 1;
    let mut deepest = 1;
    loop {
        at = skip_space(text, at);
        match text.get(at) {
            None => return Document::Short,
            Some(b',') => at += 1,
            Some(b'}') => return Document::Object(at + 1, deepest),
            Some(b'"') => {
                let Some(end) = string_end(text, at) else {
                    return Document::Short;
                };
                let is_array_key = lists_records(text.get(at..end).unwrap_or_default());
                at = skip_space(text, end);
                match text.get(at) {
                    None => return Document::Short,
                    Some(b':') => at = skip_space(text, at + 1),
                    Some(_) => return Document::Broken,
                }
                if is_array_key && text.get(at) == Some(&b'[') {
                    return Document::Wrapper(at + 1);
                }
                match value_end(text, at) {
                    Scan::End(end, depth) if end > at => {
                        deepest = deepest.max(depth + 1);
                        at = end;
                    }
                    Scan::Short => return Document::Short,
                    _ => return Document::Broken,
                }
            }
            Some(_) => return Document::Broken,
        }
    }
}

/// The first byte from `at` on that is no white space.
pub(super) fn skip_space(text: &[u8], mut at: usize) -> usize {
    while text.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// The byte behind the string that begins at `start`.
pub(super) fn string_end(text: &[u8], start: usize) -> Option<usize> {
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
/// the string, or the next separator.
pub(super) fn value_end(text: &[u8], start: usize) -> Scan {
    match text.get(start) {
        None => Scan::Short,
        Some(b'"') => string_end(text, start).map_or(Scan::Short, |end| Scan::End(end, 0)),
        Some(b'{' | b'[') => brackets_end(text, start),
        Some(_) => {
            let rest = text.get(start..).unwrap_or_default();
            let ends = |b: &u8| matches!(b, b',' | b']' | b'}' | b'[' | b'{' | b'"' | b'\n');
            match rest.iter().position(ends) {
                Some(end) => Scan::End(start + end, 0),
                None => Scan::Short,
            }
        }
    }
}

fn brackets_end(text: &[u8], start: usize) -> Scan {
    let mut depth = 0_usize;
    let mut deepest = 0;
    // Of the innermost 128 brackets, which are braces. Deeper nesting goes unchecked here: it
    // is no record anyway.
    let mut braces = 0_u128;
    let mut at = start;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => match string_end(text, at) {
                Some(end) => {
                    at = end;
                    continue;
                }
                None => return Scan::Short,
            },
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
                braces = braces << 1 | u128::from(byte == b'{');
            }
            b'}' | b']' => {
                if deepest <= 128 && (braces & 1 == 1) != (byte == b'}') {
                    return Scan::Broken;
                }
                braces >>= 1;
                depth -= 1;
                if depth == 0 {
                    return Scan::End(at + 1, deepest);
                }
            }
            _ => {}
        }
        at += 1;
    }
    Scan::Short
}
