//! How is a lake opened for queries, and how is a query run?

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::common::ParamValues;
use datafusion::common::config::Dialect;
use datafusion::error::DataFusionError;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::{SendableRecordBatchStream, SessionStateBuilder};
use datafusion::logical_expr::col;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::prelude::{DataFrame, Expr, SQLOptions, SessionConfig, SessionContext, lit};
use datafusion::scalar::ScalarValue;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;
use deltalake::DeltaTable;
use futures::FutureExt;
use futures::future::BoxFuture;
use percent_encoding::percent_decode_str;
use tokio::sync::{Mutex, OnceCell};
use tokio::time::Instant;
use trailwright_engine::event;
use trailwright_engine::location::{Storage, is_url};
use trailwright_engine::time::{self, TimeRange};

use crate::lake::Lake;
use crate::limits::{Limits, Passed};
use crate::rollup::{self, Kept, RollUp};
use crate::runs::GroupByRuns;
use crate::threads::Threads;
use crate::{Error, data_files, depth, functions, mistake, plain, short, tables};

/// One version of a lake, open for queries.
pub struct Session {
    ctx: SessionContext,
    lake: Lake,
    events: DeltaTable,
    /// All rows of `events`.
    rows: Arc<dyn TableProvider>,
    /// Whether it was looked for what is counted by the day.
    by_day: OnceCell<()>,
    /// The roll-up as it was found; it is looked at when it is first asked.
    found: Mutex<Option<DeltaTable>>,
    activity: OnceCell<()>,
    days: OnceCell<()>,
    /// Held while a view is made known, so that it is made known once.
    views: Mutex<()>,
    range: TimeRange,
    limits: Limits,
}

