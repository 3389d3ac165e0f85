//! How is the roll-up brought up to `events`? The one place where this crate writes.
//!
//! Of the months that changed, the new rows are merged with the old ones and take their place, in
//! one commit that also says which version of `events` it goes up to. It is made against exactly
//! the version of the roll-up that was read: if another refresh was quicker, everything is looked
//! at again, so that nothing counts twice. A crash leaves files that no version of the table names.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::not;
use datafusion::prelude::col;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties, TransactionError};
use deltalake::kernel::{Action, Add, MetadataExt, StructField, Transaction};
use deltalake::operations::create::CreateBuilder;
use deltalake::operations::vacuum::VacuumMode;
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::writer::{DeltaWriter, RecordBatchWriter};
use deltalake::{DeltaTable, DeltaTableError};
use futures::TryStreamExt;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use trailwright_engine::event;
use trailwright_engine::location::Storage;

use super::changes::{Changes, month_of};
use super::files::Files;
use super::pieces::{Pieces, copies_of_days, in_months, row_is_copy};
use super::sorted::Sorted;
use super::{ALL, BASIS, Kept, Month, RollUp, basis_of, narrow, reading};
use crate::Error;
use crate::data_files::Only;
use crate::lake::Lake;
use crate::limits::Limits;
use crate::session::{self, register};
use crate::{plain, tables};

/// How often it is tried again when others write the roll-up at the same time.
const MAX_TRIES: usize = 20;

const ROW_GROUP_ROWS: usize = 64 * 1024;

/// Rows of a page at most: what is read to find a few rows that lie together.
const PAGE_ROWS: usize = 4 * 1024;

/// Columns with hardly a value that comes again. A dictionary would hold all of them, and is read as a
/// whole for one.
const UNIQUE_COLUMNS: [&str; 4] = [
    "access_key_id",
    "first_seen",
    "last_seen",
    "sample_event_id",
];

/// Bytes of memory that a refresh takes for sorting, grouping and joining.
const MEMORY: usize = 384 << 20;

/// Events that are grouped at once. In development few, so that tests see several portions.
const EVENTS_AT_ONCE: usize = match cfg!(debug_assertions) {
    true => 10,
    false => 250_000,
};

/// Portions of a month, which are read side by side in the end.
const MAX_PORTIONS: usize = 64;

/// Events among which copies of calls are looked for at once, in whole days.
const COPIES_OF_EVENTS: usize = 8_000_000;

/// Bytes of a file that is ready to be written.
const FILE_BYTES: usize = 64 << 20;

/// What a refresh did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refreshed {
    /// Version of `events` that the roll-up goes up to.
    pub version: u64,
    /// Months that were written.
    pub months: usize,
    /// Their rows.
    pub rows: u64,
    /// Whether it was made anew from all events.
    pub rebuilt: bool,
    /// Microseconds that it took.
    pub micros: u64,
}

/// Brings the roll-up of the lake at `location` up to its events, and tells of that of activity.
pub async fn refresh(location: &str, storage: &Storage) -> Result<Refreshed, Error> {
    let started = Instant::now();
    let lake = Lake::at(location, storage);
    let mut done = Refreshed::default();
    for kept in ALL {
        let one = refresh_one(&lake, location, kept).await?;
        if kept.name == tables::ACTIVITY {
            done = one;
        }
    }
    done.micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    Ok(done)
}

async fn refresh_one(lake: &Lake, location: &str, kept: &'static Kept) -> Result<Refreshed, Error> {
    for _ in 0..MAX_TRIES {
        if let Some(done) = try_refresh(lake, kept).await? {
            return Ok(done);
        }
    }
    Err(Error::Crowded {
        lake: location.to_owned(),
    })
}

/// Deletes files that no version of the roll-up of the last `days` days names. Gives their paths.
pub async fn vacuum(
    location: &str,
    storage: &Storage,
    days: u32,
    dry_run: bool,
) -> Result<Vec<String>, Error> {
    let lake = Lake::at(location, storage);
    let mut deleted = Vec::new();
    for kept in ALL {
        let Some(table) = RollUp::open(&lake, kept).await? else {
            continue;
        };
        let (_, metrics) = table
            .vacuum()
            .with_retention_period(chrono::Duration::days(days.into()))
            .with_enforce_retention_duration(false)
            .with_mode(VacuumMode::Full)
            .with_dry_run(dry_run)
            .await
            .map_err(|error| lake.failed(error))?;
        deleted.extend(metrics.files_deleted);
    }
    Ok(deleted)
}

