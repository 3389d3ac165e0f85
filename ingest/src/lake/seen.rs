//! Which events does the lake have already?
//!
//! An event is known by its id and the hour that it happened in: deliveries of one event agree
//! on both. The ids of a data file are read only when something of the same hours arrives, and
//! they are forgotten again when many others came since, so that neither time nor memory grows
//! with the years in the lake.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use deltalake::DeltaTable;
use deltalake::kernel::LogicalFileView;
use deltalake::logstore::ObjectStoreRef;
use futures::TryStreamExt;
use serde::Deserialize;
use trailwright_engine::event::{self, COLUMNS};
use trailwright_engine::time;

use super::{arrange, read};
use crate::Error;
use crate::batch::{Batch, id_number, mark};

/// Ids that are held at most once what they stand for is committed: about 120 MB.
const MAX_IDS: usize = 3 << 20;

/// Hours that are read together with one that is needed, the most that hold few enough events:
/// input mostly goes forward in time, and each reading costs as much as whole data files.
const AHEAD: [i64; 4] = [31 * 24, 7 * 24, 36, 6];

/// Hours of input that is spread over years are not multiplied.
const MAX_HOURS: i64 = 20_000;

/// Events that are few enough.
const AHEAD_ROWS: u64 = 1 << 20;

const READ_ROWS: usize = 16 * 1024;

/// Events of a batch that are left out without copying the others.
const MAX_GAPS: usize = 16;

const HOUR_MICROS: i64 = 3_600_000_000;

/// Where events without a time are gathered.
const UNTIMED: i64 = i64::MIN;

/// What an event of the lake says was not looked at yet.
const UNREAD: u64 = 0;

/// An event as de-duplication knows it.
pub(super) type Key = (i64, u128);

type Prints = HashMap<u128, u64, foldhash::fast::RandomState>;

/// Ids of the events that are in the lake, as far as anybody asked, and of those on their way.
#[derive(Default)]
pub(super) struct SeenIds {
    hours: HashMap<i64, Hour>,
    files: HashMap<String, Span>,
    count: usize,
    clock: u64,
}

#[derive(Default)]
struct Hour {
    ids: Prints,
    touched: u64,
    /// The last portion with ids of this hour that are not in the lake yet, and so must not be
    /// forgotten; 0 if there is none.
    pending: u64,
}

/// What a batch holds that the lake does not.
pub(crate) struct Unseen {
    /// The events that are new, in their order. Together they take the memory of one.
    pub(crate) events: Vec<RecordBatch>,
    /// The places in the batch of those that are not, and yet say something else than the event
    /// that is known by their id.
    pub(crate) differing: Vec<usize>,
}

/// In which hours the events of a data file happened.
#[derive(Clone, Copy)]
struct Span {
    first: i64,
    last: i64,
    untimed: bool,
    rows: u64,
}

impl Span {
    fn holds(&self, hour: i64) -> bool {
        match hour {
            UNTIMED => self.untimed,
            hour => (self.first..=self.last).contains(&hour),
        }
    }

    fn holds_any(&self, hours: &BTreeSet<i64>) -> bool {
        (self.untimed && hours.contains(&UNTIMED))
            || hours
                .range(self.first.max(UNTIMED + 1)..=self.last)
                .next()
                .is_some()
    }
}

/// The hour of an event's time.
pub(super) fn hour(time: Option<i64>) -> i64 {
    time.map_or(UNTIMED, |micros| micros.div_euclid(HOUR_MICROS))
}

/// The first and last hour of a data file by its statistics.
pub(super) fn hours(stats: Option<&str>) -> (i64, i64) {
    let span = span(stats);
    (span.first, span.last)
}

impl SeenIds {
    /// Makes sure that all events of the lake in the hours of a batch are known, and where one of
    /// them comes again, also what it says.
    pub(super) async fn cover(&mut self, table: &DeltaTable, batch: &Batch) -> Result<(), Error> {
        let hours: BTreeSet<i64> = batch.marks.iter().map(|mark| hour(mark.time)).collect();
        let needed = self.with_those_ahead(&hours);
        if !needed.is_empty() {
            self.clock += 1;
            for hour in &needed {
                self.hours.entry(*hour).or_default().touched = self.clock;
            }
            for path in self.files_of(&needed) {
                for (hour, id) in read_keys(&table.object_store(), &path).await? {
                    if needed.contains(&hour)
                        && let Some(hour) = self.hours.get_mut(&hour)
                    {
                        self.count += usize::from(hour.ids.insert(id, UNREAD).is_none());
                    }
                }
            }
        }
        let again: BTreeSet<i64> = batch
            .marks
            .iter()
            .map(|mark| (hour(mark.time), mark.id))
            .filter(|key| self.print(*key) == Some(UNREAD))
            .map(|(hour, _)| hour)
            .collect();
        for path in self.files_of(&again) {
            self.read_prints(&table.object_store(), &path).await?;
        }
        Ok(())
    }

