//! How does a record become a row, and the row a record again?
//!
//! INVARIANT: `to_record(from_record(r))` equals `r` as a JSON value, numbers to the digit.
//! A value that its column cannot carry exactly stays, as text, in the column `extra`.

use std::borrow::Cow;
use std::collections::HashSet;

use sha2::{Digest, Sha256};

use super::{COLUMNS, ColumnKind, column_index, column_of_key, place};
use crate::json::{self, Member, Members, Outline};
use crate::principal::Principal;
use crate::time;

/// Marks an event id that is ours, not AWS's.
const OWN_ID: &str = "sha256-";

const EVENT_ID: usize = place("event_id");
const EVENT_TIME: usize = place("event_time");
const EVENT_NAME: usize = place("event_name");
const EVENT_SOURCE: usize = place("event_source");
const INSIGHT_DETAILS: usize = place("insight_details");
const USER_IDENTITY: usize = place("user_identity");
const EXTRA: usize = place("extra");
const NULL_KEYS: usize = place("null_keys");
const PRINCIPAL: usize = place("principal");
const PRINCIPAL_TYPE: usize = place("principal_type");
const PRINCIPAL_ACCOUNT: usize = place("principal_account");
const ACCESS_KEY_ID: usize = place("access_key_id");
const SESSION_NAME: usize = place("session_name");
const INVOKED_BY: usize = place("invoked_by");
const LOG_FILE: usize = place("log_file");

/// One value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell<'a> {
    /// Nothing.
    Null,
    /// A text or JSON column's value.
    Text(Cow<'a, str>),
    /// A flag column's value.
    Flag(bool),
    /// A time column's value: microseconds since the epoch, UTC.
    Time(i64),
}

/// Why a piece of JSON is no record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// It is not JSON, or not an object.
    #[error("expected a JSON object: {0}")]
    NotAnObject(#[source] serde_json::Error),
    /// It is an object, but nothing in it is CloudTrail's.
    #[error("expected a CloudTrail record, got an object without `eventName` and `eventSource`")]
    NotCloudTrail,
}

/// One event as the lake holds it: a cell for each of [`COLUMNS`].
#[derive(Debug, Clone)]
pub struct Row<'a> {
    cells: Vec<Cell<'a>>,
    repeated_keys: usize,
}

impl<'a> Row<'a> {
    /// Reads the record in `text`. Of a repeated key the last value counts, as it does in
    /// JavaScript, Python and AWS's own processing library.
    pub fn from_record(text: &'a str) -> Result<Self, RecordError> {
        match json::outline(text) {
            Some(outline) => Self::from_outline(text, &outline),
            None => {
                let members = json::members(text).map_err(RecordError::NotAnObject)?;
                let members = members.into_iter();
                let members = members.map(|(key, value)| (Member::new(key, value), None));
                Self::from_members(text, members, true)
            }
        }
    }

    /// The same for a record of which the outline is known.
    pub fn from_outline(text: &'a str, outline: &Outline) -> Result<Self, RecordError> {
        let members = outline.members(text).iter();
        let members = members.map(|(member, inner)| (member, Some(inner)));
        Self::from_members(text, members, outline.is_doubtful())
    }

    /// The row of the record in `text`, from its members and theirs, if those were found.
    /// `doubtful` says that two of the keys may be the same.
    fn from_members<'o>(
        text: &str,
        members: impl Iterator<Item = (Member<'a>, Option<Members<'a, 'o>>)>,
        doubtful: bool,
    ) -> Result<Self, RecordError>
    where
        'a: 'o,
    {
        let mut row = Self::empty();
        let mut rest = Rest::default();
        if doubtful {
            let members: Vec<_> = members.collect();
            let overridden = overridden(&members);
            for (i, (member, inner)) in members.into_iter().enumerate() {
                match overridden.contains(&i) {
                    true => row.repeated_keys += 1,
                    false => row.take(member, inner, &mut rest),
                }
            }
        } else {
            for (member, inner) in members {
                row.take(member, inner, &mut rest);
            }
        }
        row.finish(text, rest)
    }

    fn empty() -> Self {
        Self {
            // Copied as a whole, which a clone for each is not.
            cells: Vec::from([const { Cell::Null }; COLUMNS.len()]),
            repeated_keys: 0,
        }
    }

    /// The row when all members are in it or in `rest`.
    fn finish(mut self, text: &str, rest: Rest<'a, '_>) -> Result<Self, RecordError> {
        // Insight events have neither name nor source of their own.
        if ![EVENT_NAME, EVENT_SOURCE, INSIGHT_DETAILS]
            .into_iter()
            .any(|column| self.text_at(column).is_some())
        {
            return Err(RecordError::NotCloudTrail);
        }
        self.set_principal(rest.identity);
        self.set_rest(rest);
        self.set_event_id(text);
        Ok(self)
    }

