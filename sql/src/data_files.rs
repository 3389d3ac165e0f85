//! How are the data files of a table read?
//!
//! By DataFusion's own Parquet source, which remembers the footers that it has read. deltalake's
//! provider goes through the log again, and opens every footer again, for each query, which took
//! more of a warm query's time than the query. What a table of the oldest reader version cannot
//! have (deletion vectors, columns under other names) is left to it.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use arrow::array::{ArrayRef, AsArray, BooleanArray};
use arrow::datatypes::{DataType, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::stats::Precision;
use datafusion::common::{Column, DFSchema, ScalarValue, Statistics, plan_err};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{
    FileGroup, FileScanConfigBuilder, FileSource, ParquetSource,
};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::Result;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::TableProviderFilterPushDown;
use datafusion::logical_expr::utils::conjunction;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::metrics::{MetricBuilder, MetricType};
use datafusion::prelude::Expr;
use deltalake::DeltaTable;
use deltalake::kernel::LogDataHandler;

use crate::footers;

/// The reader version of tables that consist of their data files and nothing else.
const PLAIN: i32 = 1;

/// What `EXPLAIN ANALYZE` says of files that the table's log leaves out, by their month and their bounds.
const PRUNED_BY_LOG: &str = "files_pruned_log";

/// Times in a log are cut to milliseconds by some writers.
const CUT_MICROS: i64 = 999;

/// Some data files of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Only {
    /// Their paths.
    pub(crate) paths: Vec<String>,
    /// The bytes in which those row groups of a file begin that are wanted, if not all are. Only
    /// of tables that are [read here](is_read_here).
    pub(crate) bytes: Option<Range<u64>>,
}

impl Only {
    /// Files with all their rows.
    pub(crate) fn files(paths: &[String]) -> Self {
        Self {
            paths: paths.to_vec(),
            bytes: None,
        }
    }
}

/// Whether a table's files are read here, not by deltalake's provider.
pub(crate) fn is_read_here(table: &DeltaTable) -> Result<bool> {
    let snapshot = table.snapshot()?;
    let files = snapshot.log_data();
    Ok(snapshot.protocol().min_reader_version() == PLAIN
        && !files.iter().any(|file| is_absolute(&file.path())))
}

/// A table of which queries in `state` can be made; of `only` some of its files, if they are given.
pub(crate) async fn provider(
    state: SessionState,
    table: &DeltaTable,
    only: Option<&Only>,
) -> Result<Arc<dyn TableProvider>> {
    let log_store = table.log_store();
    let read_here = is_read_here(table)?;
    let url = log_store.object_store_url();
    let runtime = state.runtime_env().clone();
    let builder = table.table_provider();
    let builder = match only {
        Some(only) => builder.with_file_paths(only.paths.iter().cloned()),
        None => builder,
    };
    let delta = builder.with_session(Arc::new(state)).await?;
    if !read_here {
        return match only.and_then(|only| only.bytes.as_ref()) {
            None => Ok(delta),
            Some(_) => plan_err!("expected whole files, got a part of one"),
        };
    }
    runtime.register_object_store(url.as_ref(), log_store.object_store(None));
    Ok(Arc::new(DataFiles {
        schema: delta.schema(),
        table: table.clone(),
        only: only.map(|only| only.paths.iter().cloned().collect()),
        bytes: only.and_then(|only| only.bytes.clone()),
        files: OnceLock::new(),
    }))
}

/// Whether a file is said to be elsewhere than in the table's folder.
fn is_absolute(path: &str) -> bool {
    path.contains("://") || path.starts_with('/')
}

/// The data files of one version of a table.
#[derive(Debug)]
struct DataFiles {
    schema: SchemaRef,
    table: DeltaTable,
    only: Option<HashSet<String>>,
    bytes: Option<Range<u64>>,
    files: OnceLock<Vec<DataFile>>,
}

/// A file, with its rows if the log tells.
#[derive(Debug)]
struct DataFile {
    file: PartitionedFile,
    rows: Option<usize>,
}

