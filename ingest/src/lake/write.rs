//! How are events laid out in data files?
//!
//! By month, and within a file by principal, service, action and time, so that what is asked
//! for together lies together and compresses well.

use std::collections::{BTreeMap, HashMap};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{
    interleave_record_batch, max, max_string, max_string_view, min, min_string, min_string_view,
};
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use deltalake::kernel::Add;
use deltalake::logstore::ObjectStoreRef;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use serde_json::{Map, Value};
use trailwright_engine::event::{self, COLUMNS, Column, ColumnKind, SORT_COLUMNS};
use trailwright_engine::time;

use super::STATS_COLUMNS;
use crate::Error;

const ROW_GROUP_ROWS: usize = 128 * 1024;

/// Rows of a page at most: what is read to find a few rows that lie together.
const PAGE_ROWS: usize = 8 * 1024;

/// What is looked for like a needle. Row groups that do not have it are known by Bloom filters.
const BLOOM_COLUMNS: [&str; 2] = ["event_id", "access_key_id"];

/// Texts that nobody asks for by their order, beside all JSON.
const UNBOUNDED_COLUMNS: [&str; 3] = ["error_message", "request_id", "user_agent"];

/// Rows that are arranged at once.
const SLICE_ROWS: usize = 16 * 1024;

/// Longer texts are no help as bounds of a file, and their end cannot just be cut off.
const MAX_BOUND_BYTES: usize = 256;

/// What Hive, and Delta after it, call the partition of rows without a value.
const NULL_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

/// A data file in memory, complete.
pub(crate) struct DataFile {
    bytes: Vec<u8>,
    column: &'static str,
    partition: Option<String>,
    stats: Stats,
}

/// Arranges `events` into data files, one for each month.
pub(super) fn data_files(events: &[RecordBatch]) -> Result<Vec<DataFile>, Error> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let order = sorted_rows(events)?;
    let times = columns(events, "event_time")?;
    let month_of = |(batch, row): (usize, usize)| -> Option<i64> {
        let times = times.get(batch)?.as_primitive::<TimestampMicrosecondType>();
        times.is_valid(row).then(|| times.value(row))
    };
    let mut months: BTreeMap<Option<String>, Vec<(usize, usize)>> = BTreeMap::new();
    // Neighbours in the order are rarely of another month: ask for the name once.
    let mut last: Option<(i64, String)> = None;
    const DAY: i64 = 86_400_000_000;
    for place in order {
        let month = month_of(place).map(|micros| {
            let day = micros.div_euclid(DAY);
            match &last {
                Some((known, month)) if *known == day => month.clone(),
                _ => {
                    let month = time::month(micros);
                    last = Some((day, month.clone()));
                    month
                }
            }
        });
        months.entry(month).or_default().push(place);
    }
    let batches: Vec<&RecordBatch> = events.iter().collect();
    months
        .into_iter()
        .map(|(month, rows)| {
            let slices = rows.chunks(SLICE_ROWS);
            let slices = slices.map(|rows| interleave_record_batch(&batches, rows));
            DataFile::encode(event::PARTITION_COLUMN, month, slices)
        })
        .collect()
}

/// The places of all rows, sorted as the rows of a file are.
fn sorted_rows(events: &[RecordBatch]) -> Result<Vec<(usize, usize)>, Error> {
    let [principals, sources, names, times] = SORT_COLUMNS;
    let principals = ranks(&columns(events, principals)?);
    let sources = ranks(&columns(events, sources)?);
    let names = ranks(&columns(events, names)?);
    let times = columns(events, times)?;
    let times = times.iter().flat_map(|times| {
        let times = times.as_primitive::<TimestampMicrosecondType>();
        times.iter()
    });
    let places = events
        .iter()
        .enumerate()
        .flat_map(|(batch, events)| (0..events.num_rows()).map(move |row| (batch, row)));
    let ranks = principals.into_iter().zip(sources).zip(names);
    let mut order: Vec<_> = ranks.zip(times).zip(places).collect();
    // No two are equal, since no two are in one place.
    order.sort_unstable();
    Ok(order.into_iter().map(|(_, place)| place).collect())
}

