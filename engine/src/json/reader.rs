//! One pass over a JSON object, which finds its members.

use std::ops::Range;

use wide::u8x16;

use super::record::{IDENTITY, Noted, Place, RECORD};
use super::{FEW_KEYS, repeats};

/// Objects of a record of which the members are found too, since they are asked for: how many
/// objects are around theirs, and their keys.
const OUTLINED: [(u8, &[u8]); 4] = [
    (RECORD, b"userIdentity"),
    (IDENTITY, b"sessionContext"),
    (IDENTITY, b"onBehalfOf"),
    (IDENTITY + 1, b"sessionIssuer"),
];

/// Nesting that is followed in an object: more than any parser takes without danger.
const MAX_DEPTH: usize = 119;

/// Members that are found in a record: AWS's has about twenty, and its identity as many.
const USUAL_MEMBERS: usize = 64;

/// Members of an object up to which one is compared with all others.
const MAX_COMPARED: usize = 64;

/// Keys of all objects that are open at once, of most records.
const USUAL_KEYS: usize = 32;

/// Objects and arrays in one another, of most records.
const USUAL_DEPTH: usize = 8;

/// Two quotes and a colon.
const AROUND_KEY: usize = 3;

/// Keys that were there, as a mask: two keys of one object rarely have the same bit, and only
/// those that have are compared.
#[derive(Clone, Copy, Default)]
struct Seen(u128);

impl Seen {
    /// Whether `key` may have been there before.
    fn maybe(&mut self, key: &[u8]) -> bool {
        let first = key.first().copied().unwrap_or_default();
        let last = key.last().copied().unwrap_or_default();
        let middle = key.get(key.len() / 2).copied().unwrap_or_default();
        let mixed = u64::from(first) << 24
            | u64::from(middle) << 16
            | u64::from(last) << 8
            | (key.len() as u64 & 0xff);
        let bit = 1 << (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 57);
        let seen = self.0 & bit != 0;
        self.0 |= bit;
        seen
    }
}

/// An object or array that is open.
struct Open {
    /// Where its keys begin, in those of the reader.
    keys: usize,
    seen: Seen,
    /// One of its keys may be there twice, and has not been looked for.
    doubtful: bool,
    is_object: bool,
}