impl DataFiles {
    fn log_data(&self) -> Result<LogDataHandler<'_>> {
        Ok(self.table.snapshot()?.log_data())
    }

    /// The wanted files of the version, in the order of its log.
    fn files(&self) -> Result<&[DataFile]> {
        if let Some(files) = self.files.get() {
            return Ok(files);
        }
        let names = self.table.snapshot()?.metadata().partition_columns();
        let only = self.only.as_ref();
        let mut files = Vec::new();
        for view in self.log_data()?.iter() {
            // There may be many that are not, and few that are.
            if only.is_some_and(|only| !only.contains(view.path().as_ref())) {
                continue;
            }
            let told = view.partition_values_map();
            let values = names.iter().map(|name| {
                let kind = self.schema.field_with_name(name)?.data_type();
                // Delta says so of a value that is not there.
                let value = told.get(name).and_then(Option::as_deref);
                match value.filter(|value| !value.is_empty()) {
                    Some(value) => ScalarValue::try_from_string(value.to_owned(), kind),
                    None => ScalarValue::try_from(kind),
                }
            });
            let values: Vec<ScalarValue> = values.collect::<Result<_>>()?;
            let size = u64::try_from(view.size()).unwrap_or_default();
            let mut file = PartitionedFile::new(String::new(), size);
            file.object_meta.location = view.object_store_path();
            file.object_meta.last_modified = view.modification_datetime()?;
            if let Some(bytes) = &self.bytes {
                let at = |byte| i64::try_from(byte).unwrap_or(i64::MAX);
                file = file.with_range(at(bytes.start), at(bytes.end));
            }
            files.push(DataFile {
                file: file.with_partition_values(values),
                rows: view.num_records().filter(|_| self.bytes.is_none()),
            });
        }
        if only.is_some_and(|only| only.len() != files.len()) {
            return plan_err!("expected files of this version of the table, got others");
        }
        Ok(self.files.get_or_init(|| files))
    }

    /// The wanted files that may have rows for `filters`, as far as the log tells; of some files, all.
    fn kept(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<&DataFile>> {
        let files = self.files()?;
        let may_have = match conjunction(filters.iter().cloned()) {
            Some(filter) if self.only.is_none() => {
                let schema = DFSchema::try_from(self.schema.clone())?;
                let filter = state.create_physical_expr(filter, &schema)?;
                let predicate = PruningPredicateBuilder::new()
                    .with_file_schema(self.schema.clone())
                    .build(filter);
                let bounds = Bounds(self.log_data()?);
                predicate.map(|it| it.prune(&bounds)).transpose()?
            }
            _ => None,
        };
        let may_have = |index: usize| {
            let told = may_have.as_ref().and_then(|may| may.get(index));
            told.copied().unwrap_or(true)
        };
        let files = files.iter().enumerate();
        let kept = files.filter(|(index, _)| may_have(*index));
        Ok(kept.map(|(_, file)| file).collect())
    }

    /// The columns that files have, then those that the log has for a file as a whole, with the
    /// place of each column of the table among them.
    fn split_schema(&self) -> Result<(TableSchema, Vec<usize>)> {
        let names = self.table.snapshot()?.metadata().partition_columns();
        let fields = self.schema.fields().iter().cloned();
        let (of_log, of_files): (Vec<_>, Vec<_>) =
            fields.partition(|field| names.contains(field.name()));
        let table = TableSchema::builder(Arc::new(Schema::new(of_files)))
            .with_table_partition_cols(of_log)
            .build();
        let fields = self.schema.fields().iter();
        let places = fields.map(|field| table.table_schema().index_of(field.name()));
        let places = places.collect::<Result<_, _>>()?;
        Ok((table, places))
    }
}

#[async_trait]
impl TableProvider for DataFiles {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let kept = self.kept(state, filters)?;
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        let projection = projection.unwrap_or(&all);
        if kept.is_empty() {
            let schema = self.schema.project(projection)?;
            return Ok(Arc::new(EmptyExec::new(Arc::new(schema))));
        }
        let (matched, pruned) = (kept.len(), self.files()?.len() - kept.len());
        let rows: Option<usize> = kept.iter().map(|file| file.rows).sum();
        let files = kept.into_iter().map(|file| file.file.clone());
        let groups =
            FileGroup::new(files.collect()).split_files(state.config().target_partitions());

        let (schema, places) = self.split_schema()?;
        let mut statistics = Statistics::new_unknown(schema.table_schema());
        statistics.num_rows = rows.map_or(Precision::Absent, Precision::Exact);
        let projected = projection.iter().filter_map(|it| places.get(*it).copied());
        let url = self.table.log_store().object_store_url();
        let footers = footers::remembered(state, &url, !filters.is_empty())?;
        let source = ParquetSource::new(schema)
            .with_table_parquet_options(state.default_table_options().parquet)
            .with_parquet_file_reader_factory(footers);
        // What was left out before is told beside what Parquet's own statistics leave out.
        let by_log = MetricBuilder::new(source.metrics())
            .with_type(MetricType::Summary)
            .pruning_metrics(PRUNED_BY_LOG, 0);
        by_log.add_matched(matched);
        by_log.add_pruned(pruned);
        let scan = FileScanConfigBuilder::new(url, Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(Some(projected.collect()))?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(scan))
    }
}

/// The bounds of columns that a log has of each file.
struct Bounds<'a>(LogDataHandler<'a>);

impl PruningStatistics for Bounds<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.0.min_values(column)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        let most = self.0.max_values(column)?;
        let DataType::Timestamp(TimeUnit::Microsecond, zone) = most.data_type() else {
            return Some(most);
        };
        let times = most.as_primitive_opt::<TimestampMicrosecondType>()?;
        let times = times.unary::<_, TimestampMicrosecondType>(|it| it.saturating_add(CUT_MICROS));
        Some(Arc::new(times.with_timezone_opt(zone.clone())))
    }

    fn num_containers(&self) -> usize {
        self.0.num_containers()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        self.0.null_counts(column)
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        self.0.row_counts()
    }

    fn contained(&self, column: &Column, values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        self.0.contained(column, values)
    }
}

#[cfg(test)]
mod tests;
