//! How are events laid out in data files?
//!
//! By month, and within a file by principal, service, action and time, so that what is asked
//! for together lies together and compresses well.

use std::collections::{BTreeMap, HashMap};

use arrow::array::{
    Array, AsArray, RecordBatch, StringViewArray, TimestampMicrosecondArray, UInt32Array,
};
use arrow::datatypes::{SchemaRef, TimestampMicrosecondType};
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
use trailwright_engine::event::{self, COLUMNS, Column, ColumnKind, SORT_COLUMNS};
use trailwright_engine::time;

use super::columns;
use super::stats::{MAX_BOUND_BYTES, Stats};
use crate::{Error, batch};

const ROW_GROUP_ROWS: usize = 128 * 1024;

/// Rows of a page at most: what is read to find a few rows that lie together.
pub(super) const PAGE_ROWS: usize = 8 * 1024;

/// What is looked for like a needle. Row groups that do not have it are known by Bloom filters.
const BLOOM_COLUMNS: [&str; 2] = ["event_id", "access_key_id"];

/// Texts that nobody asks for by their order, beside all JSON.
const UNBOUNDED_COLUMNS: [&str; 3] = ["error_message", "request_id", "user_agent"];

/// Columns with hardly a value that comes again.
const UNIQUE_COLUMNS: [&str; 3] = ["event_id", "event_time", "request_id"];

/// What Hive, and Delta after it, call the partition of rows without a value.
const NULL_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

/// A data file in memory, complete.
pub(crate) struct DataFile {
    bytes: Vec<u8>,
    column: &'static str,
    partition: Option<String>,
    pub(super) stats: Stats,
}

/// Arranges `events` into data files, one for each month.
pub(super) fn data_files(events: &[RecordBatch]) -> Result<Vec<DataFile>, Error> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let place = |name| batch::schema().index_of(name);
    let [principals, sources, names, times] = SORT_COLUMNS;
    let times = columns::of_all(events, place(times)?)?;
    let times = times.as_primitive::<TimestampMicrosecondType>();
    let texts = [
        columns::of_all(events, place(principals)?)?,
        columns::of_all(events, place(sources)?)?,
        columns::of_all(events, place(names)?)?,
    ];
    let mut months: BTreeMap<Option<String>, Vec<u32>> = BTreeMap::new();
    // Neighbours in the order are rarely of another month: ask for the name once.
    let mut last: Option<(i64, String)> = None;
    const DAY: i64 = 86_400_000_000;
    for row in sorted_rows(texts.each_ref().map(|texts| texts.as_string_view()), times) {
        let time = times
            .is_valid(row as usize)
            .then(|| times.value(row as usize));
        let month = time.map(|micros| {
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
        months.entry(month).or_default().push(row);
    }
    months
        .into_iter()
        .map(|(month, rows)| DataFile::arrange(month, events, &UInt32Array::from(rows)))
        .collect()
}

/// All rows, sorted by texts and time, as those of a file are.
fn sorted_rows(texts: [&StringViewArray; 3], times: &TimestampMicrosecondArray) -> Vec<u32> {
    let [principals, sources, names] = texts.map(ranks);
    let ranks = principals.into_iter().zip(sources).zip(names);
    let mut order: Vec<_> = ranks.zip(times).zip(0_u32..).collect();
    // No two are equal, since no two are in one place.
    order.sort_unstable();
    order.into_iter().map(|(_, row)| row).collect()
}

/// For each text, how many other texts are smaller; none is the smallest. Numbers are compared much
/// quicker than texts, of which few are different.
fn ranks(texts: &StringViewArray) -> Vec<u32> {
    let mut known: HashMap<&str, u32, foldhash::fast::RandomState> = HashMap::default();
    for text in texts.iter().flatten() {
        known.entry(text).or_default();
    }
    let mut ordered: Vec<&str> = known.keys().copied().collect();
    ordered.sort_unstable();
    for (rank, text) in (1..).zip(ordered) {
        known.insert(text, rank);
    }
    let rank = |text: Option<&str>| text.and_then(|text| known.get(text).copied());
    let ranks = texts.iter().map(rank);
    ranks.map(Option::unwrap_or_default).collect()
}

/// A data file that is being written.
pub(super) struct DataFileWriter {
    column: &'static str,
    partition: Option<String>,
    writer: Option<ArrowWriter<Vec<u8>>>,
}

impl DataFileWriter {
    /// Adds rows, which come in order.
    pub(super) fn write(&mut self, rows: &RecordBatch) -> Result<(), Error> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => self.writer.insert(arrow_writer(rows.schema())?),
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
        let mut file = DataFile {
            bytes: Vec::new(),
            column: self.column,
            partition: self.partition,
            stats: Stats::default(),
        };
        if let Some(mut writer) = self.writer {
            file.stats = Stats::of(&writer.finish().map_err(unwritable)?);
            file.bytes = std::mem::take(writer.inner_mut());
        }
        Ok(file)
    }
}

fn arrow_writer(schema: SchemaRef) -> Result<ArrowWriter<Vec<u8>>, Error> {
    // What the types are in memory is no reader's business.
    let options = ArrowWriterOptions::new()
        .with_properties(properties()?)
        .with_skip_arrow_metadata(true);
    ArrowWriter::try_new_with_options(Vec::new(), schema, options).map_err(unwritable)
}

impl DataFile {
    /// A file of one partition, to be written piece by piece.
    pub(super) fn writer(column: &'static str, partition: Option<String>) -> DataFileWriter {
        DataFileWriter {
            column,
            partition,
            writer: None,
        }
    }

    /// A file of all `rows`, which are of one partition and in order.
    pub(super) fn encode(
        column: &'static str,
        partition: Option<String>,
        rows: &RecordBatch,
    ) -> Result<Self, Error> {
        let mut writer = Self::writer(column, partition);
        writer.write(rows)?;
        writer.finish()
    }

    /// A file of `rows` of `events`, which are of one month, in this order.
    fn arrange(
        month: Option<String>,
        events: &[RecordBatch],
        rows: &UInt32Array,
    ) -> Result<Self, Error> {
        let writer = arrow_writer(batch::schema())?;
        let (mut file, columns) = writer.into_serialized_writer().map_err(unwritable)?;
        for (group, start) in (0..rows.len()).step_by(ROW_GROUP_ROWS).enumerate() {
            let rows = rows.slice(start, ROW_GROUP_ROWS.min(rows.len() - start));
            let writers = columns.create_column_writers(group).map_err(unwritable)?;
            let chunks = columns::encode(events, &rows, writers)?;
            let mut group = file.next_row_group().map_err(unwritable)?;
            for chunk in chunks {
                chunk.append_to_row_group(&mut group).map_err(unwritable)?;
            }
            group.close().map_err(unwritable)?;
        }
        let stats = Stats::of(&file.finish().map_err(unwritable)?);
        Ok(Self {
            bytes: std::mem::take(file.inner_mut()),
            column: event::PARTITION_COLUMN,
            partition: month,
            stats,
        })
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

pub(super) fn unwritable(source: ParquetError) -> Error {
    Error::Parquet {
        file: "new data file".to_owned(),
        source,
    }
}

fn properties() -> Result<WriterProperties, Error> {
    let level = ZstdLevel::try_new(1).map_err(unwritable)?;
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_statistics_truncate_length(Some(MAX_BOUND_BYTES));
    for unique in UNIQUE_COLUMNS {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(unique), false);
    }
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
