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
use deltalake::kernel::{Action, Add, MetadataExt};
use deltalake::operations::vacuum::VacuumMode;
use deltalake::writer::{DeltaWriter, RecordBatchWriter};
use deltalake::{DeltaTable, DeltaTableError};
use futures::TryStreamExt;
use trailwright_engine::event;
use trailwright_engine::location::Storage;

use super::changes::Changes;
use super::files::Files;
use super::pieces::{Pieces, copies_of_days, in_months, row_is_copy};
use super::sorted::Sorted;
use super::{ALL, BASIS, Kept, Month, RollUp, Span, basis_of, narrow, reading, stored};
use crate::Error;
use crate::data_files::Only;
use crate::lake::Lake;
use crate::limits::Limits;
use crate::session::{self, register};
use crate::tables;

/// How often it is tried again when others write the roll-up at the same time.
const MAX_TRIES: usize = 20;

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
    /// Other stored tables that were written.
    pub beside: usize,
    /// Microseconds that it took.
    pub micros: u64,
}

/// Brings the roll-up of the lake at `location` up to its events, and tells of that of activity.
pub async fn refresh(location: &str, storage: &Storage) -> Result<Refreshed, Error> {
    let started = Instant::now();
    let lake = Lake::at(location, storage);
    let mut done = Refreshed::default();
    let mut beside = 0;
    for kept in ALL {
        let one = refresh_one(&lake, location, kept).await?;
        if kept.name == tables::ACTIVITY {
            done = one;
        } else if one.months > 0 || one.rebuilt {
            beside += 1;
        }
    }
    done.beside = beside;
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
        None => stored::create(lake, kept, &pieces.columns().await?).await?,
    };
    let mut rollup = RollUp::of(lake, kept, table, &source).await?;
    let (changes, rebuilt) = match rollup.changes(lake, &source).await? {
        Some(changes) => (changes, false),
        None => (Changes::everything(lake, &source)?, true),
    };
    let changes = changes.by(kept.span);
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
    let columns = pieces.columns().await?;
    if rebuilt && !stored::reshape(lake, kept, &mut rollup.table, &columns).await? {
        return Ok(None);
    }
    let mut writer = stored::writer(kept, &rollup.table).map_err(failed)?;
    let mut adds: Vec<Add> = Vec::new();
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
    let mut actions = stored::removes(lake, &rollup.table, outdated.as_ref())?;
    actions.extend(adds.iter().cloned().map(Action::Add));
    if rebuilt {
        let state = rollup.table.snapshot().map_err(failed)?;
        let metadata = state.metadata().clone();
        let metadata = metadata
            .add_config_key(BASIS.to_owned(), basis_of(lake, kept, &source)?)
            .map_err(|error| lake.failed(error))?;
        actions.push(Action::Metadata(metadata));
    }
    match stored::commit(lake, kept, &rollup.table, actions, version).await? {
        true => Ok(Some(done)),
        false => {
            stored::discard(&rollup.table, &adds).await;
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
    let of_month = Files::of(pieces.lake, pieces.source, pieces.kept.span, month)?;
    let (files, days) = match changes.new.get(month) {
        None => (of_month.clone(), pieces.days_of(month)?),
        Some(new) => {
            let days = pieces.shared_days(&Only::files(new)).await?;
            (of_month.only(new), days)
        }
    };
    if changes.new.contains_key(month) {
        for path in Files::of(pieces.lake, table, Span::Month, month)?.paths() {
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