    /// Puts a member where it belongs.
    fn take<'o>(
        &mut self,
        member: Member<'a>,
        inner: Option<Members<'a, 'o>>,
        rest: &mut Rest<'a, 'o>,
    ) {
        if member.value == "null" {
            rest.null_keys.push(member.key);
            return;
        }
        let column = column_of_key(&member.key);
        if column == Some(USER_IDENTITY) {
            rest.identity = inner;
        }
        let exact = column.is_some_and(|column| self.fill(column, &member));
        if !exact {
            let value = self.tidy(&member);
            rest.extra.push((member.key, value));
        }
    }

    /// Writes the record as JSON text: the columns that carry keys, then what is in `extra`.
    pub fn to_record(&self) -> String {
        let extra = self.text("extra").map(json::members);
        let extra = extra.and_then(Result::ok).unwrap_or_default();
        let mut record = String::from("{");
        let mut put = |key: &str, value: &str| {
            if record.len() > 1 {
                record.push(',');
            }
            json::push_string(&mut record, key);
            record.push(':');
            record.push_str(value);
        };
        for (column, cell) in COLUMNS.iter().zip(&self.cells) {
            let Some(key) = column.key else { continue };
            // The value in `extra` is the one that was delivered.
            if extra.iter().any(|(known, _)| known == key) {
                continue;
            }
            match cell {
                Cell::Null => {}
                Cell::Text(text) if column.name == "event_id" && text.starts_with(OWN_ID) => {}
                Cell::Text(text) if column.kind == ColumnKind::Json => put(key, text),
                Cell::Text(text) => {
                    let mut quoted = String::new();
                    json::push_string(&mut quoted, text);
                    put(key, &quoted);
                }
                Cell::Flag(flag) => put(key, if *flag { "true" } else { "false" }),
                Cell::Time(micros) => put(key, &format!("\"{}\"", time::to_text(*micros))),
            }
        }
        for (key, value) in &extra {
            put(key, value);
        }
        for key in json::elements(self.text("null_keys").unwrap_or("[]")).unwrap_or_default() {
            if let Some(key) = json::string(key) {
                put(&key, "null");
            }
        }
        record.push('}');
        record
    }

    /// A row from cells in the order of [`COLUMNS`]; missing ones are null.
    pub fn from_cells(mut cells: Vec<Cell<'a>>) -> Self {
        cells.resize(COLUMNS.len(), Cell::Null);
        Self {
            cells,
            repeated_keys: 0,
        }
    }

    /// The cells in the order of [`COLUMNS`].
    pub fn cells(&self) -> &[Cell<'a>] {
        &self.cells
    }

    /// How many keys the record gave more than once; those within a value count once for it.
    pub fn repeated_keys(&self) -> usize {
        self.repeated_keys
    }

    /// The text in the column called `name`, if there is any.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.text_at(column_index(name)?)
    }

    fn text_at(&self, column: usize) -> Option<&str> {
        match self.cells.get(column)? {
            Cell::Text(text) => Some(text),
            _ => None,
        }
    }

    /// AWS's id of the event, or ours where AWS gave none.
    pub fn event_id(&self) -> Option<&str> {
        self.text_at(EVENT_ID)
    }

    /// When it happened, in microseconds since the epoch.
    pub fn event_time(&self) -> Option<i64> {
        match self.cells.get(EVENT_TIME)? {
            Cell::Time(micros) => Some(*micros),
            _ => None,
        }
    }

    /// Sets the file that the record came from.
    pub fn set_log_file(&mut self, name: &'a str) {
        self.set_at(LOG_FILE, Cow::Borrowed(name));
    }

    fn set_at(&mut self, column: usize, value: Cow<'a, str>) {
        if let Some(cell) = self.cells.get_mut(column) {
            *cell = Cell::Text(value);
        }
    }

    /// Puts the value of a member into a column. False if the column cannot give it back exactly.
    fn fill(&mut self, column: usize, member: &Member<'a>) -> bool {
        let Some(kind) = COLUMNS.get(column).map(|c| c.kind) else {
            return false;
        };
        let (cell, exact) = match kind {
            ColumnKind::Json => (Cell::Text(self.tidy(member)), true),
            ColumnKind::Text => match member.string() {
                Some(text) => (Cell::Text(text), true),
                None => (Cell::Null, false),
            },
            ColumnKind::Flag => match member.value {
                "true" => (Cell::Flag(true), true),
                "false" => (Cell::Flag(false), true),
                "\"true\"" => (Cell::Flag(true), false),
                "\"false\"" => (Cell::Flag(false), false),
                _ => (Cell::Null, false),
            },
            ColumnKind::Time => match member.string() {
                Some(text) => match time::from_usual_text(&text) {
                    Some(micros) => (Cell::Time(micros), true),
                    None => match time::from_text(&text) {
                        Some(micros) => (Cell::Time(micros), time::is_text_of(micros, &text)),
                        None => (Cell::Null, false),
                    },
                },
                None => (Cell::Null, false),
            },
        };
        if let Some(place) = self.cells.get_mut(column) {
            *place = cell;
        }
        exact
    }

    /// A value as text without white space, each key once in each of its objects.
    fn tidy(&mut self, member: &Member<'a>) -> Cow<'a, str> {
        let (text, repeats) = json::tidy(member.value, member.noted);
        self.repeated_keys += usize::from(repeats);
        text
    }

    /// In the order of the keys: the same whatever order the record has.
    fn set_rest(&mut self, rest: Rest<'a, '_>) {
        let Rest {
            mut extra,
            mut null_keys,
            ..
        } = rest;
        if !extra.is_empty() {
            extra.sort();
            let length = extra
                .iter()
                .map(|(key, value)| key.len() + value.len() + AROUND_MEMBER);
            let mut object = String::with_capacity(1 + length.sum::<usize>());
            object.push('{');
            for (key, value) in &extra {
                if object.len() > 1 {
                    object.push(',');
                }
                json::push_string(&mut object, key);
                object.push(':');
                object.push_str(value);
            }
            object.push('}');
            self.set_at(EXTRA, Cow::Owned(object));
        }
        if !null_keys.is_empty() {
            null_keys.sort();
            let length = null_keys.iter().map(|key| key.len() + AROUND_MEMBER);
            let mut array = String::with_capacity(1 + length.sum::<usize>());
            array.push('[');
            for key in &null_keys {
                if array.len() > 1 {
                    array.push(',');
                }
                json::push_string(&mut array, key);
            }
            array.push(']');
            self.set_at(NULL_KEYS, Cow::Owned(array));
        }
    }

    /// Gives the record an id where AWS gave none: the same record, the same id, in whichever
    /// order it gives its keys.
    fn set_event_id(&mut self, text: &str) {
        match self.text_at(EVENT_ID) {
            Some(id) if !id.is_empty() && !id.starts_with(OWN_ID) => {}
            given => {
                let original = given.map(ToOwned::to_owned);
                let digest = Sha256::digest(json::canonical(text));
                let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
                self.set_at(EVENT_ID, Cow::Owned(format!("{OWN_ID}{hex}")));
                if let Some(original) = original {
                    self.keep_in_extra("eventID", &original);
                }
            }
        }
    }

    fn keep_in_extra(&mut self, key: &str, value: &str) {
        let mut member = String::from("{");
        json::push_string(&mut member, key);
        member.push(':');
        json::push_string(&mut member, value);
        let rest = self.text_at(EXTRA).and_then(|e| e.strip_prefix('{'));
        member.push_str(&rest.map_or("}".to_owned(), |rest| format!(",{rest}")));
        self.set_at(EXTRA, Cow::Owned(member));
    }

    /// `identity` is what the identity says as the record wrote it.
    fn set_principal(&mut self, identity: Option<Members<'a, '_>>) {
        let [id, kind, account, access_key_id, session_name, invoked_by] =
            match (self.cells.get(USER_IDENTITY), identity) {
                (Some(Cell::Text(Cow::Borrowed(_))), Some(identity)) => {
                    principal_cells(Principal::from_members(identity))
                }
                (Some(Cell::Text(Cow::Borrowed(text))), None) => {
                    principal_cells(Principal::from_user_identity(text))
                }
                // It had to be rewritten.
                (Some(Cell::Text(Cow::Owned(text))), _) => {
                    let cells = principal_cells(Principal::from_user_identity(text));
                    cells.map(|cell| cell.map(|text| Cow::Owned(text.into_owned())))
                }
                _ => principal_cells(Principal::from_user_identity("{}")),
            };
        for (column, value) in [
            (PRINCIPAL, id),
            (PRINCIPAL_TYPE, kind),
            (PRINCIPAL_ACCOUNT, account),
            (ACCESS_KEY_ID, access_key_id),
            (SESSION_NAME, session_name),
            (INVOKED_BY, invoked_by),
        ] {
            if let Some(value) = value {
                self.set_at(column, value);
            }
        }
    }
}