/// For each text, how many other texts are smaller; none is the smallest. Numbers are compared much
/// quicker than texts, of which few are different.
fn ranks(columns: &[ArrayRef]) -> Vec<u32> {
    let texts = || columns.iter().flat_map(|column| column.as_string_view());
    let mut known: HashMap<&str, u32, foldhash::fast::RandomState> = HashMap::default();
    for text in texts().flatten() {
        known.entry(text).or_default();
    }
    let mut ordered: Vec<&str> = known.keys().copied().collect();
    ordered.sort_unstable();
    for (rank, text) in (1..).zip(ordered) {
        known.insert(text, rank);
    }
    let rank = |text: Option<&str>| text.and_then(|text| known.get(text).copied());
    texts().map(|text| rank(text).unwrap_or_default()).collect()
}

fn columns(events: &[RecordBatch], name: &str) -> Result<Vec<ArrayRef>, Error> {
    events
        .iter()
        .map(|batch| Ok(batch.column(batch.schema().index_of(name)?).clone()))
        .collect()
}

/// A data file that is being written.
pub(super) struct DataFileWriter {
    column: &'static str,
    partition: Option<String>,
    writer: Option<ArrowWriter<Vec<u8>>>,
    stats: Stats,
}

impl DataFileWriter {
    /// Adds rows, which come in order.
    pub(super) fn write(&mut self, rows: &RecordBatch) -> Result<(), Error> {
        self.stats.add(rows);
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => self.writer.insert(
                ArrowWriter::try_new_with_options(
                    Vec::new(),
                    rows.schema(),
                    // What the types are in memory is no reader's business.
                    ArrowWriterOptions::new()
                        .with_properties(properties()?)
                        .with_skip_arrow_metadata(true),
                )
                .map_err(unwritable)?,
            ),
        };
        writer.write(rows).map_err(unwritable)
    }

    /// Bytes so far, about.
    pub(super) fn bytes(&self) -> usize {
        self.writer.as_ref().map_or(0, |writer| {
            writer.bytes_written() + writer.in_progress_size()
        })
    }

    pub(super) fn finish(self) -> Result<DataFile, Error> {
        Ok(DataFile {
            bytes: match self.writer {
                Some(writer) => writer.into_inner().map_err(unwritable)?,
                None => Vec::new(),
            },
            column: self.column,
            partition: self.partition,
            stats: self.stats,
        })
    }
}

impl DataFile {
    /// A file of one partition, to be written piece by piece.
    pub(super) fn writer(column: &'static str, partition: Option<String>) -> DataFileWriter {
        DataFileWriter {
            column,
            partition,
            writer: None,
            stats: Stats::default(),
        }
    }

    /// Encodes rows that are in order and of one partition.
    pub(super) fn encode(
        column: &'static str,
        partition: Option<String>,
        slices: impl Iterator<Item = Result<RecordBatch, arrow::error::ArrowError>>,
    ) -> Result<Self, Error> {
        let mut writer = Self::writer(column, partition);
        for slice in slices {
            writer.write(&slice?)?;
        }
        writer.finish()
    }

    pub(super) fn rows(&self) -> usize {
        self.stats.rows
    }

    /// Puts the file into the table's folder. It belongs to the table only when committed.
    pub(super) async fn put(self, store: &ObjectStoreRef) -> Result<Add, Error> {
        let name = uuid::Uuid::new_v4();
        let folder = self.partition.as_deref().unwrap_or(NULL_PARTITION);
        let path = format!("{}={folder}/part-{name}.zstd.parquet", self.column);
        let size = self.bytes.len();
        store
            .put(&Path::from(path.as_str()), self.bytes.into())
            .await
            .map_err(|source| Error::Store {
                path: path.clone(),
                source,
            })?;
        Ok(Add {
            path,
            partition_values: HashMap::from([(self.column.to_owned(), self.partition)]),
            size: i64::try_from(size).unwrap_or(i64::MAX),
            modification_time: jiff::Timestamp::now().as_millisecond(),
            data_change: true,
            stats: Some(self.stats.to_json()),
            tags: None,
            deletion_vector: None,
            base_row_id: None,
            default_row_commit_version: None,
            clustering_provider: None,
        })
    }
}

fn unwritable(source: ParquetError) -> Error {
    Error::Parquet {
        file: "new data file".to_owned(),
        source,
    }
}

/// What the log says of a data file, so that queries need not open it.
#[derive(Default)]
struct Stats {
    rows: usize,
    bounds: BTreeMap<&'static str, Bounds>,
}

