//! The `events` table: one row per unique event, only ever appended to.

mod seen;
mod write;

use std::collections::HashMap;

use arrow::array::RecordBatch;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake::kernel::{Action, StructField};
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::{DeltaTable, DeltaTableBuilder};
use trailwright_engine::event;

use crate::Error;
use crate::batch::Batch;
use seen::SeenIds;

/// Table property that holds [`event::SCHEMA_VERSION`].
const SCHEMA_VERSION_KEY: &str = "trailwright.schemaVersion";

/// Columns with statistics in the Delta log: what queries are cut down by. Statistics on long
/// JSON text would only make the log large.
const STATS_COLUMNS: &str = "event_time,principal,event_source,event_name,aws_region,recipient_account_id,error_code,event_id";

/// A lake opened for writing.
pub struct Lake {
    table: DeltaTable,
    seen: SeenIds,
}

impl Lake {
    /// Opens the lake at `location`, a folder, and makes it if it is not there.
    pub async fn open_or_create(location: &str) -> Result<Self, Error> {
        let folder = format!("{}/{}", location.trim_end_matches('/'), event::TABLE);
        std::fs::create_dir_all(&folder).map_err(|source| Error::Location {
            lake: location.to_owned(),
            source,
        })?;
        let url = deltalake::ensure_table_uri(&folder)?;
        let mut table = DeltaTableBuilder::from_url(url)?.build()?;
        if table.verify_deltatable_existence().await? {
            table.load().await?;
        } else {
            table = create(table).await?;
        }
        check_schema_version(&table, location)?;
        Ok(Self {
            table,
            seen: SeenIds::default(),
        })
    }

    /// Of a batch, the events that are new to the lake and to this writer. They count as seen
    /// from here on.
    pub(crate) async fn unseen(&mut self, batch: Batch) -> Result<RecordBatch, Error> {
        self.seen.cover(&self.table, &batch.times).await?;
        self.seen.filter(batch)
    }

    /// Appends `events` in one commit. Either all of them are in the lake afterwards, or none.
    pub(crate) async fn append(&mut self, events: &[RecordBatch]) -> Result<(), Error> {
        let adds = write::data_files(&self.table, events).await?;
        for add in &adds {
            // What was written here need not be read back to be known.
            self.seen.known(&add.path);
        }
        let operation = DeltaOperation::Write {
            mode: SaveMode::Append,
            partition_by: Some(vec![event::PARTITION_COLUMN.to_owned()]),
            predicate: None,
        };
        CommitBuilder::from(CommitProperties::default())
            .with_actions(adds.into_iter().map(Action::Add).collect())
            .build(
                Some(self.table.snapshot()?),
                self.table.log_store(),
                operation,
            )
            .await?;
        self.table.update_state().await?;
        Ok(())
    }
}

async fn create(table: DeltaTable) -> Result<DeltaTable, Error> {
    let schema = event::table_schema();
    let columns = schema
        .fields()
        .iter()
        .map(|field| {
            use deltalake::kernel::engine::arrow_conversion::TryIntoKernel;
            field.as_ref().try_into_kernel()
        })
        .collect::<Result<Vec<StructField>, arrow::error::ArrowError>>()?;
    let properties: HashMap<String, Option<String>> = [
        ("delta.dataSkippingStatsColumns", STATS_COLUMNS.to_owned()),
        (SCHEMA_VERSION_KEY, event::SCHEMA_VERSION.to_string()),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), Some(value)))
    .collect();
    let table = deltalake::operations::create::CreateBuilder::new()
        .with_log_store(table.log_store())
        .with_table_name(event::TABLE)
        .with_comment("AWS CloudTrail events, one row each")
        .with_columns(columns)
        .with_partition_columns([event::PARTITION_COLUMN])
        .with_raise_if_key_not_exists(false)
        .with_configuration(properties)
        // Two ingests may make the same lake at once: the second one finds it made.
        .with_save_mode(SaveMode::Ignore)
        .await?;
    Ok(table)
}

fn check_schema_version(table: &DeltaTable, location: &str) -> Result<(), Error> {
    let found = table
        .snapshot()?
        .metadata()
        .configuration()
        .get(SCHEMA_VERSION_KEY);
    match found {
        Some(version) if *version == event::SCHEMA_VERSION.to_string() => Ok(()),
        other => Err(Error::SchemaVersion {
            lake: location.to_owned(),
            found: other.cloned().unwrap_or_else(|| "unknown".to_owned()),
            expected: event::SCHEMA_VERSION,
        }),
    }
}
