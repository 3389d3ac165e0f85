//! How is a Delta table of the lake opened, made and committed to?

use std::collections::HashMap;

use arrow::datatypes::SchemaRef;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties, TransactionError};
use deltalake::kernel::{Action, StructField};
use deltalake::operations::vacuum::VacuumMode;
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::{DeltaTable, DeltaTableBuilder, DeltaTableError};
use url::Url;

use crate::Error;

/// What a table is made with.
pub(super) struct Definition {
    pub(super) name: &'static str,
    pub(super) comment: &'static str,
    pub(super) schema: SchemaRef,
    pub(super) partition: &'static str,
    pub(super) properties: Vec<(&'static str, String)>,
}

/// The table at `url`, not loaded.
pub(super) fn at(url: &Url, options: &HashMap<String, String>) -> Result<DeltaTable, Error> {
    deltalake::aws::register_handlers(None);
    Ok(DeltaTableBuilder::from_url(url.clone())?
        .with_storage_options(options.clone())
        .build()?)
}

/// Loads the table, or makes it if it is not there.
pub(super) async fn open_or_create(
    mut table: DeltaTable,
    definition: Definition,
) -> Result<DeltaTable, Error> {
    if table.verify_deltatable_existence().await? {
        table.load().await?;
        return Ok(table);
    }
    let columns = definition
        .schema
        .fields()
        .iter()
        .map(|field| {
            use deltalake::kernel::engine::arrow_conversion::TryIntoKernel;
            field.as_ref().try_into_kernel()
        })
        .collect::<Result<Vec<StructField>, arrow::error::ArrowError>>()?;
    let properties = definition.properties.into_iter();
    let made = deltalake::operations::create::CreateBuilder::new()
        .with_log_store(table.log_store())
        .with_table_name(definition.name)
        .with_comment(definition.comment)
        .with_columns(columns)
        .with_partition_columns([definition.partition])
        .with_raise_if_key_not_exists(false)
        .with_configuration(properties.map(|(key, value)| (key.to_owned(), Some(value))))
        // Two ingests may make the same lake at once: the second one finds it made.
        .with_save_mode(SaveMode::Ignore)
        .await;
    match made {
        Ok(table) => Ok(table),
        Err(error) => match table.load().await {
            // It was made by another ingest in this very moment.
            Ok(()) => Ok(table),
            Err(_) => Err(error.into()),
        },
    }
}

/// How a commit ended.
pub(super) enum Committed {
    /// The actions are in the table.
    Done,
    /// The table is not at the version any more that the actions were made for.
    Outrun,
}

/// Commits `actions` to exactly the version that `table` is loaded at: what was checked
/// against this version still holds.
pub(super) async fn commit_here(
    table: &mut DeltaTable,
    actions: Vec<Action>,
    operation: DeltaOperation,
) -> Result<Committed, Error> {
    let properties = CommitProperties::default().with_max_retries(0);
    let committed = CommitBuilder::from(properties)
        .with_actions(actions)
        .build(Some(table.snapshot()?), table.log_store(), operation)
        .await;
    match committed {
        Ok(done) => {
            // To look at the log again would cost as much as the commit, in a large lake.
            table.state = Some(done.snapshot);
            Ok(Committed::Done)
        }
        Err(DeltaTableError::Transaction {
            source:
                TransactionError::MaxCommitAttempts(_)
                | TransactionError::VersionAlreadyExists(_)
                | TransactionError::CommitConflict(_),
        }) => Ok(Committed::Outrun),
        Err(error) => Err(error.into()),
    }
}

/// The operation of a commit that only adds.
pub(super) fn appending(partition: &str) -> DeltaOperation {
    DeltaOperation::Write {
        mode: SaveMode::Append,
        partition_by: Some(vec![partition.to_owned()]),
        predicate: None,
    }
}

/// The operation of a commit that merges files into some of about `target` bytes.
pub(super) fn merging(target: u64) -> DeltaOperation {
    DeltaOperation::Optimize {
        predicate: None,
        target_size: i64::try_from(target).unwrap_or(i64::MAX),
    }
}

/// Commits `actions` that put files in the place of others. Appends of others do not matter;
/// false if somebody else replaced the same files.
pub(super) async fn replace(
    table: &mut DeltaTable,
    actions: Vec<Action>,
    operation: DeltaOperation,
) -> Result<bool, Error> {
    let committed = CommitBuilder::from(CommitProperties::default())
        .with_actions(actions)
        .build(Some(table.snapshot()?), table.log_store(), operation)
        .await;
    match committed {
        Ok(done) => {
            table.state = Some(done.snapshot);
            Ok(true)
        }
        Err(DeltaTableError::Transaction {
            source: TransactionError::CommitConflict(_),
        }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Deletes files that no version of the last `days` days consists of. Gives their paths.
pub(super) async fn vacuum(
    table: &mut DeltaTable,
    days: u32,
    dry_run: bool,
) -> Result<Vec<String>, Error> {
    let (_, metrics) = table
        .clone()
        .vacuum()
        .with_retention_period(chrono::Duration::days(days.into()))
        .with_enforce_retention_duration(false)
        .with_mode(VacuumMode::Full)
        .with_dry_run(dry_run)
        .await?;
    table.update_state().await?;
    Ok(metrics.files_deleted)
}
