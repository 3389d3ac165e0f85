//! The operator that makes one row of each run.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::{take, take_record_batch};
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{
    CardinalityEffect, ChildrenPropertiesMode, ReplaceChildrenOptions, apply_expression_roots,
};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning,
    PlanProperties,
};
use futures::StreamExt;

use super::starts::starts;
use super::tally::Tally;

/// Makes one row of each run of rows, within a batch.
#[derive(Debug)]
pub(super) struct RunsExec {
    made: Made,
    /// The columns, by their place, in which rows of a run do not differ.
    columns: Arc<[usize]>,
    input: Arc<dyn ExecutionPlan>,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

/// What is made of a run.
#[derive(Debug, Clone)]
pub(super) enum Made {
    /// Its first row.
    First,
    /// The keys of a group, and the states of the aggregates.
    State {
        keys: Vec<Arc<dyn PhysicalExpr>>,
        tallies: Vec<Tally>,
    },
}

impl Made {
    fn exprs(&self) -> impl Iterator<Item = &Arc<dyn PhysicalExpr>> {
        let (keys, tallies) = match self {
            Self::First => (&[][..], &[][..]),
            Self::State { keys, tallies } => (&keys[..], &tallies[..]),
        };
        keys.iter().chain(tallies.iter().filter_map(Tally::expr))
    }
}

impl RunsExec {
    /// The first rows of runs.
    pub(super) fn firsts(columns: Arc<[usize]>, input: Arc<dyn ExecutionPlan>) -> Self {
        let schema = input.schema();
        Self::new(Made::First, columns, input, schema)
    }

    /// `schema` is that of a partial aggregation with these keys and tallies.
    pub(super) fn states(
        keys: Vec<Arc<dyn PhysicalExpr>>,
        tallies: Vec<Tally>,
        columns: Arc<[usize]>,
        input: Arc<dyn ExecutionPlan>,
        schema: SchemaRef,
    ) -> Self {
        Self::new(Made::State { keys, tallies }, columns, input, schema)
    }

    fn new(
        made: Made,
        columns: Arc<[usize]>,
        input: Arc<dyn ExecutionPlan>,
        schema: SchemaRef,
    ) -> Self {
        let (properties, partitioning) = match made {
            Made::First => (
                input.equivalence_properties().clone(),
                input.output_partitioning().clone(),
            ),
            Made::State { .. } => (
                EquivalenceProperties::new(schema.clone()),
                Partitioning::UnknownPartitioning(input.output_partitioning().partition_count()),
            ),
        };
        let properties = PlanProperties::new(
            properties,
            partitioning,
            input.pipeline_behavior(),
            input.boundedness(),
        );
        Self {
            made,
            columns,
            input,
            schema,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }
}

impl DisplayAs for RunsExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schema = self.input.schema();
        let names = self
            .columns
            .iter()
            .map(|it| schema.field(*it).name().as_str());
        let names = names.collect::<Vec<_>>().join(", ");
        let made = match self.made {
            Made::First => "first rows",
            Made::State { .. } => "states",
        };
        write!(f, "RunsExec: {made} of runs=[{names}]")
    }
}

impl ExecutionPlan for RunsExec {
    fn name(&self) -> &'static str {
        "RunsExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        apply_expression_roots(self.made.exprs(), f)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(input) = children.into_iter().next() else {
            return datafusion::common::internal_err!("no input");
        };
        Ok(Arc::new(Self::new(
            self.made.clone(),
            self.columns.clone(),
            input,
            self.schema.clone(),
        )))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        self.replace_children(children, options)
    }

    fn cardinality_effect(&self) -> CardinalityEffect {
        CardinalityEffect::LowerEqual
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let made = self.made.clone();
        let columns = self.columns.clone();
        let schema = self.schema.clone();
        let input = self.input.execute(partition, context)?;
        let runs = input.map(move |rows| {
            let rows = rows?;
            let _timer = metrics.elapsed_compute().timer();
            let starts = starts(columns.iter().map(|it| rows.column(*it)), rows.num_rows())?;
            let runs = match &made {
                Made::First => firsts(&rows, &starts)?,
                Made::State { keys, tallies } => states(&rows, starts, keys, tallies, &schema)?,
            };
            metrics.record_output(runs.num_rows());
            Ok(runs)
        });
        let schema = self.schema.clone();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, runs)))
    }
}

/// The rows at which runs begin, or the rows themselves where each is a run.
fn firsts(rows: &RecordBatch, starts: &[u32]) -> Result<RecordBatch> {
    if starts.len() == rows.num_rows() {
        return Ok(rows.clone());
    }
    let starts = UInt32Array::from_iter_values(starts.iter().copied());
    Ok(take_record_batch(rows, &starts)?)
}

/// The keys and states of some rows. Keys are worked out once for each run of what they are made
/// of; neighbours with equal keys are one run then.
fn states(
    rows: &RecordBatch,
    finer: Vec<u32>,
    keys: &[Arc<dyn PhysicalExpr>],
    tallies: &[Tally],
    schema: &SchemaRef,
) -> Result<RecordBatch> {
    let of_runs = firsts(rows, &finer)?;
    let count = of_runs.num_rows();
    let evaluated = keys.iter();
    let evaluated: Vec<ArrayRef> = evaluated
        .map(|key| key.evaluate(&of_runs)?.into_array(count))
        .collect::<Result<_>>()?;
    // Those that are columns themselves differ wherever a run begins.
    let firsts = match keys.iter().all(|key| key.is::<Column>()) {
        true => None,
        false => Some(starts(&evaluated, count)?),
    };
    let (mut columns, starts) = match firsts.filter(|firsts| firsts.len() < count) {
        None => (evaluated, finer),
        Some(firsts) => {
            let coarser = firsts.iter();
            let coarser = coarser.filter_map(|it| finer.get(*it as usize).copied());
            let coarser = coarser.collect();
            let firsts = UInt32Array::from(firsts);
            let keys = evaluated.iter().map(|key| take(key, &firsts, None));
            (keys.collect::<Result<_, _>>()?, coarser)
        }
    };
    for tally in tallies {
        columns.push(tally.states(rows, &starts)?);
    }
    Ok(RecordBatch::try_new(schema.clone(), columns)?)
}