/// A statement that would do more than read, or a function nobody knows, is no query.
const READ_ONLY: fn() -> SQLOptions = || {
    SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false)
};

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
        Self::open_within(location, storage, range, Limits::default()).await
    }

    /// The same, with limits on what queries may take.
    pub async fn open_within(
        location: &str,
        storage: &Storage,
        range: TimeRange,
        limits: Limits,
    ) -> Result<Self, Error> {
        Self::open_lake(Lake::at(location, storage), range, limits).await
    }

    /// The same lake over all of its time, as it is now.
    pub async fn whole(&self) -> Result<Self, Error> {
        Self::open_lake(self.lake.clone(), TimeRange::default(), self.limits).await
    }

    async fn open_lake(lake: Lake, range: TimeRange, limits: Limits) -> Result<Self, Error> {
        // In this order: the roll-up must not be ahead of the events.
        let found = RollUp::open(&lake, &rollup::ACTIVITY).await?;
        let events = lake.events().await?;
        let ctx = context(&limits)?;
        register(&lake, &ctx, &events)?;
        let rows = data_files::provider(ctx.state(), &events, None).await?;
        let session = Self {
            ctx,
            lake,
            events,
            rows,
            by_day: OnceCell::new(),
            found: Mutex::new(found),
            activity: OnceCell::new(),
            days: OnceCell::new(),
            views: Mutex::new(()),
            range,
            limits,
        };
        session.register_events()?;
        Ok(session)
    }

    /// Runs a query and gathers its answer.
    pub async fn sql(&self, query: &str) -> Result<Vec<RecordBatch>, Error> {
        use futures::TryStreamExt;
        Ok(self.sql_stream(query).await?.try_collect().await?)
    }

    /// Runs a query and gives its answer piece by piece, in memory that does not grow with it.
    pub async fn sql_stream(&self, query: &str) -> Result<SendableRecordBatchStream, Error> {
        self.sql_with(query, None, &[]).await
    }

    /// Runs a query whose `$names` stand for values, and gives no more than `limit` rows.
    pub async fn sql_with(
        &self,
        query: &str,
        limit: Option<usize>,
        values: &[(String, ScalarValue)],
    ) -> Result<SendableRecordBatchStream, Error> {
        let started = Instant::now();
        let threads = Threads::new();
        let planned = async {
            let mut plan = self.plan(query).await?;
            if !values.is_empty() {
                let values: Vec<(&str, ScalarValue)> = values
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.clone()))
                    .collect();
                plan = plan.with_param_values(ParamValues::from(values))?;
            }
            if limit.is_some() {
                plan = plan.limit(0, limit)?;
            }
            Ok::<_, Error>(threads.start(plan).await?)
        };
        let answer = match self.limits.time {
            None => planned.await,
            Some(time) => tokio::time::timeout(time, planned)
                .await
                .map_err(|_| Error::Limit(Passed::Time(time)))?,
        };
        let answer = answer.map_err(|error| self.explained(query, error))?;
        Ok(self.limits.watch(plain::stream(answer), threads, started))
    }

    /// The columns of a query's answer, without running it.
    pub async fn schema(&self, query: &str) -> Result<SchemaRef, Error> {
        let plan = self.plan(query).await;
        let plan = plan.map_err(|error| self.explained(query, error))?;
        Ok(plain::schema(plan.schema().as_arrow()))
    }

    /// Queries only: nothing that anybody types changes a file.
    async fn plan(&self, query: &str) -> Result<DataFrame, Error> {
        if query.len() > self.limits.query {
            return Err(Error::LongQuery {
                length: query.len(),
                limit: self.limits.query,
            });
        }
        let links = depth::links(query);
        if links > depth::MOST {
            return Err(Error::DeepQuery { links });
        }
        let state = self.ctx.state();
        // PostgreSQL's, where `->` binds more closely than `=`; and what only DataFusion's own
        // knows, such as `SELECT * EXCLUDE (...)`.
        let mut statement = state
            .sql_to_statement(query, &Dialect::PostgreSQL)
            .or_else(|error| {
                let own = state.sql_to_statement(query, &Dialect::Generic);
                own.map_err(|_| error)
            })?;
        if let Statement::Statement(statement) = &mut statement {
            short::spell_out(statement)?;
        }
        if let Some(table) = described(&statement) {
            return self.describe(&table).await;
        }
        for reference in state.resolve_table_references(&statement)? {
            if reference.schema() == Some("information_schema") {
                self.make_known_all().await?;
            }
            self.make_known(reference.table()).await?;
        }
        let plan = state.statement_to_plan(statement).await?;
        READ_ONLY()
            .verify_plan(&plan)
            .map_err(|_| Error::NotAQuery)?;
        if rollup::adds_up(&plan, &self.rows)? {
            let by_day = self.by_day.get_or_try_init(|| self.count_by_day());
            by_day.await?;
        }
        Ok(self.ctx.execute_logical_plan(plan).await?)
    }

    /// What was wrong with a query, with its place and what was perhaps meant.
    fn explained(&self, query: &str, error: Error) -> Error {
        match error {
            Error::Query(error) => mistake::explain(query, error, &self.ctx.state()),
            other => other,
        }
    }

    /// The data files of `events`, as paths or URLs.
    pub fn data_files(&self) -> Result<Vec<String>, Error> {
        let files = self.events.get_file_uris();
        let files = files.map_err(|error| self.lake.failed(error))?;
        // Paths come percent-encoded, as if they were URLs.
        let path = |file: String| match is_url(&file) {
            true => file,
            false => percent_decode_str(&file).decode_utf8_lossy().into_owned(),
        };
        Ok(files.map(path).collect())
    }

    /// Names and URLs of the tables in the lake.
    pub fn locations(&self) -> Result<Vec<(String, String)>, Error> {
        let names = [event::TABLE, tables::ACTIVITY].into_iter();
        names
            .map(|name| Ok((name.to_owned(), self.lake.url(name)?.to_string())))
            .collect()
    }

    pub(crate) async fn table(&self, name: &str) -> Result<DataFrame, Error> {
        self.make_known(name).await?;
        Ok(self.ctx.table(name).await?)
    }

    /// The version of the events: of one version, all answers are the same.
    pub fn version(&self) -> u64 {
        self.events.version().unwrap_or_default()
    }

    /// How many events the lake has, of whatever time.
    pub fn events(&self) -> Result<u64, Error> {
        let state = self.events.snapshot();
        let files = state.map_err(|error| self.lake.failed(error))?.log_data();
        let rows = files.iter().filter_map(|file| file.num_records());
        Ok(rows.sum::<usize>() as u64)
    }

    /// The range of the events that this session sees.
    pub fn time_range(&self) -> TimeRange {
        self.range
    }

    pub(crate) fn range(&self) -> TimeRange {
        self.range
    }

    /// Columns of a table with their types and what they hold.
    async fn describe(&self, name: &str) -> Result<DataFrame, Error> {
        self.make_known(name).await?;
        let table = self.ctx.table(name).await?;
        let doc = tables::table(name);
        let told = |column: &str| {
            let columns = doc.iter().flat_map(|doc| &doc.columns);
            let mut columns = columns.filter(|(name, _)| name == column);
            columns.next().map(|(_, doc)| doc.clone())
        };
        let fields = table.schema().fields().iter();
        let rows: Vec<(String, String, Option<String>)> = fields
            .map(|field| {
                let name = field.name();
                let kind = plain::data_type(field.data_type());
                (name.clone(), kind.to_string(), told(name))
            })
            .collect();
        let names = StringArray::from_iter_values(rows.iter().map(|(name, ..)| name));
        let types = StringArray::from_iter_values(rows.iter().map(|(_, kind, _)| kind));
        let docs: StringArray = rows.iter().map(|(.., doc)| doc.as_deref()).collect();
        let batch = RecordBatch::try_from_iter_with_nullable([
            ("column_name", Arc::new(names) as ArrayRef, false),
            ("data_type", Arc::new(types), false),
            ("description", Arc::new(docs), true),
        ]);
        let batch = batch.map_err(DataFusionError::from)?;
        Ok(self.ctx.read_batch(batch)?)
    }

    async fn make_known_all(&self) -> Result<(), Error> {
        for view in tables::VIEWS {
            self.make_known(view.name).await?;
        }
        Ok(())
    }

    /// Makes a view known that is asked for the first time, with those that it builds on.
    fn make_known<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), Error>> {
        async move {
            let Some(view) = tables::view(name) else {
                return Ok(());
            };
            if self.ctx.table_exist(name)? {
                return Ok(());
            }
            if let Some(kept) = rollup::kept(name) {
                let known = match name {
                    tables::ACTIVITY => &self.activity,
                    _ => &self.days,
                };
                let known = known.get_or_try_init(|| self.register_kept(kept));
                return known.await.copied();
            }
            self.register_view(view).await
        }
        .boxed()
    }

    async fn register_view(&self, view: tables::View) -> Result<(), Error> {
        let state = self.ctx.state();
        let dialect = state.config().options().sql_parser.dialect;
        let statement = state.sql_to_statement(view.query, &dialect)?;
        for reference in state.resolve_table_references(&statement)? {
            self.make_known(reference.table()).await?;
        }
        let query = self.ctx.sql(view.query).await?.into_view();
        let _alone = self.views.lock().await;
        if !self.ctx.table_exist(view.name)? {
            self.ctx.register_table(view.name, query)?;
        }
        Ok(())
    }

    /// Makes a view known that is kept: its table and what came since, or the view if there is
    /// none.
    async fn register_kept(&self, kept: &'static Kept) -> Result<(), Error> {
        let found = match kept.name {
            tables::ACTIVITY => self.found.lock().await.take(),
            // Where it is ahead of this session's events, it is not believed.
            _ => RollUp::open(&self.lake, kept).await?,
        };
        let stored = match found {
            None => None,
            Some(table) => {
                let rollup = RollUp::of(&self.lake, kept, table, &self.events).await?;
                rollup::rows(&self.lake, &self.ctx, &self.events, &rollup, self.range).await?
            }
        };
        match (stored, tables::view(kept.name)) {
            (Some(rows), _) => {
                self.ctx.register_table(kept.name, rows.into_view())?;
                Ok(())
            }
            (None, Some(view)) => self.register_view(view).await,
            (None, None) => Ok(()),
        }
    }

    /// Lets queries count by what is stored of `events`.
    async fn count_by_day(&self) -> Result<(), Error> {
        for kept in rollup::OF_EVENTS {
            rollup::take_part(&self.lake, &self.ctx, kept, &self.events, &self.rows).await?;
        }
        Ok(())
    }

    /// A context in which `events` are those of all time.
    pub(crate) async fn events_of_all_time(&self) -> Result<SessionContext, Error> {
        let ctx = scratch(&self.ctx)?;
        let events = data_files::provider(ctx.state(), &self.events, None).await?;
        ctx.register_table(event::TABLE, events)?;
        Ok(ctx)
    }

    /// Makes `events` known, cut down to the range.
    fn register_events(&self) -> Result<(), Error> {
        let ctx = &self.ctx;
        let provider = Arc::clone(&self.rows);
        match in_range(&self.range) {
            None => ctx.register_table(event::TABLE, provider)?,
            Some(condition) => {
                let events = ctx.read_table(provider)?.filter(condition)?;
                ctx.register_table(event::TABLE, events.into_view())?
            }
        };
        Ok(())
    }
}