    /// Of some hours, those that are not known, and further ones that are known with them.
    fn with_those_ahead(&self, hours: &BTreeSet<i64>) -> BTreeSet<i64> {
        let unknown = |hour: &i64| !self.hours.contains_key(hour);
        let needed: BTreeSet<i64> = hours.iter().copied().filter(unknown).collect();
        for ahead in AHEAD {
            if needed.len() as i64 * ahead > MAX_HOURS {
                continue;
            }
            let timed = needed.iter().filter(|hour| **hour != UNTIMED);
            let more = timed.flat_map(|hour| *hour..=hour + ahead);
            let all: BTreeSet<i64> = needed.iter().copied().chain(more).filter(unknown).collect();
            let rows = self.files.values().filter(|span| span.holds_any(&all));
            if rows.map(|span| span.rows).sum::<u64>() <= AHEAD_ROWS {
                return all;
            }
        }
        needed
    }

    fn files_of(&self, hours: &BTreeSet<i64>) -> Vec<String> {
        let files = self.files.iter();
        files
            .filter(|(_, span)| !hours.is_empty() && span.holds_any(hours))
            .map(|(path, _)| path.clone())
            .collect()
    }

    fn print(&self, (hour, id): Key) -> Option<u64> {
        self.hours.get(&hour)?.ids.get(&id).copied()
    }

    /// Reads what the known events of a data file say.
    async fn read_prints(&mut self, store: &ObjectStoreRef, path: &str) -> Result<(), Error> {
        let names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
        let mut batches = read::columns(store, path, &names, READ_ROWS / 4).await?;
        let failed = |source| read::failed(path, source);
        while let Some(batch) = batches.try_next().await.map_err(failed)? {
            let batch = arrange(&batch, &event::file_schema())?;
            for row in event::rows(&batch)? {
                let mark = mark(&row);
                let known = self.hours.get_mut(&hour(mark.time));
                if let Some(print) = known.and_then(|known| known.ids.get_mut(&mark.id))
                    && *print == UNREAD
                {
                    *print = mark.print;
                }
            }
        }
        Ok(())
    }

    /// Of a batch that is covered, which events were never seen: of each id the first. They
    /// count as seen from here on, and belong to the portion with this number.
    pub(super) fn filter(&mut self, batch: &Batch, portion: u64) -> Result<Unseen, Error> {
        self.clock += 1;
        let mut differing = Vec::new();
        let mut new = Vec::with_capacity(batch.marks.len());
        for (i, mark) in batch.marks.iter().enumerate() {
            let known = self.hours.entry(hour(mark.time)).or_default();
            known.touched = self.clock;
            known.pending = portion;
            match known.ids.entry(mark.id) {
                Entry::Vacant(entry) => {
                    entry.insert(mark.print);
                    self.count += 1;
                    new.push(true);
                }
                Entry::Occupied(entry) => {
                    if ![mark.print, UNREAD].contains(entry.get()) {
                        differing.push(i);
                    }
                    new.push(false);
                }
            }
        }
        let known = new.iter().filter(|new| !**new).count();
        let events = match known {
            few if few <= MAX_GAPS && few < new.len() / 2 => between_gaps(&batch.events, &new),
            known => {
                let most = known > new.len() / 2;
                let events = filter_record_batch(&batch.events, &BooleanArray::from(new))?;
                vec![if most { compact(&events)? } else { events }]
            }
        };
        Ok(Unseen { events, differing })
    }

    /// A data file was committed whose events were all given to [`filter`](Self::filter).
    pub(super) fn committed(&mut self, path: &str, stats: Option<&str>) {
        self.files.insert(path.to_owned(), span(stats));
    }

    /// Everything up to this portion is committed: what was not needed for long may be forgotten.
    pub(super) fn settle(&mut self, portion: u64) {
        for hour in self.hours.values_mut() {
            if hour.pending <= portion {
                hour.pending = 0;
            }
        }
        if self.count <= MAX_IDS {
            return;
        }
        let settled = self.hours.iter().filter(|(_, known)| known.pending == 0);
        let mut by_age: Vec<(u64, i64)> = settled
            .map(|(hour, known)| (known.touched, *hour))
            .collect();
        by_age.sort_unstable();
        for (_, hour) in by_age {
            if self.count <= MAX_IDS / 2 {
                break;
            }
            if let Some(hour) = self.hours.remove(&hour) {
                self.count -= hour.ids.len();
            }
        }
    }

