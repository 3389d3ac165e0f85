//! How are rows grouped that lie together?
//!
//! Data files are sorted by principal, service and operation, so rows of one group are mostly
//! neighbours. DataFusion hashes the texts of each row to find its group; this rule lets it do so
//! once for each run of equal rows: a run becomes one row, with the state of the aggregates that
//! a partial aggregation would have for it. What is grouped is the same, in any order of rows.

mod exec;
mod starts;
mod tally;

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode, PhysicalGroupBy};

use exec::RunsExec;
use tally::Tally;

/// Puts a [`RunsExec`] before each aggregation that it can help.
#[derive(Debug)]
pub(crate) struct GroupByRuns;

impl PhysicalOptimizerRule for GroupByRuns {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let rewrite = |node: Arc<dyn ExecutionPlan>| {
            let runs = node.downcast_ref::<AggregateExec>().map(by_runs);
            Ok(match runs.transpose()?.flatten() {
                Some(by_runs) => Transformed::yes(by_runs),
                None => Transformed::no(node),
            })
        };
        plan.transform_up(rewrite).data()
    }

    fn name(&self) -> &'static str {
        "group_by_runs"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The same aggregation with its runs found before. `None` where it does what runs cannot.
fn by_runs(aggregate: &AggregateExec) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let merging = match aggregate.mode() {
        AggregateMode::Partial => AggregateMode::PartialReduce,
        AggregateMode::Single => AggregateMode::Final,
        _ => return Ok(None),
    };
    let group = aggregate.group_expr();
    let plain = group.is_single() && !group.is_empty();
    let filtered = aggregate.filter_expr().iter().any(Option::is_some);
    if !plain || filtered || aggregate.limit_options().is_some() {
        return Ok(None);
    }
    let input = aggregate.input();
    let keys: Vec<_> = group.expr().iter().map(|(key, _)| key.clone()).collect();
    for key in &keys {
        if !starts::can_compare(&key.data_type(&input.schema())?) {
            return Ok(None);
        }
    }
    let tallies = aggregate.aggr_expr().iter();
    let tallies = tallies.map(|it| Tally::of(it, &input.schema()));
    let Some(tallies) = tallies.collect::<Result<Option<Vec<_>>>>()? else {
        return Ok(None);
    };
    let with = |mode, group: PhysicalGroupBy, input| {
        let aggregates = aggregate.aggr_expr().to_vec();
        let filters = vec![None; aggregates.len()];
        let schema = aggregate.input_schema();
        AggregateExec::try_new(mode, group, aggregates, filters, input, schema)
    };
    let partial = with(AggregateMode::Partial, group.clone(), input.clone())?;
    let runs = RunsExec::new(keys, tallies, input.clone(), partial.schema());
    let merged = with(merging, group.as_final(), Arc::new(runs))?;
    match merged.schema() == aggregate.schema() {
        true => Ok(Some(Arc::new(merged))),
        false => Ok(None),
    }
}

#[cfg(test)]
mod tests;