/// The name of the table that a statement wants described.
fn described(statement: &Statement) -> Option<String> {
    let Statement::Statement(statement) = statement else {
        return None;
    };
    let SqlStatement::ExplainTable { table_name, .. } = statement.as_ref() else {
        return None;
    };
    let name = table_name.0.last()?.as_ident()?;
    Some(match name.quote_style {
        Some(_) => name.value.clone(),
        None => name.value.to_lowercase(),
    })
}

/// Rules by which physical plans are made better.
type Rules = Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>>;

/// A context for queries, with all functions and no table.
pub(crate) fn context(limits: &Limits) -> Result<SessionContext, Error> {
    context_with(limits, PhysicalOptimizer::new().rules)
}

/// The same, with other rules in place of DataFusion's own.
pub(crate) fn context_with(limits: &Limits, rules: Rules) -> Result<SessionContext, Error> {
    on(limits.runtime()?, rules)
}

/// Another context with the memory and stores of this one, and no table.
pub(crate) fn scratch(ctx: &SessionContext) -> Result<SessionContext, Error> {
    on(ctx.runtime_env(), PhysicalOptimizer::new().rules)
}

fn on(runtime: Arc<RuntimeEnv>, rules: Rules) -> Result<SessionContext, Error> {
    let state = SessionStateBuilder::new()
        .with_config(config())
        .with_runtime_env(runtime)
        .with_default_features()
        .with_physical_optimizer_rules(rules)
        .with_physical_optimizer_rule(Arc::new(GroupByRuns))
        .build();
    let ctx = SessionContext::new_with_state(state);
    functions::register(&ctx)?;
    Ok(ctx)
}