/// None if somebody else was quicker.
async fn try_refresh(lake: &Lake, kept: &'static Kept) -> Result<Option<Refreshed>, Error> {
    let failed = |error: DeltaTableError| lake.failed(error);
    let table = RollUp::open(lake, kept).await?;
    let source = lake.table(kept.of).await?;
    let version = source.snapshot().map_err(failed)?.version();
    let limits = Limits {
        memory: MEMORY,
        ..Limits::default()
    };
    let ctx = session::context_with(&limits, narrow::rules())?;
    register(lake, &ctx, &source)?;
    let pieces = Pieces {
        lake,
        ctx: &ctx,
        source: &source,
        kept,
    };
    let table = match table {
        Some(table) => table,
        None => create(lake, &pieces).await?,
    };
    let rollup = RollUp::of(lake, kept, table, &source).await?;
    let (changes, rebuilt) = match rollup.changes(lake, &source).await? {
        Some(changes) => (changes, false),
        None => (Changes::everything(lake, &source)?, true),
    };
    if changes.is_empty() && rollup.covers == Some(version) {
        return Ok(Some(Refreshed {
            version,
            ..Refreshed::default()
        }));
    }

    let mut done = Refreshed {
        version,
        rebuilt,
        ..Refreshed::default()
    };
    let mut writer = writer(&rollup.table).map_err(failed)?;
    let mut adds: Vec<Add> = Vec::new();
    let columns = pieces.columns().await?;
    for month in changes.months() {
        let sorted = Sorted::new(&ctx, kept, &columns);
        let rows = month_rows(&pieces, &rollup.table, &changes, &month, sorted).await?;
        if let Some(rows) = rows {
            done.rows += write(lake, &mut writer, rows, &month, &mut adds).await?;
        }
        done.months += 1;
    }
    let outdated = match rebuilt {
        true => None,
        false => Some(changes.months()),
    };
    let mut actions = removes(lake, &rollup.table, outdated.as_ref())?;
    actions.extend(adds.iter().cloned().map(Action::Add));
    if rebuilt {
        let state = rollup.table.snapshot().map_err(failed)?;
        let metadata = state.metadata().clone();
        let metadata = metadata
            .add_config_key(BASIS.to_owned(), basis_of(lake, kept, &source)?)
            .map_err(|error| lake.failed(error))?;
        actions.push(Action::Metadata(metadata));
    }
    match commit(lake, kept, &rollup.table, actions, version).await? {
        true => Ok(Some(done)),
        false => {
            discard(&rollup.table, &adds).await;
            Ok(None)
        }
    }
}

/// The rows that the roll-up should have of a month, in order. None if it should have none.
async fn month_rows(
    pieces: &Pieces<'_>,
    table: &DeltaTable,
    changes: &Changes,
    month: &Month,
    mut sorted: Sorted<'_>,
) -> Result<Option<SendableRecordBatchStream>, Error> {
    let of_month = Files::of(pieces.lake, pieces.source, month)?;
    let (files, days) = match changes.new.get(month) {
        None => (of_month.clone(), pieces.days_of(month)?),
        Some(new) => {
            let days = pieces.shared_days(&Only::files(new)).await?;
            (of_month.only(new), days)
        }
    };
    if changes.new.contains_key(month) {
        for path in Files::of(pieces.lake, table, month)?.paths() {
            let mut rows = reading::stored_file(pieces.lake, pieces.ctx, table, path).await?;
            if !days.is_empty() {
                rows = rows.filter(not(copies_of_days(row_is_copy(), col("day"), &days)))?;
            }
            sorted.add_in_order(rows).await?;
        }
    }
    for days in of_month.parts(&days, COPIES_OF_EVENTS) {
        let only = in_months(&BTreeSet::from([month.clone()]));
        sorted.add(pieces.copies(&days, Some(only)).await?).await?;
    }
    let at_once = EVENTS_AT_ONCE.max(files.rows() / MAX_PORTIONS);
    for files in files.portions(at_once) {
        sorted
            .add(pieces.additions(&files, &days, None).await?)
            .await?;
    }
    Ok(sorted.merged()?)
}

/// Writes rows of a month. Gives how many there were.
async fn write(
    lake: &Lake,
    writer: &mut RecordBatchWriter,
    mut rows: SendableRecordBatchStream,
    month: &Month,
    adds: &mut Vec<Add>,
) -> Result<u64, Error> {
    let failed = |error: DeltaTableError| lake.failed(error);
    let mut written = 0;
    while let Some(batch) = rows.try_next().await? {
        if batch.num_rows() > 0 {
            written += batch.num_rows() as u64;
            let batch = of_month(&batch, month).map_err(DataFusionError::from)?;
            writer.write(batch).await.map_err(failed)?;
        }
        if writer.buffer_len() > FILE_BYTES {
            adds.extend(writer.flush().await.map_err(failed)?);
        }
    }
    adds.extend(writer.flush().await.map_err(failed)?);
    Ok(written)
}

