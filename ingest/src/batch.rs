//! How do rows become columns?

use arrow::array::{
    ArrayRef, BooleanBuilder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::error::ArrowError;
use std::sync::Arc;
use trailwright_engine::event::{COLUMNS, Cell, ColumnKind, Row, file_schema};

enum ColumnBuilder {
    Text(StringBuilder),
    Flag(BooleanBuilder),
    Time(TimestampMicrosecondBuilder),
}

/// Gathers rows into a [`RecordBatch`] of the `events` table.
pub(crate) struct BatchBuilder {
    columns: Vec<ColumnBuilder>,
    ids: Vec<u128>,
    times: Vec<Option<i64>>,
    bytes: usize,
}

/// Events as columns, with what de-duplication asks of them.
pub(crate) struct Batch {
    pub(crate) events: RecordBatch,
    /// Of each event, its id as a number.
    pub(crate) ids: Vec<u128>,
    /// Of each event, its time.
    pub(crate) times: Vec<Option<i64>>,
}

impl BatchBuilder {
    pub(crate) fn new() -> Self {
        let columns = COLUMNS
            .iter()
            .map(|column| match column.kind {
                ColumnKind::Text | ColumnKind::Json => ColumnBuilder::Text(StringBuilder::new()),
                ColumnKind::Flag => ColumnBuilder::Flag(BooleanBuilder::new()),
                ColumnKind::Time => {
                    ColumnBuilder::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC"))
                }
            })
            .collect();
        Self {
            columns,
            ids: Vec::new(),
            times: Vec::new(),
            bytes: 0,
        }
    }

    pub(crate) fn push(&mut self, row: &Row<'_>) {
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
        self.ids
            .push(id_number(row.text("event_id").unwrap_or_default()));
        self.times.push(row.event_time());
    }

    /// Bytes of text gathered so far.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ids.is_empty()
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
            events: RecordBatch::try_new(file_schema(), columns)?,
            ids: std::mem::take(&mut self.ids),
            times: std::mem::take(&mut self.times),
        })
    }
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