/// Makes the store of a table known.
pub(crate) fn register(lake: &Lake, ctx: &SessionContext, table: &DeltaTable) -> Result<(), Error> {
    table
        .update_datafusion_session(&ctx.state())
        .map_err(|error| lake.failed(error))
}

fn config() -> SessionConfig {
    SessionConfig::new()
        .with_information_schema(true)
        // Texts are views within a query: see `plain`.
        .set_bool("datafusion.execution.parquet.schema_force_view_types", true)
        .set_bool("datafusion.execution.parquet.pushdown_filters", true)
        .set_bool("datafusion.execution.parquet.reorder_filters", true)
        // A few words of it could make a text double until the memory is gone.
        .set_bool("datafusion.execution.enable_recursive_ctes", false)
        .set_bool("datafusion.sql_parser.collect_spans", true)
        .set_str("datafusion.sql_parser.dialect", "PostgreSQL")
}

/// A time as a literal of the type that the lake's times have.
pub(crate) fn utc(micros: i64) -> Expr {
    lit(ScalarValue::TimestampMicrosecond(
        Some(micros),
        Some("UTC".into()),
    ))
}

/// The condition that an event lies in the range. The partition column is in it too, so that
/// whole months are left out without a look into their files.
fn in_range(range: &TimeRange) -> Option<Expr> {
    let month = |micros| lit(time::month(micros));
    let from = range.from.map(|from| {
        col("event_time")
            .gt_eq(utc(from))
            .and(col(event::PARTITION_COLUMN).gt_eq(month(from)))
    });
    let to = range.to.map(|to| {
        col("event_time")
            .lt(utc(to))
            .and(col(event::PARTITION_COLUMN).lt_eq(month(to)))
    });
    match (from, to) {
        (Some(from), Some(to)) => Some(from.and(to)),
        (from, to) => from.or(to),
    }
}
