//! How is the table of a stored view made, and how does it change?

use std::collections::BTreeSet;

use arrow::datatypes::{DataType, Field, Schema};
use deltalake::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties, TransactionError};
use deltalake::kernel::{Action, Add, MetadataExt, StructField, StructType, Transaction};
use deltalake::operations::create::CreateBuilder;
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::writer::RecordBatchWriter;
use deltalake::{DeltaTable, DeltaTableError};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use trailwright_engine::event;

use super::changes::month_of;
use super::{BASIS, Kept, Month, UNIQUE_MEASURES};
use crate::lake::Lake;
use crate::{Error, plain};

const ROW_GROUP_ROWS: usize = 64 * 1024;

/// Rows of a page at most: what is read to find a few rows that lie together.
const PAGE_ROWS: usize = 4 * 1024;

/// The table property that says which columns have statistics in the log.
const STATS: &str = "delta.dataSkippingStatsColumns";

/// Writes data files of a table, which belong to it when they are committed.
pub(super) fn writer(
    kept: &Kept,
    table: &DeltaTable,
) -> Result<RecordBatchWriter, DeltaTableError> {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS);
    for unique in kept.unique.iter().chain(UNIQUE_MEASURES) {
        let column = ColumnPath::from(*unique);
        properties = properties.set_column_dictionary_enabled(column, false);
    }
    Ok(RecordBatchWriter::for_table(table)?.with_writer_properties(properties.build()))
}

/// Takes the files of some months out, or all.
pub(super) fn removes(
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
pub(super) async fn commit(
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

/// Deletes files that are in no version. What fails is left to [`vacuum`](super::vacuum).
pub(super) async fn discard(table: &DeltaTable, adds: &[Add]) {
    use deltalake::logstore::object_store::ObjectStoreExt;
    let store = table.object_store();
    for add in adds {
        let _ = store
            .delete(&deltalake::Path::from(add.path.as_str()))
            .await;
    }
}

/// Makes the table, empty, for rows with these columns.
pub(super) async fn create(
    lake: &Lake,
    kept: &Kept,
    columns: &Schema,
) -> Result<DeltaTable, Error> {
    let mut table = lake.not_loaded(kept.name)?;
    let properties = [(STATS, kept.stats)];
    let made = CreateBuilder::new()
        .with_log_store(table.log_store())
        .with_table_name(kept.name)
        .with_comment(kept.comment)
        .with_columns(fields(lake, columns)?)
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

/// Gives the table these columns, if another version of the program made it with others: it is empty
/// then, and nobody believes it. False if somebody else was quicker.
pub(super) async fn reshape(
    lake: &Lake,
    kept: &Kept,
    table: &mut DeltaTable,
    columns: &Schema,
) -> Result<bool, Error> {
    let failed = |error: DeltaTableError| lake.failed(error);
    let kind = |field: &StructField| (field.name().clone(), field.data_type().clone());
    let wanted = StructType::try_new(fields(lake, columns)?);
    let wanted = wanted.map_err(|error| lake.failed(error))?;
    let state = table.snapshot().map_err(failed)?;
    let metadata = state.metadata().clone();
    let there = state.schema();
    let same = there.fields().map(kind).eq(wanted.fields().map(kind));
    if same {
        return Ok(true);
    }
    let metadata = metadata
        .with_schema(&wanted)
        .and_then(|it| it.remove_config_key(BASIS))
        .and_then(|it| it.add_config_key(STATS.to_owned(), kept.stats.to_owned()))
        .map_err(|error| lake.failed(error))?;
    let mut actions = removes(lake, table, None)?;
    actions.push(Action::Metadata(metadata));
    let done = commit(lake, kept, table, actions, 0).await?;
    table.load().await.map_err(failed)?;
    Ok(done)
}

/// The columns of the table: those of the rows, and the month.
fn fields(lake: &Lake, columns: &Schema) -> Result<Vec<StructField>, Error> {
    let schema = plain::schema(columns);
    let fields = schema.fields().iter().map(|field| field.as_ref().clone());
    let month = Field::new(event::PARTITION_COLUMN, DataType::Utf8, true);
    fields
        .chain([month])
        .map(|field| {
            let field = field.with_nullable(true);
            let field: Result<StructField, _> = (&field).try_into_kernel();
            field.map_err(|error| lake.failed(error))
        })
        .collect()
}
