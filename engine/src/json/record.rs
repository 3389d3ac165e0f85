//! The members of a record, found in one pass.
//!
//! A record is looked at once: where it ends, where its members are and those of its identity, and
//! of each value whether its text can be kept as it is. What is unusual, in grammar or in depth, is
//! left to the slower reading with `serde_json`, which also has the words for what is wrong.

use std::borrow::Cow;
use std::ops::Range;

use super::reader::Reader;

/// Where the members of an object are in its text, and those of some objects in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// In the order of the text: behind a member are those of its own object.
    places: Vec<Place>,
    level: u8,
    len: usize,
    /// Two of the keys may be the same.
    doubtful: bool,
}

/// The members of an object that has an outline, or is in one that has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Members<'a, 'o> {
    text: &'a str,
    places: &'o [Place],
    level: u8,
}

/// Where a member is. Its key has no escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// How many objects of the record are around that of the member.
    pub(super) level: u8,
    /// The key, without its quotes.
    pub(super) key: Range<usize>,
    pub(super) value: Range<usize>,
    pub(super) noted: Noted,
}

/// The level of a record's members, and of those of its identity.
pub(super) const RECORD: u8 = 0;
pub(super) const IDENTITY: u8 = 1;

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

impl Outline {
    /// The object that begins at the start of `text` and ends somewhere in it. `None` is no error:
    /// it says that the text is to be read with more care, or that there is not enough of it.
    pub fn of(text: &[u8]) -> Option<Self> {
        Self::at(RECORD, text)
    }

    /// The same for a record's identity.
    pub(crate) fn of_identity(text: &[u8]) -> Option<Self> {
        Self::at(IDENTITY, text)
    }

    fn at(level: u8, text: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(text, level);
        reader.expect(b'{')?;
        let noted = reader.object(true)?;
        Some(Self {
            places: reader.places,
            level,
            len: reader.at,
            doubtful: noted.repeats,
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
    pub(crate) fn members<'a>(&self, text: &'a str) -> Members<'a, '_> {
        Members {
            text,
            places: &self.places,
            level: self.level,
        }
    }
}

impl<'a, 'o> Members<'a, 'o> {
    /// All of them, in order, each with the members of its own object if that is outlined.
    pub(crate) fn iter(self) -> impl Iterator<Item = (Member<'a>, Self)> {
        let Self {
            text,
            places: mut rest,
            level,
        } = self;
        std::iter::from_fn(move || {
            let (place, behind) = rest.split_first()?;
            let end = behind.iter().position(|it| it.level <= level);
            let (inner, next) = behind.split_at(end.unwrap_or(behind.len()));
            rest = next;
            let inner = Self {
                text,
                places: inner,
                level: level + 1,
            };
            Some((place.member(text), inner))
        })
    }
}

impl Place {
    fn member<'a>(&self, text: &'a str) -> Member<'a> {
        Member {
            key: Cow::Borrowed(text.get(self.key.clone()).unwrap_or_default()),
            value: text.get(self.value.clone()).unwrap_or("null"),
            noted: self.noted,
        }
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
            // `strip_prefix` would call out to compare a single byte.
            false => match self.value.as_bytes() {
                [b'"', .., b'"'] => {
                    let inner = self.value.get(1..self.value.len() - 1)?;
                    Some(Cow::Borrowed(inner))
                }
                _ => None,
            },
        }
    }
}
