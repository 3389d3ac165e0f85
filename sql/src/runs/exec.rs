//! The operator that makes one row of each run.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{
    CardinalityEffect, ChildrenPropertiesMode, ReplaceChildrenOptions, apply_expression_roots,
};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties,
};
use futures::StreamExt;

use super::starts::starts;
use super::tally::Tally;

/// Makes one row of each run of rows with equal keys, within a batch: its keys, and the states of
/// the aggregates.
#[derive(Debug)]
pub(super) struct RunsExec {
    keys: Vec<Arc<dyn PhysicalExpr>>,
    tallies: Vec<Tally>,
    input: Arc<dyn ExecutionPlan>,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl RunsExec {
    /// `schema` is that of a partial aggregation with these keys and tallies.
    pub(super) fn new(
        keys: Vec<Arc<dyn PhysicalExpr>>,
        tallies: Vec<Tally>,
        input: Arc<dyn ExecutionPlan>,
        schema: SchemaRef,
    ) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema.clone()),
            datafusion::physical_plan::Partitioning::UnknownPartitioning(
                input.output_partitioning().partition_count(),
            ),
            input.pipeline_behavior(),
            input.boundedness(),
        );
        Self {
            keys,
            tallies,
            input,
            schema,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }
}

impl DisplayAs for RunsExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<String> = self.keys.iter().map(ToString::to_string).collect();
        write!(f, "RunsExec: keys=[{}]", keys.join(", "))
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
        let of_tallies = self.tallies.iter().filter_map(Tally::expr);
        apply_expression_roots(self.keys.iter().chain(of_tallies), f)
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
            self.keys.clone(),
            self.tallies.clone(),
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
        let keys = self.keys.clone();
        let tallies = self.tallies.clone();
        let schema = self.schema.clone();
        let input = self.input.execute(partition, context)?;
        let runs = input.map(move |rows| {
            let rows = rows?;
            let _timer = metrics.elapsed_compute().timer();
            let runs = runs(&rows, &keys, &tallies, &schema)?;
            metrics.record_output(runs.num_rows());
            Ok(runs)
        });
        let schema = self.schema.clone();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, runs)))
    }
}

/// The runs of some rows.
fn runs(
    rows: &RecordBatch,
    keys: &[Arc<dyn PhysicalExpr>],
    tallies: &[Tally],
    schema: &SchemaRef,
) -> Result<RecordBatch> {
    let count = rows.num_rows();
    let keys = keys.iter();
    let keys: Vec<ArrayRef> = keys
        .map(|key| key.evaluate(rows)?.into_array(count))
        .collect::<Result<_>>()?;
    let starts = starts(&keys, count)?;
    let states = tallies.iter().map(|it| it.states(rows, &starts));
    let states: Vec<ArrayRef> = states.collect::<Result<_>>()?;
    let firsts = UInt32Array::from(starts);
    let keys = keys.iter().map(|key| take(key, &firsts, None));
    let mut columns: Vec<ArrayRef> = keys.collect::<Result<_, _>>()?;
    columns.extend(states);
    Ok(RecordBatch::try_new(schema.clone(), columns)?)
}