/// The same rows with the month as a column.
fn of_month(rows: &RecordBatch, month: &Month) -> Result<RecordBatch, ArrowError> {
    let field = Field::new(event::PARTITION_COLUMN, DataType::Utf8, true);
    let fields = rows.schema_ref().fields().iter().cloned();
    let fields: Vec<_> = fields.chain([Arc::new(field)]).collect();
    let months = StringArray::from_iter(std::iter::repeat_n(month.as_ref(), rows.num_rows()));
    let mut columns = rows.columns().to_vec();
    columns.push(Arc::new(months));
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

fn writer(table: &DeltaTable) -> Result<RecordBatchWriter, DeltaTableError> {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS);
    for unique in UNIQUE_COLUMNS {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(unique), false);
    }
    Ok(RecordBatchWriter::for_table(table)?.with_writer_properties(properties.build()))
}

/// Takes the files of some months out, or all.
fn removes(
    lake: &Lake,
    table: &DeltaTable,
    months: Option<&BTreeSet<Month>>,
) -> Result<Vec<Action>, Error> {
    let state = table.snapshot().map_err(|error| lake.failed(error))?;
    let files = state.log_data();
    let outdated = files.iter().filter(|file| {
        let month = month_of(&file.partition_values_map());
        months.is_none_or(|months| months.contains(&month))
    });
    Ok(outdated
        .map(|file| Action::Remove(file.remove_action(true)))
        .collect())
}

/// Whether the commit was made, to exactly the version that `table` is loaded at.
async fn commit(
    lake: &Lake,
    kept: &Kept,
    table: &DeltaTable,
    actions: Vec<Action>,
    version: u64,
) -> Result<bool, Error> {
    let failed = |error: DeltaTableError| lake.failed(error);
    let version = i64::try_from(version).unwrap_or(i64::MAX);
    let properties = CommitProperties::default()
        .with_max_retries(0)
        .with_application_transaction(Transaction::new(kept.transaction, version));
    let operation = DeltaOperation::Write {
        mode: SaveMode::Overwrite,
        partition_by: Some(vec![event::PARTITION_COLUMN.to_owned()]),
        predicate: None,
    };
    let committed = CommitBuilder::from(properties)
        .with_actions(actions)
        .build(
            Some(table.snapshot().map_err(failed)?),
            table.log_store(),
            operation,
        )
        .await;
    match committed {
        Ok(_) => Ok(true),
        Err(DeltaTableError::Transaction {
            source:
                TransactionError::MaxCommitAttempts(_)
                | TransactionError::VersionAlreadyExists(_)
                | TransactionError::CommitConflict(_),
        }) => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

/// Deletes files that are in no version. What fails is left to [`vacuum`].
async fn discard(table: &DeltaTable, adds: &[Add]) {
    use deltalake::logstore::object_store::ObjectStoreExt;
    let store = table.object_store();
    for add in adds {
        let _ = store
            .delete(&deltalake::Path::from(add.path.as_str()))
            .await;
    }
}

/// Makes the table, empty.
async fn create(lake: &Lake, pieces: &Pieces<'_>) -> Result<DeltaTable, Error> {
    use deltalake::kernel::engine::arrow_conversion::TryIntoKernel;
    let schema = plain::schema(&pieces.columns().await?);
    let mut columns = Vec::new();
    for field in schema.fields() {
        let field = field.as_ref().clone().with_nullable(true);
        let column: StructField = (&field)
            .try_into_kernel()
            .map_err(|error| lake.failed(error))?;
        columns.push(column);
    }
    let partition = Field::new(event::PARTITION_COLUMN, DataType::Utf8, true);
    columns.push(
        (&partition)
            .try_into_kernel()
            .map_err(|error| lake.failed(error))?,
    );
    let mut table = lake.not_loaded(pieces.kept.name)?;
    let properties = [("delta.dataSkippingStatsColumns", pieces.kept.stats)];
    let made = CreateBuilder::new()
        .with_log_store(table.log_store())
        .with_table_name(pieces.kept.name)
        .with_comment(pieces.kept.comment)
        .with_columns(columns)
        .with_partition_columns([event::PARTITION_COLUMN])
        .with_raise_if_key_not_exists(false)
        .with_configuration(properties.map(|(key, value)| (key.to_owned(), Some(value.to_owned()))))
        // Two may make it at once: the second one finds it made.
        .with_save_mode(SaveMode::Ignore)
        .await;
    match made {
        Ok(table) => Ok(table),
        Err(error) => match table.load().await {
            Ok(()) => Ok(table),
            Err(_) => Err(lake.failed(error)),
        },
    }
}