#[derive(Default)]
struct Bounds {
    smallest: Option<Value>,
    largest: Option<Value>,
    /// A text was too long to be a bound.
    unbounded: bool,
    nulls: usize,
}

impl Stats {
    fn add(&mut self, rows: &RecordBatch) {
        self.rows += rows.num_rows();
        for name in STATS_COLUMNS.split(',') {
            let Some(column) = rows.column_by_name(name) else {
                continue;
            };
            let bounds = self.bounds.entry(name).or_default();
            bounds.nulls += column.null_count();
            let text = |text: Option<&str>| text.map(Value::from);
            let (smallest, largest) = match column.data_type() {
                DataType::Utf8 => {
                    let texts = column.as_string::<i32>();
                    (text(min_string(texts)), text(max_string(texts)))
                }
                DataType::Utf8View => {
                    let texts = column.as_string_view();
                    (text(min_string_view(texts)), text(max_string_view(texts)))
                }
                DataType::Timestamp(..) => {
                    let times = column.as_primitive::<TimestampMicrosecondType>();
                    // The protocol wants milliseconds, rounded down, each of the same width.
                    let time = |micros: Option<i64>| micros.map(|at| Value::from(millis(at)));
                    (time(min(times)), time(max(times)))
                }
                _ => (None, None),
            };
            let too_long = |value: &Option<Value>| {
                let text = value.as_ref().and_then(Value::as_str);
                text.is_some_and(|text| text.len() > MAX_BOUND_BYTES)
            };
            bounds.unbounded |= too_long(&smallest) || too_long(&largest);
            bounds.widen(smallest, largest);
        }
    }

    fn to_json(&self) -> String {
        let known = |pick: fn(&Bounds) -> Option<&Value>| -> Map<String, Value> {
            let bounds = self.bounds.iter().filter(|(_, bounds)| !bounds.unbounded);
            bounds
                .filter_map(|(name, bounds)| Some(((*name).to_owned(), pick(bounds)?.clone())))
                .collect()
        };
        let nulls: Map<String, Value> = self
            .bounds
            .iter()
            .map(|(name, bounds)| ((*name).to_owned(), Value::from(bounds.nulls)))
            .collect();
        serde_json::json!({
            "numRecords": self.rows,
            "minValues": known(|bounds| bounds.smallest.as_ref()),
            "maxValues": known(|bounds| bounds.largest.as_ref()),
            "nullCount": nulls,
        })
        .to_string()
    }
}

impl Bounds {
    fn widen(&mut self, smallest: Option<Value>, largest: Option<Value>) {
        let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
        let pick = |known: &mut Option<Value>, new: Option<Value>, larger: bool| {
            let Some(new) = new else { return };
            let replace = known.as_ref().is_none_or(|known| {
                (text(&new) > text(known)) == larger && text(&new) != text(known)
            });
            if replace {
                *known = Some(new);
            }
        };
        pick(&mut self.smallest, smallest, false);
        pick(&mut self.largest, largest, true);
    }
}

/// A time with three digits of its second, whatever they are: as text they sort like times.
fn millis(micros: i64) -> String {
    let at = jiff::Timestamp::from_microsecond(micros).unwrap_or_default();
    let millis = at.as_millisecond().rem_euclid(1_000);
    format!("{}.{millis:03}Z", at.strftime("%Y-%m-%dT%H:%M:%S"))
}

fn properties() -> Result<WriterProperties, Error> {
    let level = ZstdLevel::try_new(1).map_err(unwritable)?;
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_column_dictionary_enabled(ColumnPath::from("event_id"), false);
    for needle in BLOOM_COLUMNS {
        properties = properties.set_column_bloom_filter_enabled(ColumnPath::from(needle), true);
    }
    let unbounded = |column: &&Column| {
        column.kind == ColumnKind::Json || UNBOUNDED_COLUMNS.contains(&column.name)
    };
    for column in COLUMNS.iter().filter(unbounded) {
        // The smallest and the largest of them help no query.
        properties = properties
            .set_column_statistics_enabled(ColumnPath::from(column.name), EnabledStatistics::None);
    }
    Ok(properties.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_of_times_are_milliseconds_rounded_down() {
        assert_eq!(millis(1_700_000_000_123_999), "2023-11-14T22:13:20.123Z");
        assert_eq!(millis(0), "1970-01-01T00:00:00.000Z");
    }
}
