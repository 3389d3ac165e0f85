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
        let columns = COLUMNS
            .iter()
            .map(|column| match column.kind {
                ColumnKind::Text | ColumnKind::Json => {
                    ColumnBuilder::Text(StringViewBuilder::new().with_fixed_block_size(BLOCK_BYTES))
                }
                ColumnKind::Flag => ColumnBuilder::Flag(BooleanBuilder::new()),
                ColumnKind::Time => {
                    ColumnBuilder::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC"))
                }
            })
            .collect();
        Self {
            columns,
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
        let columns: Vec<ArrayRef> = self
            .columns
            .iter_mut()
            .map(|builder| match builder {
                ColumnBuilder::Text(builder) => Arc::new(builder.finish()) as ArrayRef,
                ColumnBuilder::Flag(builder) => Arc::new(builder.finish()),
                ColumnBuilder::Time(builder) => Arc::new(builder.finish()),
            })
            .collect();
        self.bytes = 0;
        Ok(Batch {
            events: RecordBatch::try_new(schema(), columns)?,
            marks: std::mem::take(&mut self.marks),
            positions: std::mem::take(&mut self.positions),
        })
    }
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
        id: id_number(row.text("event_id").unwrap_or_default()),
        time: row.event_time(),
        print: print(row),
    }
}

/// A number for what a record says, wherever it came from: other in each process, never 0.
fn print(row: &Row<'_>) -> u64 {
    static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::default);
    static LOG_FILE: LazyLock<Option<usize>> = LazyLock::new(|| column_index("log_file"));

    let mut hasher = STATE.build_hasher();
    for (column, cell) in row.cells().iter().enumerate() {
        if Some(column) == *LOG_FILE {
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
