//! How do rows become columns?

use arrow::array::{
    ArrayRef, BooleanBuilder, RecordBatch, StringViewBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use foldhash::quality::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::{Arc, LazyLock};
use trailwright_engine::event::{COLUMNS, Cell, ColumnKind, Row, column_index, file_schema};

use crate::parse::Position;

/// Texts of a column are gathered in blocks of so many bytes: a batch takes up to as much more for
/// each column.
const BLOCK_BYTES: u32 = 32 << 10;

/// Columns in which the same long texts come again and again: a batch holds each once. Copying one would
/// take longer than to look whether it is there, and it is near when it is read for each row.
const REPEATED_COLUMNS: [&str; 5] = [
    "principal",
    "user_agent",
    "user_identity",
    "tls_details",
    LOG_FILE,
];

/// The same for all rows of a file.
const LOG_FILE: &str = "log_file";

enum ColumnBuilder {
    Text(StringViewBuilder),
    Flag(BooleanBuilder),
    Time(TimestampMicrosecondBuilder),
}

/// Gathers rows into a [`RecordBatch`] of the `events` table.
pub(crate) struct BatchBuilder {
    columns: Vec<ColumnBuilder>,
    marks: Vec<Mark>,
    positions: Vec<Position>,
    bytes: usize,
}

/// Events as columns, with what de-duplication asks of them.
pub(crate) struct Batch {
    pub(crate) events: RecordBatch,
    /// Of each event, what it is known by.
    pub(crate) marks: Vec<Mark>,
    /// Of each event, where in its file it stands.
    pub(crate) positions: Vec<Position>,
}

/// What an event is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Its id as a number.
    pub(crate) id: u128,
    /// Its time.
    pub(crate) time: Option<i64>,
    /// The same for records that say the same, and for hardly any others.
    pub(crate) print: u64,
}

impl BatchBuilder {
    pub(crate) fn new() -> Self {
        Self {
            columns: columns(0),
            marks: Vec::new(),
            positions: Vec::new(),
            bytes: 0,
        }
    }

    pub(crate) fn push(&mut self, row: &Row<'_>, position: Position) {
        for (builder, cell) in self.columns.iter_mut().zip(row.cells()) {
            match (builder, cell) {
                (ColumnBuilder::Text(builder), Cell::Text(text)) => {
                    self.bytes += text.len();
                    builder.append_value(text);
                }
                (ColumnBuilder::Flag(builder), Cell::Flag(flag)) => builder.append_value(*flag),
                (ColumnBuilder::Time(builder), Cell::Time(micros)) => {
                    builder.append_value(*micros);
                }
                (ColumnBuilder::Text(builder), _) => builder.append_null(),
                (ColumnBuilder::Flag(builder), _) => builder.append_null(),
                (ColumnBuilder::Time(builder), _) => builder.append_null(),
            }
        }
        self.marks.push(mark(row));
        self.positions.push(position);
    }

    /// Bytes of text gathered so far.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Hands over what was gathered and starts anew.
    pub(crate) fn finish(&mut self) -> Result<Batch, ArrowError> {
        // The next batch will be about as long, and columns that grow are copied.
        let rows = self.marks.len() + self.marks.len() / 8;
        let done = std::mem::replace(&mut self.columns, columns(rows));
        let columns = done.into_iter().map(|builder| match builder {
            ColumnBuilder::Text(mut builder) => Arc::new(builder.finish()) as ArrayRef,
            ColumnBuilder::Flag(mut builder) => Arc::new(builder.finish()),
            ColumnBuilder::Time(mut builder) => Arc::new(builder.finish()),
        });
        let columns = columns.collect();
        self.bytes = 0;
        Ok(Batch {
            events: RecordBatch::try_new(schema(), columns)?,
            marks: std::mem::replace(&mut self.marks, Vec::with_capacity(rows)),
            positions: std::mem::replace(&mut self.positions, Vec::with_capacity(rows)),
        })
    }
}

/// Builders of all columns, with room for so many rows.
fn columns(rows: usize) -> Vec<ColumnBuilder> {
    let texts = || StringViewBuilder::with_capacity(rows).with_fixed_block_size(BLOCK_BYTES);
    let columns = COLUMNS.iter().map(|column| match column.kind {
        ColumnKind::Text | ColumnKind::Json if REPEATED_COLUMNS.contains(&column.name) => {
            ColumnBuilder::Text(texts().with_deduplicate_strings())
        }
        ColumnKind::Text | ColumnKind::Json => ColumnBuilder::Text(texts()),
        ColumnKind::Flag => ColumnBuilder::Flag(BooleanBuilder::new()),
        ColumnKind::Time => {
            ColumnBuilder::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC"))
        }
    });
    columns.collect()
}

/// The schema of events in memory: that of a data file, with views in place of texts, so that to
/// choose and to sort events copies none of them.
pub(crate) fn schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let fields = file_schema();
        let fields = fields.fields().iter().map(|field| match field.data_type() {
            DataType::Utf8 => Field::new(field.name(), DataType::Utf8View, field.is_nullable()),
            _ => field.as_ref().clone(),
        });
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    });
    Arc::clone(&SCHEMA)
}

/// What the event in `row` is known by.
pub(crate) fn mark(row: &Row<'_>) -> Mark {
    Mark {
        id: id_number(row.event_id().unwrap_or_default()),
        time: row.event_time(),
        print: print(row),
    }
}

/// A number for what a record says, wherever it came from: other in each process, never 0.
fn print(row: &Row<'_>) -> u64 {
    static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::default);
    static PLACE: LazyLock<Option<usize>> = LazyLock::new(|| column_index(LOG_FILE));

    let mut hasher = STATE.build_hasher();
    for (column, cell) in row.cells().iter().enumerate() {
        if Some(column) == *PLACE {
            continue;
        }
        match cell {
            Cell::Null => continue,
            Cell::Text(text) => hasher.write(text.as_bytes()),
            Cell::Flag(flag) => hasher.write_u8(u8::from(*flag)),
            Cell::Time(micros) => hasher.write_i64(*micros),
        }
        hasher.write_usize(column);
    }
    hasher.finish().max(1)
}

/// An event id as a number: a UUID is its own, anything else is hashed.
pub(crate) fn id_number(id: &str) -> u128 {
    use sha2::{Digest, Sha256};

    if let Ok(uuid) = uuid::Uuid::try_parse(id) {
        return uuid.as_u128();
    }
    let digest = Sha256::digest(id.as_bytes());
    digest
        .iter()
        .take(16)
        .fold(0, |number, byte| (number << 8) | u128::from(*byte))
}
