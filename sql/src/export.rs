//! How do events leave the lake as the records that they were?

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::prelude::{col, lit};
use trailwright_engine::event::{COLUMNS, Cell, ColumnKind, Row};

use crate::{Error, Session};

impl Session {
    /// The events of the session's time range, for [`records`](Self::records), unsorted.
    pub async fn export(&self) -> Result<SendableRecordBatchStream, Error> {
        let columns: Vec<_> = COLUMNS.iter().map(|column| col(column.name)).collect();
        let events = self.table("events").await?.select(columns)?;
        Ok(events.execute_stream().await?)
    }

    /// The record of the event with this id, if the session has it.
    pub async fn record(&self, event_id: &str) -> Result<Option<String>, Error> {
        let columns: Vec<_> = COLUMNS.iter().map(|column| col(column.name)).collect();
        let events = self.table("events").await?;
        let found = events
            .filter(col("event_id").eq(lit(event_id)))?
            .select(columns)?;
        for batch in found.collect().await? {
            if let Some(record) = Self::records(&batch)?.into_iter().next() {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// The records of a batch of [`export`](Self::export), as JSON text.
    pub fn records(batch: &RecordBatch) -> Result<Vec<String>, Error> {
        let wrong = |column: &str| Error::Shape {
            table: "events",
            column: column.to_owned(),
        };
        let mut rows: Vec<Vec<Cell<'_>>> =
            vec![Vec::with_capacity(COLUMNS.len()); batch.num_rows()];
        for column in COLUMNS {
            let array = batch
                .column_by_name(column.name)
                .ok_or_else(|| wrong(column.name))?;
            let shape = || wrong(column.name);
            match column.kind {
                ColumnKind::Text | ColumnKind::Json => {
                    let texts = array.as_string_opt::<i32>().ok_or_else(shape)?;
                    for (row, text) in rows.iter_mut().zip(texts) {
                        row.push(text.map_or(Cell::Null, |text| Cell::Text(text.into())));
                    }
                }
                ColumnKind::Flag => {
                    let flags = array.as_boolean_opt().ok_or_else(shape)?;
                    for (row, flag) in rows.iter_mut().zip(flags) {
                        row.push(flag.map_or(Cell::Null, Cell::Flag));
                    }
                }
                ColumnKind::Time => {
                    let times = array
                        .as_primitive_opt::<TimestampMicrosecondType>()
                        .ok_or_else(shape)?;
                    for (row, time) in rows.iter_mut().zip(times) {
                        row.push(time.map_or(Cell::Null, Cell::Time));
                    }
                }
            }
        }
        Ok(rows
            .into_iter()
            .map(|cells| Row::from_cells(cells).to_record())
            .collect())
    }
}
