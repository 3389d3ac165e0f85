//! How are the rows of many pieces merged in memory that does not grow with them?
//!
//! The rows of each piece are sorted and put aside on disk. Then all are read side by side, in one
//! order of all columns that are not counted or compared: what belongs together comes together.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::compute::SortOptions;
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::config::SpillCompression;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::aggregate::AggregateExprBuilder;
use datafusion::physical_expr::expressions::col;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode, PhysicalGroupBy};
use datafusion::physical_plan::common::spawn_buffered;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, SpillMetrics};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{ExecutionPlan, SpillManager};
use datafusion::prelude::{DataFrame, SessionContext};
use futures::{StreamExt, TryStreamExt};

use super::pieces::merged_by;
use super::{Kept, MEASURES};
use crate::plain;

/// Rows that are read of each run at a time, since there may be many.
const ROWS_AT_ONCE: usize = 1024;

/// Bytes of rows that stay in memory. In development few, so that tests put rows aside.
const HELD: usize = match cfg!(debug_assertions) {
    true => 16 << 10,
    false => 32 << 20,
};

/// Batches that are worked out before anybody asks for them.
const AHEAD: usize = 2;

/// Rows of a view in several runs, each in order.
pub(super) struct Sorted<'a> {
    ctx: &'a SessionContext,
    schema: SchemaRef,
    /// Names of the columns that rows are grouped by, in the order in which rows are sorted.
    keys: Vec<String>,
    aside: SpillManager,
    /// Bytes of rows that are not put aside, since there are few.
    held: usize,
    runs: Vec<Arc<dyn PartitionStream>>,
}

impl<'a> Sorted<'a> {
    /// No rows yet, of the columns of `schema`.
    pub(super) fn new(ctx: &'a SessionContext, kept: &Kept, schema: &Schema) -> Self {
        let fields = plain::schema(schema);
        let fields = fields.fields().iter();
        let fields: Vec<Field> = fields
            .map(|field| field.as_ref().clone().with_nullable(true))
            .collect();
        let others = fields.iter().map(|field| field.name().as_str());
        let others = others.filter(|name| !MEASURES.contains(name) && !kept.order.contains(name));
        let keys = kept.order.iter().copied().chain(others);
        let keys = keys.map(str::to_owned).collect();
        let schema = Arc::new(Schema::new(fields));
        let metrics = SpillMetrics::new(&ExecutionPlanMetricsSet::new(), 0);
        let aside = SpillManager::new(ctx.runtime_env(), metrics, Arc::clone(&schema))
            .with_compression_type(SpillCompression::Lz4Frame);
        Self {
            ctx,
            schema,
            keys,
            aside,
            held: 0,
            runs: Vec::new(),
        }
    }

    /// Works rows out, sorts them and puts them aside, unless there are few.
    pub(super) async fn add(&mut self, rows: DataFrame) -> Result<()> {
        let order = self.keys.iter();
        let order = order.map(|name| datafusion::prelude::col(name).sort(true, true));
        let rows = self.select(rows)?.sort(order.collect())?;
        let mut rows = self.plain(rows.execute_stream().await?);
        let (mut in_memory, mut held) = (Vec::new(), self.held);
        let mut file = None;
        while let Some(batch) = rows.try_next().await? {
            held += batch.get_array_memory_size();
            if file.is_none() && held <= HELD {
                in_memory.push(batch);
                continue;
            }
            let file = match &mut file {
                Some(file) => file,
                None => file.insert(self.aside.create_in_progress_file("rows of the roll-up")?),
            };
            for batch in in_memory.drain(..).chain([batch]) {
                for start in (0..batch.num_rows()).step_by(ROWS_AT_ONCE) {
                    let length = ROWS_AT_ONCE.min(batch.num_rows() - start);
                    file.append_batch(&batch.slice(start, length))?;
                }
            }
        }
        let aside = file.map(|mut file| file.finish()).transpose()?.flatten();
        let rows = match aside {
            Some(file) => self.aside.read_spill_as_stream(file, None)?,
            None => {
                self.held = held;
                let rows = futures::stream::iter(in_memory.into_iter().map(Ok));
                let schema = Arc::clone(&self.schema);
                Box::pin(RecordBatchStreamAdapter::new(schema, rows))
            }
        };
        self.push(rows);
        Ok(())
    }

