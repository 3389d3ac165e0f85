//! How are rows grouped that lie together?
//!
//! Data files are sorted by principal, service and operation, so rows of one group are mostly
//! neighbours. DataFusion hashes the texts of each row to find its group; this rule lets it do so
//! once for each run of equal rows: a run becomes one row, with the state of the aggregates that
//! a partial aggregation would have for it. Where all aggregates are such that a value changes
//! nothing when it comes twice (`count(DISTINCT ...)`, `min`), it becomes its first row. What is
//! grouped is the same, in any order of rows.

mod exec;
mod starts;
mod tally;

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::aggregate::AggregateFunctionExpr;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr_common::physical_expr::is_volatile;
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
    let group = aggregate.group_expr();
    let filtered = aggregate.filter_expr().iter().any(Option::is_some);
    if filtered || aggregate.limit_options().is_some() || group.has_grouping_set() {
        return Ok(None);
    }
    // What stands above it was made for these columns.
    let fits = |made: &AggregateExec| made.schema() == aggregate.schema();
    let made = match states(aggregate)?.filter(fits) {
        Some(merged) => Some(merged),
        None => firsts(aggregate)?.filter(fits),
    };
    Ok(made.map(|made| Arc::new(made) as Arc<dyn ExecutionPlan>))
}

/// The aggregation in another mode, with other groups, of something else.
fn with(
    aggregate: &AggregateExec,
    mode: AggregateMode,
    group: PhysicalGroupBy,
    input: Arc<dyn ExecutionPlan>,
) -> Result<AggregateExec> {
    let aggregates = aggregate.aggr_expr().to_vec();
    let filters = vec![None; aggregates.len()];
    let schema = aggregate.input_schema();
    AggregateExec::try_new(mode, group, aggregates, filters, input, schema)
}

/// The aggregation of the states of runs.
fn states(aggregate: &AggregateExec) -> Result<Option<AggregateExec>> {
    let merging = match aggregate.mode() {
        AggregateMode::Partial => AggregateMode::PartialReduce,
        AggregateMode::Single => AggregateMode::Final,
        AggregateMode::SinglePartitioned => AggregateMode::FinalPartitioned,
        _ => return Ok(None),
    };
    let group = aggregate.group_expr();
    let input = aggregate.input();
    let keys: Vec<_> = group.expr().iter().map(|(key, _)| key.clone()).collect();
    for key in &keys {
        if !starts::can_compare(&key.data_type(&input.schema())?) {
            return Ok(None);
        }
    }
    let Some(columns) = columns(&keys, input).filter(|_| !keys.is_empty()) else {
        return Ok(None);
    };
    let tallies = aggregate.aggr_expr().iter();
    let tallies = tallies.map(|it| Tally::of(it, &input.schema()));
    let Some(tallies) = tallies.collect::<Result<Option<Vec<_>>>>()? else {
        return Ok(None);
    };
    let partial = with(
        aggregate,
        AggregateMode::Partial,
        group.clone(),
        input.clone(),
    )?;
    let runs = RunsExec::states(keys, tallies, columns, input.clone(), partial.schema());
    let merged = with(aggregate, merging, group.as_final(), Arc::new(runs))?;
    Ok(Some(merged))
}

/// The aggregation of the first rows of runs, if nothing changes when a row comes twice.
fn firsts(aggregate: &AggregateExec) -> Result<Option<AggregateExec>> {
    let of_rows = matches!(
        aggregate.mode(),
        AggregateMode::Partial | AggregateMode::Single | AggregateMode::SinglePartitioned
    );
    let aggregates = aggregate.aggr_expr();
    if !of_rows || aggregates.is_empty() || !aggregates.iter().all(|it| takes_copies(it)) {
        return Ok(None);
    }
    let input = aggregate.input();
    let keys = aggregate
        .group_expr()
        .expr()
        .iter()
        .map(|(key, _)| key.clone());
    let arguments = aggregates.iter().flat_map(|it| it.expressions());
    let Some(columns) = columns(&keys.chain(arguments).collect::<Vec<_>>(), input) else {
        return Ok(None);
    };
    let runs = Arc::new(RunsExec::firsts(columns, input.clone()));
    let group = aggregate.group_expr().clone();
    with(aggregate, *aggregate.mode(), group, runs).map(Some)
}

/// Whether an aggregate is the same when a row comes twice.
fn takes_copies(aggregate: &AggregateFunctionExpr) -> bool {
    let ordered = !aggregate.order_bys().is_empty();
    let name = aggregate.fun().name();
    !ordered && (name == "count" && aggregate.is_distinct() || ["min", "max"].contains(&name))
}

/// The places of the columns that expressions are made of. `None` if they are not made of columns
/// that can be compared, or of more than those.
fn columns(
    exprs: &[Arc<dyn PhysicalExpr>],
    input: &Arc<dyn ExecutionPlan>,
) -> Option<Arc<[usize]>> {
    if exprs.iter().any(is_volatile) {
        return None;
    }
    let columns = exprs.iter().flat_map(collect_columns);
    let columns: BTreeSet<usize> = columns.map(|column| column.index()).collect();
    let schema = input.schema();
    let can_compare = |it: &usize| starts::can_compare(schema.field(*it).data_type());
    let all = !columns.is_empty() && columns.iter().all(can_compare);
    all.then(|| columns.into_iter().collect())
}

#[cfg(test)]
mod tests;
