//! The members of a record, found in one pass.
//!
//! A record is looked at once: where it ends, where its members are, and of each value whether its
//! text can be kept as it is. What is unusual, in grammar or in depth, is left to the slower reading
//! with `serde_json`, which also has the words for what is wrong.

use std::borrow::Cow;
use std::ops::Range;

use super::{FEW_KEYS, repeats};

/// Where the members of an object are in its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    places: Vec<Place>,
    len: usize,
    /// Two of the keys may be the same.
    doubtful: bool,
}

/// Where a member is. Its key has no escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    /// The key, without its quotes.
    key: Range<usize>,
    value: Range<usize>,
    noted: Noted,
}

/// A member of an object, as it stands in the text.
#[derive(Debug, Clone)]
pub(crate) struct Member<'a> {
    /// The key; as it stands in the text unless it has escapes there.
    pub(crate) key: Cow<'a, str>,
    /// The value.
    pub(crate) value: &'a str,
    /// What is in the value.
    pub(crate) noted: Noted,
}

/// What is noteworthy in a JSON text.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Noted {
    /// It is a string with an escape.
    pub(crate) escaped: bool,
    /// White space between tokens.
    pub(crate) space: bool,
    /// A key that stands twice in an object, written in the same way.
    pub(crate) repeats: bool,
    /// A key with an escape: it may be the same as one that is written in another way.
    pub(crate) escaped_key: bool,
}

/// Nesting that is followed in an object: more than any parser takes without danger.
const MAX_DEPTH: usize = 119;

/// Members of a record. AWS's have about twenty.
const USUAL_MEMBERS: usize = 32;

/// Members of a record up to which one is compared with all others.
const MAX_COMPARED: usize = 2 * USUAL_MEMBERS;

/// Objects and arrays in one another, of most records.
const USUAL_DEPTH: usize = 8;

impl Outline {
    /// The object that begins at the start of `text` and ends somewhere in it. `None` is no error:
    /// it says that the text is to be read with more care, or that there is not enough of it.
    pub fn of(text: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(text);
        let mut places = Vec::with_capacity(USUAL_MEMBERS);
        let mut seen = Seen::default();
        let mut doubtful = false;
        reader.expect(b'{')?;
        reader.space();
        if reader.peek()? == b'}' {
            reader.at += 1;
        } else {
            loop {
                let (key, escaped) = reader.key()?;
                if escaped {
                    return None;
                }
                let name = text.get(key.clone())?;
                if seen.maybe(name) && !doubtful {
                    let same = |place: &Place| text.get(place.key.clone()) == Some(name);
                    doubtful = places.len() > MAX_COMPARED || places.iter().any(same);
                }
                let start = reader.at;
                let mut noted = Noted::default();
                reader.value(&mut noted)?;
                let value = start..reader.at;
                places.push(Place { key, value, noted });
                reader.space();
                match reader.next()? {
                    b',' => {
                        reader.space();
                    }
                    b'}' => break,
                    _ => return None,
                }
            }
        }
        Some(Self {
            places,
            len: reader.at,
            doubtful,
        })
    }

    /// Bytes from the object's opening brace to its closing one.
    #[expect(clippy::len_without_is_empty, reason = "it has two bytes at least")]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether two of the keys may be the same.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.doubtful
    }

    /// The members in `text`, of which this is the outline.
    pub(crate) fn members<'a>(&self, text: &'a str) -> impl DoubleEndedIterator<Item = Member<'a>> {
        self.places.iter().map(move |place| Member {
            key: Cow::Borrowed(text.get(place.key.clone()).unwrap_or_default()),
            value: text.get(place.value.clone()).unwrap_or("null"),
            noted: place.noted,
        })
    }
}

impl<'a> Member<'a> {
    /// A member of which nothing is noted yet.
    pub(crate) fn new(key: Cow<'a, str>, value: &'a str) -> Self {
        let noted = super::scan(value);
        Self { key, value, noted }
    }

    /// The string that the value is, or `None` if it is no string or holds a lone surrogate.
    pub(crate) fn string(&self) -> Option<Cow<'a, str>> {
        match self.noted.escaped {
            true => super::string(self.value),
            false => {
                let inner = self.value.strip_prefix('"')?.strip_suffix('"')?;
                Some(Cow::Borrowed(inner))
            }
        }
    }
}

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

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    /// The keys of all open objects.
    keys: Vec<&'a [u8]>,
    open: Vec<Open>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            at: 0,
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

    fn expect(&mut self, byte: u8) -> Option<()> {
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
        // The key, two quotes and the colon.
        noted.space |= self.at - start > key.len() + 3;
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
    fn value(&mut self, noted: &mut Noted) -> Option<()> {
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
                        if self.open.len() == MAX_DEPTH {
                            return None;
                        }
                        if self.open.capacity() == 0 {
                            self.open.reserve(USUAL_DEPTH);
                            self.keys.reserve(USUAL_MEMBERS);
                        }
                        self.open.push(Open {
                            keys: self.keys.len(),
                            seen: Seen::default(),
                            doubtful: false,
                            is_object,
                        });
                        if is_object {
                            self.inner_key(noted)?;
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
            if !self.goes_on(noted)? {
                return Some(());
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

    /// Passes characters that stand for themselves, eight at a time while there are so many.
    fn plain(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let (eights, _) = rest.as_chunks::<8>();
        for eight in eights {
            let special = special(u64::from_le_bytes(*eight));
            if special != 0 {
                self.at += (special.trailing_zeros() / 8) as usize;
                return;
            }
            self.at += 8;
        }
        while self
            .peek()
            .is_some_and(|byte| byte >= b' ' && byte != b'"' && byte != b'\\')
        {
            self.at += 1;
        }
    }
}

/// Marks the first quote, backslash or control character among eight bytes by its highest bit.
/// Marks behind the first may be wrong: a borrow goes upwards.
fn special(eight: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGHEST: u64 = ONES << 7;
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let quote = zero(eight ^ (ONES * b'"' as u64));
    let backslash = zero(eight ^ (ONES * b'\\' as u64));
    let control = eight.wrapping_sub(ONES * b' ' as u64) & !eight;
    (quote | backslash | control) & HIGHEST
}