    /// Takes rows that are in order already. They are read when they are needed. If somebody else
    /// rewrote their file in another order, rows that belong together may stay several: sums of
    /// them are the same.
    pub(super) async fn add_in_order(&mut self, rows: DataFrame) -> Result<()> {
        for rows in self.select(rows)?.execute_stream_partitioned().await? {
            let rows = spawn_buffered(self.plain(rows), AHEAD);
            self.push(rows);
        }
        Ok(())
    }

    fn select(&self, rows: DataFrame) -> Result<DataFrame> {
        let names = self.schema.fields().iter().map(|field| field.name());
        rows.select_columns(&names.map(String::as_str).collect::<Vec<_>>())
    }

    fn plain(&self, rows: SendableRecordBatchStream) -> SendableRecordBatchStream {
        let schema = Arc::clone(&self.schema);
        let rows = rows.map(move |rows| plain::batch(&rows?, &schema));
        Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            rows,
        ))
    }

    fn push(&mut self, rows: SendableRecordBatchStream) {
        self.runs.push(Arc::new(Run {
            schema: Arc::clone(&self.schema),
            rows: Mutex::new(Some(rows)),
        }));
    }

    /// All rows, in order, those that belong together as one. None if there is no row.
    pub(super) fn merged(self) -> Result<Option<SendableRecordBatchStream>> {
        let schema = &self.schema;
        let order = self.keys.iter().map(|name| {
            let options = SortOptions::new(false, true);
            Ok(PhysicalSortExpr::new(col(name, schema)?, options))
        });
        let order = LexOrdering::new(order.collect::<Result<Vec<_>>>()?);
        let Some(order) = order.filter(|_| !self.runs.is_empty()) else {
            return Ok(None);
        };
        let ordered = [order.clone()];
        let runs = Arc::clone(schema);
        let runs = StreamingTableExec::try_new(runs, self.runs, None, ordered, false, None)?;
        let rows = Arc::new(SortPreservingMergeExec::new(order, Arc::new(runs)));

        let keys = self.keys.iter();
        let keys = keys.map(|name| Ok((col(name, schema)?, name.clone())));
        let keys = PhysicalGroupBy::new_single(keys.collect::<Result<Vec<_>>>()?);
        let measures = MEASURES.iter().filter(|name| schema.index_of(name).is_ok());
        let measures = measures.map(|name| {
            let measure = AggregateExprBuilder::new(merged_by(name), vec![col(name, schema)?]);
            let measure = measure.schema(Arc::clone(schema)).alias(*name).build()?;
            Ok(Arc::new(measure))
        });
        let measures = measures.collect::<Result<Vec<_>>>()?;
        let (mode, filters) = (AggregateMode::Single, vec![None; measures.len()]);
        let merged =
            AggregateExec::try_new(mode, keys, measures, filters, rows, Arc::clone(schema))?;

        let names = schema.fields().iter().map(|field| field.name());
        let columns = names.map(|name| Ok((col(name, &merged.schema())?, name.clone())));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let merged = ProjectionExec::try_new(columns, Arc::new(merged))?;
        let merged = merged.execute(0, self.ctx.task_ctx())?;
        Ok(Some(spawn_buffered(merged, AHEAD)))
    }
}

/// Rows in order, which are read once.
struct Run {
    schema: SchemaRef,
    rows: Mutex<Option<SendableRecordBatchStream>>,
}

impl PartitionStream for Run {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let rows = self.rows.lock();
        let rows = rows.unwrap_or_else(PoisonError::into_inner).take();
        rows.unwrap_or_else(|| {
            let error = DataFusionError::Internal("rows are read once".to_owned());
            let error = futures::stream::iter([Err(error)]);
            Box::pin(RecordBatchStreamAdapter::new(
                Arc::clone(&self.schema),
                error,
            ))
        })
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").finish_non_exhaustive()
    }
}