/// What a record says that has no column, or goes into others too.
#[derive(Default)]
struct Rest<'a, 'o> {
    extra: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    null_keys: Vec<Cow<'a, str>>,
    identity: Option<Members<'a, 'o>>,
}

fn principal_cells(principal: Principal<'_>) -> [Option<Cow<'_, str>>; 6] {
    [
        Some(principal.id),
        Some(principal.kind),
        principal.account,
        principal.access_key_id,
        principal.session_name,
        principal.invoked_by,
    ]
}

/// Two quotes, a colon and a comma or brace.
const AROUND_MEMBER: usize = 4;

/// Keys up to which each is compared with each: quicker than hashing them, until a hostile
/// record brings a million.
const FEW_KEYS: usize = 64;

/// The places of members whose key comes again later.
fn overridden<I>(members: &[(Member<'_>, I)]) -> HashSet<usize> {
    let keys = members.iter().map(|(member, _)| &member.key).enumerate();
    if members.len() <= FEW_KEYS {
        let mut rest = members;
        keys.filter(|(_, key)| {
            rest = rest.split_first().map_or(&[], |(_, rest)| rest);
            rest.iter().any(|(later, _)| later.key == **key)
        })
        .map(|(i, _)| i)
        .collect()
    } else {
        let mut seen = HashSet::with_capacity(members.len());
        keys.rev()
            .filter(|(_, key)| !seen.insert(*key))
            .map(|(i, _)| i)
            .collect()
    }
}

#[cfg(test)]
mod tests;
