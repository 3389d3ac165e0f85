//! How are the tables of `reference/` stored in the binary and read from it?
//!
//! A table is unpacked when it is first asked for, and the rows of a service are parsed when that
//! service is first asked for. A line that cannot be read is left out: the tables are compiled in,
//! so a test keeps it from happening.

use std::cmp::Ordering;
use std::io::Read as _;
use std::sync::OnceLock;

use flate2::read::ZlibDecoder;

/// One packed table: lines of tab-separated cells, perhaps in sections that open with `@prefix`.
pub(super) struct Table {
    packed: &'static [u8],
    text: OnceLock<String>,
    sections: OnceLock<Vec<(&'static str, &'static str)>>,
}

macro_rules! tables {
    ($($name:ident = $file:literal;)*) => {
        $(pub(super) static $name: Table =
            Table::new(include_bytes!(concat!(env!("OUT_DIR"), "/", $file, ".z")));)*
    };
}

tables! {
    SERVICES = "services";
    ACTIONS = "actions";
    RESOURCE_TYPES = "resource_types";
    CONDITION_KEYS = "condition_keys";
    OPERATIONS = "operations";
    PASS_ROLE = "pass_role";
    EVENT_SOURCES = "event_sources";
    EVENT_EXCEPTIONS = "event_exceptions";
    NOT_PERMISSIONS = "not_permissions";
    MEMBER_ALIASES = "member_aliases";
    ID_PREFIXES = "id_prefixes";
    PASSED_TO = "passed_to";
    VIA_SERVICES = "via_services";
    ACTION_TYPES = "action_types";
    SIBLING_SERVICES = "sibling_services";
    OPAQUE_MEMBERS = "opaque_members";
    INVISIBLE_ACTIONS = "invisible_actions";
    TAG_ON_CREATE = "tag_on_create";
}

impl Table {
    const fn new(packed: &'static [u8]) -> Table {
        Table {
            packed,
            text: OnceLock::new(),
            sections: OnceLock::new(),
        }
    }

    fn text(&'static self) -> &'static str {
        self.text.get_or_init(|| {
            // Text of this kind packs to a seventh or less; room for it saves copying as it grows.
            let mut text = String::with_capacity(self.packed.len() * 8);
            match ZlibDecoder::new(self.packed).read_to_string(&mut text) {
                Ok(_) => text,
                Err(_) => String::new(),
            }
        })
    }

    /// The lines that hold rows, of the whole table.
    pub(super) fn lines(&'static self) -> impl Iterator<Item = &'static str> {
        self.text()
            .lines()
            .filter(|line| !line.starts_with(['#', '@']))
    }

    /// The lines below `@prefix`.
    pub(super) fn section(&'static self, prefix: &str) -> &'static str {
        let sections = self.sections.get_or_init(|| {
            let pieces = self.text().split("\n@").skip(1);
            let mut sections: Vec<_> = pieces
                .map(|piece| piece.split_once('\n').unwrap_or((piece, "")))
                .collect();
            sections.sort_unstable_by_key(|&(prefix, _)| prefix);
            sections
        });
        let found = sections
            .binary_search_by_key(&prefix, |&(prefix, _)| prefix)
            .ok();
        found
            .and_then(|index| sections.get(index))
            .map_or("", |&(_, lines)| lines)
    }
}

/// A row of a table, found by a key in which case does not matter.
pub(super) trait Row: Sized {
    /// `prefix` is that of the section, or empty where the table has none.
    fn parse(prefix: &'static str, cells: Cells) -> Option<Self>;
    fn key(&self) -> &'static str;
}

/// The rows of one section, sorted by their key.
pub(super) fn rows<R: Row>(
    prefix: &'static str,
    lines: impl Iterator<Item = &'static str>,
) -> Vec<R> {
    let mut rows: Vec<R> = lines
        .filter_map(|line| R::parse(prefix, Cells(line)))
        .collect();
    rows.sort_by(|a, b| compare_ignoring_case(a.key(), b.key()));
    rows
}

/// The row with this key.
pub(super) fn find<'a, R: Row>(rows: &'a [R], key: &str) -> Option<&'a R> {
    let index = rows
        .binary_search_by(|row| compare_ignoring_case(row.key(), key))
        .ok()?;
    rows.get(index)
}

/// All rows with this key.
pub(super) fn find_all<'a, R: Row>(rows: &'a [R], key: &str) -> &'a [R] {
    let start = rows.partition_point(|row| compare_ignoring_case(row.key(), key).is_lt());
    let end = rows.partition_point(|row| compare_ignoring_case(row.key(), key).is_le());
    rows.get(start..end).unwrap_or_default()
}

/// AWS compares service prefixes, actions and condition keys without regard to case.
pub(super) fn compare_ignoring_case(a: &str, b: &str) -> Ordering {
    let a = a.bytes().map(|byte| byte.to_ascii_lowercase());
    a.cmp(b.bytes().map(|byte| byte.to_ascii_lowercase()))
}

/// The cells of a line, from left to right; cells missing at its end are empty.
pub(super) struct Cells(&'static str);

impl Cells {
    /// The next cell, which may be empty.
    pub(super) fn text(&mut self) -> &'static str {
        let (cell, rest) = self.0.split_once('\t').unwrap_or((self.0, ""));
        self.0 = rest;
        cell
    }

    /// The next cell, which may not be empty.
    pub(super) fn required(&mut self) -> Option<&'static str> {
        Some(self.text()).filter(|cell| !cell.is_empty())
    }

    /// The next cell, where `-` says that there is nothing.
    pub(super) fn optional(&mut self) -> Option<&'static str> {
        self.required().filter(|&cell| cell != "-")
    }

    /// The items of the next cell, a list with commas.
    pub(super) fn list(&mut self) -> Vec<&'static str> {
        self.optional()
            .map_or_else(Vec::new, |cell| cell.split(',').collect())
    }

    /// Is there nothing left? A row with more cells than columns is malformed.
    pub(super) fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}