/// Passes over JSON from its start.
pub(super) struct Reader<'a> {
    text: &'a [u8],
    pub(super) at: usize,
    pub(super) places: Vec<Place>,
    /// Objects around the one of which members are found.
    level: u8,
    /// The keys of all open objects.
    keys: Vec<&'a [u8]>,
    open: Vec<Open>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a [u8], level: u8) -> Self {
        Self {
            text,
            at: 0,
            places: Vec::with_capacity(USUAL_MEMBERS),
            level,
            keys: Vec::new(),
            open: Vec::new(),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    pub(super) fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    /// Passes white space: whether there was any.
    fn space(&mut self) -> bool {
        let start = self.at;
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
        self.at > start
    }

    /// Finds the members of an object, whose opening brace is behind the reader. What is noted of
    /// repeated keys may be wrong for the `outermost`.
    pub(super) fn object(&mut self, outermost: bool) -> Option<Noted> {
        let mut noted = Noted::default();
        noted.space |= self.space();
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(noted);
        }
        let first = self.places.len();
        let mut count = 0;
        let mut seen = Seen::default();
        loop {
            let start = self.at;
            let (key, escaped) = self.key()?;
            noted.space |= self.at - start > key.len() + AROUND_KEY;
            count += 1;
            // Such objects are rare, and hostile.
            if escaped || (count > MAX_COMPARED && !outermost) {
                return None;
            }
            let name = self.text.get(key.clone())?;
            if seen.maybe(name) && !noted.repeats {
                let same = |place: &Place| {
                    place.level == self.level && self.text.get(place.key.clone()) == Some(name)
                };
                let own = self.places.get(first..).unwrap_or_default();
                noted.repeats = count > MAX_COMPARED || own.iter().any(same);
            }
            let place = self.places.len();
            let start = self.at;
            self.places.push(Place {
                level: self.level,
                key,
                value: start..start,
                noted: Noted::default(),
            });
            let inside = match self.peek()? {
                // Most values are, and have nothing around them.
                b'"' => {
                    self.at += 1;
                    Noted {
                        escaped: self.string()?,
                        ..Noted::default()
                    }
                }
                b'{' if OUTLINED.contains(&(self.level, name)) => {
                    self.at += 1;
                    self.level += 1;
                    let inside = self.object(false)?;
                    self.level -= 1;
                    inside
                }
                _ => self.value()?,
            };
            let found = self.places.get_mut(place)?;
            found.value = start..self.at;
            found.noted = inside;
            noted.space |= inside.space | self.space();
            noted.repeats |= inside.repeats && !outermost;
            noted.escaped_key |= inside.escaped_key;
            match self.next()? {
                b',' => noted.space |= self.space(),
                b'}' => return Some(noted),
                _ => return None,
            }
        }
    }

    /// Passes a key, its colon and white space behind that: the key, and whether it has escapes.
    fn key(&mut self) -> Option<(Range<usize>, bool)> {
        self.expect(b'"')?;
        let start = self.at;
        let escaped = self.string()?;
        let key = start..self.at - 1;
        self.space();
        self.expect(b':')?;
        self.space();
        Some((key, escaped))
    }

    /// Passes a member's key inside of a value.
    fn inner_key(&mut self, noted: &mut Noted) -> Option<()> {
        let start = self.at;
        let (key, escaped) = self.key()?;
        noted.space |= self.at - start > key.len() + AROUND_KEY;
        noted.escaped_key |= escaped;
        let key = self.text.get(key)?;
        let open = self.open.last_mut()?;
        if open.seen.maybe(key) {
            let keys = self.keys.get(open.keys..).unwrap_or_default();
            // Many are compared when their object closes, not each with each.
            match keys.len() <= FEW_KEYS {
                true => noted.repeats |= keys.contains(&key),
                false => open.doubtful = true,
            }
        }
        self.keys.push(key);
        Some(())
    }

    /// Passes a value.
    fn value(&mut self) -> Option<Noted> {
        let mut noted = Noted::default();
        loop {
            match self.next()? {
                b'"' => {
                    let escaped = self.string()?;
                    noted.escaped |= escaped && self.open.is_empty();
                }
                open @ (b'{' | b'[') => {
                    noted.space |= self.space();
                    let is_object = open == b'{';
                    // '{' and '}' are two apart, and so are '[' and ']'.
                    if self.peek()? == open + 2 {
                        self.at += 1;
                    } else {
                        if self.open.len() + usize::from(self.level) >= MAX_DEPTH {
                            return None;
                        }
                        if self.open.capacity() == 0 {
                            self.open.reserve(USUAL_DEPTH);
                            self.keys.reserve(USUAL_KEYS);
                        }
                        self.open.push(Open {
                            keys: self.keys.len(),
                            seen: Seen::default(),
                            doubtful: false,
                            is_object,
                        });
                        if is_object {
                            self.inner_key(&mut noted)?;
                        }
                        continue;
                    }
                }
                b't' => self.literal("rue")?,
                b'f' => self.literal("alse")?,
                b'n' => self.literal("ull")?,
                first @ (b'-' | b'0'..=b'9') => self.number(first)?,
                _ => return None,
            }
            if !self.goes_on(&mut noted)? {
                return Some(noted);
            }
        }
    }

    /// Passes what stands behind a value: whether another one follows.
    fn goes_on(&mut self, noted: &mut Noted) -> Option<bool> {
        while let Some(open) = self.open.last() {
            let Open {
                is_object,
                keys,
                doubtful,
                ..
            } = *open;
            noted.space |= self.space();
            match (self.next()?, is_object) {
                (b',', _) => {
                    noted.space |= self.space();
                    if is_object {
                        self.inner_key(noted)?;
                    }
                    return Some(true);
                }
                (b'}', true) => {
                    let own = self.keys.get_mut(keys..).unwrap_or_default();
                    if doubtful {
                        noted.repeats |= repeats(own);
                    }
                    self.keys.truncate(keys);
                }
                (b']', false) => {}
                _ => return None,
            }
            self.open.pop();
        }
        Some(false)
    }

    fn literal(&mut self, rest: &str) -> Option<()> {
        let found = self.text.get(self.at..)?.starts_with(rest.as_bytes());
        self.at += rest.len();
        found.then_some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    /// Passes a number that begins with `first`.
    fn number(&mut self, first: u8) -> Option<()> {
        let first = match first {
            b'-' => self.next()?,
            digit => digit,
        };
        match first {
            b'0' => {}
            b'1'..=b'9' => {
                self.digits();
            }
            _ => return None,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        // A second zero, say, is seen by who reads on.
        Some(())
    }

    /// Passes a string whose opening quote is behind the reader: whether it has escapes.
    fn string(&mut self) -> Option<bool> {
        let mut escaped = false;
        loop {
            self.plain();
            match self.next()? {
                b'"' => return Some(escaped),
                b'\\' => {
                    escaped = true;
                    match self.next()? {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                        b'u' => {
                            let digits = self.text.get(self.at..self.at + 4)?;
                            if !digits.iter().all(u8::is_ascii_hexdigit) {
                                return None;
                            }
                            self.at += 4;
                        }
                        _ => return None,
                    }
                }
                byte if byte < b' ' => return None,
                _ => {}
            }
        }
    }

    /// Passes characters that stand for themselves.
    fn plain(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let (portions, _) = rest.as_chunks::<16>();
        for portion in portions {
            let special = special(*portion);
            if special != 0 {
                self.at += special.trailing_zeros() as usize;
                return;
            }
            self.at += portion.len();
        }
        while self
            .peek()
            .is_some_and(|byte| byte >= b' ' && byte != b'"' && byte != b'\\')
        {
            self.at += 1;
        }
    }
}

/// A bit for each byte, the lowest for the first: whether it is a quote, a backslash or a control
/// character.
fn special(bytes: [u8; 16]) -> u32 {
    let bytes = u8x16::new(bytes);
    let quote = bytes.simd_eq(u8x16::splat(b'"'));
    let backslash = bytes.simd_eq(u8x16::splat(b'\\'));
    let control = bytes.simd_lt(u8x16::splat(b' '));
    (quote | backslash | control).to_bitmask()
}