    /// Takes notice of data files that others committed and removed. Gives the events of the
    /// new ones in hours that are known: they may have been taken for new here.
    pub(super) async fn refresh(&mut self, table: &DeltaTable) -> Result<HashSet<Key>, Error> {
        let files: Vec<LogicalFileView> = table.snapshot()?.log_data().iter().collect();
        let there: HashSet<String> = files.iter().map(|file| file.path().into_owned()).collect();
        self.files.retain(|path, _| there.contains(path));
        let mut foreign = HashSet::new();
        for file in files {
            let path = file.path().into_owned();
            if self.files.contains_key(&path) {
                continue;
            }
            let span = span(file.stats().as_deref());
            if self.hours.keys().any(|hour| span.holds(*hour)) {
                for key in read_keys(&table.object_store(), &path).await? {
                    if self.hours.contains_key(&key.0) {
                        foreign.insert(key);
                    }
                }
            }
            self.files.insert(path, span);
        }
        for (hour, id) in &foreign {
            if let Some(hour) = self.hours.get_mut(hour) {
                self.count += usize::from(hour.ids.insert(*id, UNREAD).is_none());
            }
        }
        Ok(foreign)
    }
}

/// The wanted ones of some events, of which the others are few: nothing is copied.
fn between_gaps(events: &RecordBatch, wanted: &[bool]) -> Vec<RecordBatch> {
    let mut parts = Vec::new();
    let mut start = 0;
    for part in wanted.split(|wanted| !wanted) {
        if !part.is_empty() {
            parts.push(events.slice(start, part.len()));
        }
        start += part.len() + 1;
    }
    parts
}

/// The same events without the texts of others, which they would keep in memory.
fn compact(events: &RecordBatch) -> Result<RecordBatch, Error> {
    let columns = events.columns().iter();
    let columns = columns.map(|column| match column.as_string_view_opt() {
        Some(texts) => Arc::new(texts.gc()) as ArrayRef,
        None => Arc::clone(column),
    });
    Ok(RecordBatch::try_new(events.schema(), columns.collect())?)
}

/// Of events as they are in a data file, what they are known by.
pub(super) fn keys(events: &RecordBatch) -> Result<Vec<Key>, Error> {
    let column = |name: &str| -> Result<_, Error> {
        Ok(events.column(events.schema().index_of(name)?).clone())
    };
    let ids = cast(&column("event_id")?, &DataType::Utf8)?;
    let times = column("event_time")?;
    let keys = ids
        .as_string::<i32>()
        .iter()
        .zip(times.as_primitive::<TimestampMicrosecondType>());
    Ok(keys
        .map(|(id, time)| (hour(time), id_number(id.unwrap_or_default())))
        .collect())
}

async fn read_keys(store: &ObjectStoreRef, path: &str) -> Result<Vec<Key>, Error> {
    let mut batches = read::columns(store, path, &["event_id", "event_time"], READ_ROWS).await?;
    let mut found = Vec::new();
    while let Some(batch) = batches
        .try_next()
        .await
        .map_err(|source| read::failed(path, source))?
    {
        found.extend(keys(&batch)?);
    }
    Ok(found)
}

/// The part of a data file's statistics that tells when its events happened.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct FileStats {
    num_records: u64,
    min_values: TimeValue,
    max_values: TimeValue,
    null_count: NullCount,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TimeValue {
    event_time: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct NullCount {
    event_time: Option<u64>,
}

/// The hours of a data file by its statistics; without them it may hold anything.
fn span(stats: Option<&str>) -> Span {
    let stats = stats
        .and_then(|text| serde_json::from_str::<FileStats>(text).ok())
        .unwrap_or_default();
    let bound = |value: Option<String>| value.as_deref().and_then(time::from_text);
    let untimed = stats.null_count.event_time != Some(0);
    let rows = stats.num_records;
    match (
        bound(stats.min_values.event_time),
        bound(stats.max_values.event_time),
    ) {
        (Some(first), Some(last)) => Span {
            first: hour(Some(first)),
            // Statistics give milliseconds, rounded down.
            last: hour(Some(last.saturating_add(1_000))),
            untimed,
            rows,
        },
        _ => Span {
            first: i64::MIN,
            last: i64::MAX,
            untimed,
            rows,
        },
    }
}
