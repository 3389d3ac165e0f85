//! Which events does the lake have already?
//!
//! An event is known by its id and the hour that it happened in: deliveries of one event agree
//! on both. The ids of a data file are read only when something of the same hours arrives, and
//! they are forgotten again when many others came since, so that neither time nor memory grows
//! with the years in the lake.

use std::collections::{BTreeSet, HashMap, HashSet};

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use deltalake::DeltaTable;
use deltalake::kernel::LogicalFileView;
use deltalake::logstore::ObjectStoreRef;
use futures::TryStreamExt;
use serde::Deserialize;
use trailwright_engine::time;

use super::read;
use crate::Error;
use crate::batch::{Batch, id_number};

/// Ids that are held at most once what they stand for is committed: about 200 MB.
const MAX_IDS: usize = 6 << 20;

/// Hours that are read together with one that is needed: input mostly goes forward in time.
const AHEAD: i64 = 6;

const READ_ROWS: usize = 16 * 1024;

const HOUR_MICROS: i64 = 3_600_000_000;

/// Where events without a time are gathered.
const UNTIMED: i64 = i64::MIN;

/// An event as de-duplication knows it.
pub(super) type Key = (i64, u128);

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
    ids: HashSet<u128>,
    touched: u64,
    /// Holds ids that are not in the lake yet, and so must not be forgotten.
    pending: bool,
}

/// In which hours the events of a data file happened.
#[derive(Clone, Copy)]
struct Span {
    first: i64,
    last: i64,
    untimed: bool,
}

impl Span {
    fn holds(&self, hour: i64) -> bool {
        match hour {
            UNTIMED => self.untimed,
            hour => (self.first..=self.last).contains(&hour),
        }
    }
}

/// The hour of an event's time.
pub(super) fn hour(time: Option<i64>) -> i64 {
    time.map_or(UNTIMED, |micros| micros.div_euclid(HOUR_MICROS))
}

/// The first hour of a data file by its statistics.
pub(super) fn first_hour(stats: Option<&str>) -> i64 {
    span(stats).first
}

impl SeenIds {
    /// Makes sure that all events of the lake in the hours of `times` are known.
    pub(super) async fn cover(
        &mut self,
        table: &DeltaTable,
        times: &[Option<i64>],
    ) -> Result<(), Error> {
        let mut needed = BTreeSet::new();
        for time in times {
            let hour = hour(*time);
            if !self.hours.contains_key(&hour) && needed.insert(hour) && hour != UNTIMED {
                let ahead = (hour + 1..=hour + AHEAD).filter(|next| !self.hours.contains_key(next));
                needed.extend(ahead);
            }
        }
        if needed.is_empty() {
            return Ok(());
        }
        self.clock += 1;
        let mut loaded: HashMap<i64, Hour> = needed
            .iter()
            .map(|hour| {
                let touched = self.clock;
                (
                    *hour,
                    Hour {
                        touched,
                        ..Hour::default()
                    },
                )
            })
            .collect();
        let holds = |span: &Span| needed.iter().any(|hour| span.holds(*hour));
        let overlapping = self.files.iter().filter(|(_, span)| holds(span));
        for (path, _) in overlapping {
            for (hour, id) in read_keys(&table.object_store(), path).await? {
                if let Some(hour) = loaded.get_mut(&hour) {
                    hour.ids.insert(id);
                }
            }
        }
        self.count += loaded.values().map(|hour| hour.ids.len()).sum::<usize>();
        self.hours.extend(loaded);
        Ok(())
    }

    /// Of a batch whose times are covered, which events were never seen: of each id the first.
    /// They count as seen from here on.
    pub(super) fn filter(&mut self, batch: &Batch) -> Result<RecordBatch, Error> {
        self.clock += 1;
        let new: BooleanArray = batch
            .ids
            .iter()
            .zip(&batch.times)
            .map(|(id, time)| {
                let known = self.hours.entry(hour(*time)).or_default();
                known.touched = self.clock;
                known.pending = true;
                Some(known.ids.insert(*id))
            })
            .collect();
        self.count += new.true_count();
        if new.true_count() == new.len() {
            return Ok(batch.events.clone());
        }
        Ok(filter_record_batch(&batch.events, &new)?)
    }

    /// A data file was committed whose events were all given to [`filter`](Self::filter).
    pub(super) fn committed(&mut self, path: &str, stats: Option<&str>) {
        self.files.insert(path.to_owned(), span(stats));
    }

    /// Everything given to [`filter`](Self::filter) is committed: what was not needed for long
    /// may be forgotten.
    pub(super) fn settle(&mut self) {
        for hour in self.hours.values_mut() {
            hour.pending = false;
        }
        if self.count <= MAX_IDS {
            return;
        }
        let mut by_age: Vec<(u64, i64)> = self
            .hours
            .iter()
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
    /// new ones in hours that are covered: they may have been taken for new here.
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
                self.count += usize::from(hour.ids.insert(*id));
            }
        }
        Ok(foreign)
    }
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
    match (
        bound(stats.min_values.event_time),
        bound(stats.max_values.event_time),
    ) {
        (Some(first), Some(last)) => Span {
            first: hour(Some(first)),
            // Statistics give milliseconds, rounded down.
            last: hour(Some(last.saturating_add(1_000))),
            untimed,
        },
        _ => Span {
            first: i64::MIN,
            last: i64::MAX,
            untimed,
        },
    }
}
