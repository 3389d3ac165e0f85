//! How is a lake opened for queries?

use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::{col, lit};
use datafusion::prelude::{DataFrame, Expr, SQLOptions, SessionConfig, SessionContext};
use datafusion::scalar::ScalarValue;
use deltalake::{DeltaTable, DeltaTableBuilder};
use trailwright_engine::event;
use trailwright_engine::location::{Storage, is_url, url_of};
use trailwright_engine::time::{self, TimeRange};

use crate::{Error, functions, views};

/// One version of a lake, open for queries.
pub struct Session {
    ctx: SessionContext,
    range: TimeRange,
}

impl Session {
    /// Opens the lake at `location` as it is now. Later ingests do not change what this
    /// session sees.
    pub async fn open(location: &str) -> Result<Self, Error> {
        Self::open_range(location, TimeRange::default()).await
    }

    /// Opens the lake at `location`, as if it held nothing but the events of a time range.
    pub async fn open_range(location: &str, range: TimeRange) -> Result<Self, Error> {
        Self::open_at(location, &Storage::default(), range).await
    }

    /// Opens the lake at `location`, a folder or a URL, for a time range. `storage` says how a
    /// URL is reached.
    pub async fn open_at(
        location: &str,
        storage: &Storage,
        range: TimeRange,
    ) -> Result<Self, Error> {
        let table = open_events(location, storage).await?;
        let ctx = SessionContext::new_with_config(config());
        functions::register(&ctx);
        register_events(&ctx, &table, &range).await?;
        views::register(&ctx).await?;
        Ok(Self { ctx, range })
    }

    /// Runs a query and gathers its answer.
    pub async fn sql(&self, query: &str) -> Result<Vec<RecordBatch>, Error> {
        Ok(self.plan(query).await?.collect().await?)
    }

    /// Runs a query and gives its answer piece by piece, in memory that does not grow with it.
    pub async fn sql_stream(&self, query: &str) -> Result<SendableRecordBatchStream, Error> {
        Ok(self.plan(query).await?.execute_stream().await?)
    }

    /// The columns of a query's answer, without running it.
    pub async fn schema(&self, query: &str) -> Result<SchemaRef, Error> {
        let plan = self.plan(query).await?;
        Ok(plan.schema().inner().clone())
    }

    /// Queries only: nothing that anybody types changes a file.
    async fn plan(&self, query: &str) -> Result<DataFrame, Error> {
        let read_only = SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false);
        let plan = self.ctx.state().create_logical_plan(query).await?;
        read_only.verify_plan(&plan).map_err(|_| Error::NotAQuery)?;
        Ok(self.ctx.execute_logical_plan(plan).await?)
    }

    pub(crate) async fn table(&self, name: &str) -> Result<DataFrame, Error> {
        Ok(self.ctx.table(name).await?)
    }

    /// The range of the events that this session sees.
    pub fn time_range(&self) -> TimeRange {
        self.range
    }

    pub(crate) fn range(&self) -> TimeRange {
        self.range
    }
}

fn config() -> SessionConfig {
    SessionConfig::new()
        .with_information_schema(true)
        // Text columns are plain strings everywhere: what other engines see is what we see.
        .set_bool(
            "datafusion.execution.parquet.schema_force_view_types",
            false,
        )
        .set_bool("datafusion.execution.parquet.pushdown_filters", true)
        .set_bool("datafusion.execution.parquet.reorder_filters", true)
}

async fn open_events(location: &str, storage: &Storage) -> Result<DeltaTable, Error> {
    let failed = |source| Error::Lake {
        lake: location.to_owned(),
        source,
    };
    let no_lake = || Error::NoLake {
        lake: location.to_owned(),
    };
    let folder = match is_url(location) {
        true => url_of(location, event::TABLE),
        false => {
            let folder = Path::new(location).join(event::TABLE);
            if !folder.join("_delta_log").is_dir() {
                return Err(no_lake());
            }
            folder.to_string_lossy().into_owned()
        }
    };
    deltalake::aws::register_handlers(None);
    let url = deltalake::ensure_table_uri(&folder).map_err(failed)?;
    let mut table = DeltaTableBuilder::from_url(url)
        .map_err(failed)?
        .with_storage_options(storage.options(|name| std::env::var(name).ok()))
        .build()
        .map_err(failed)?;
    if is_url(location) && !table.verify_deltatable_existence().await.map_err(failed)? {
        return Err(no_lake());
    }
    table.load().await.map_err(failed)?;
    Ok(table)
}

/// Makes `events` known, cut down to the range.
async fn register_events(
    ctx: &SessionContext,
    table: &DeltaTable,
    range: &TimeRange,
) -> Result<(), Error> {
    let delta = |e: deltalake::DeltaTableError| DataFusionError::External(Box::new(e));
    table
        .update_datafusion_session(&ctx.state())
        .map_err(delta)?;
    let provider = table
        .table_provider()
        .with_session(Arc::new(ctx.state()))
        .await?;
    match in_range(range) {
        None => ctx.register_table(event::TABLE, provider)?,
        Some(condition) => {
            let events = ctx.read_table(provider)?.filter(condition)?;
            ctx.register_table(event::TABLE, events.into_view())?
        }
    };
    Ok(())
}

/// The condition that an event lies in the range. The partition column is in it too, so that
/// whole months are left out without a look into their files.
fn in_range(range: &TimeRange) -> Option<Expr> {
    let at = |micros| {
        lit(ScalarValue::TimestampMicrosecond(
            Some(micros),
            Some("UTC".into()),
        ))
    };
    let month = |micros| lit(time::month(micros));
    let from = range.from.map(|from| {
        col("event_time")
            .gt_eq(at(from))
            .and(col(event::PARTITION_COLUMN).gt_eq(month(from)))
    });
    let to = range.to.map(|to| {
        col("event_time")
            .lt(at(to))
            .and(col(event::PARTITION_COLUMN).lt_eq(month(to)))
    });
    match (from, to) {
        (Some(from), Some(to)) => Some(from.and(to)),
        (from, to) => from.or(to),
    }
}
