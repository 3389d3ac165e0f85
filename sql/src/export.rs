//! How do events leave the lake as the records that they were?

use arrow::array::RecordBatch;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::prelude::{col, lit};
use futures::TryStreamExt;
use trailwright_engine::event::{self, COLUMNS, Row};

use crate::{Error, Session, plain};

impl Session {
    /// The events of the session's time range, for [`records`](Self::records), unsorted.
    pub async fn export(&self) -> Result<SendableRecordBatchStream, Error> {
        let columns: Vec<_> = COLUMNS.iter().map(|column| col(column.name)).collect();
        let events = self.table("events").await?.select(columns)?;
        Ok(plain::stream(events.execute_stream().await?))
    }

    /// The record of the event with this id, if the session has it.
    pub async fn record(&self, event_id: &str) -> Result<Option<String>, Error> {
        let columns: Vec<_> = COLUMNS.iter().map(|column| col(column.name)).collect();
        let events = self.table("events").await?;
        let found = events
            .filter(col("event_id").eq(lit(event_id)))?
            .select(columns)?;
        let mut found = plain::stream(found.execute_stream().await?);
        while let Some(batch) = found.try_next().await? {
            if let Some(record) = Self::records(&batch)?.into_iter().next() {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// The records of a batch of [`export`](Self::export), as JSON text.
    pub fn records(batch: &RecordBatch) -> Result<Vec<String>, Error> {
        let rows = event::rows(batch).map_err(|wrong| Error::Shape {
            table: "events",
            column: wrong.0.to_owned(),
        })?;
        Ok(rows.iter().map(Row::to_record).collect())
    }
}
