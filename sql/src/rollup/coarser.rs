//! Which questions does a coarser table answer?
//!
//! Those that add rows up and ask for nothing that it lacks. An optimizer rule lets them read it in the
//! place of the finer one, of which it is made: of rows that differ in nothing that it has, it has one
//! with their sums. Of a range of days, whole months are read from the rows of a table by the month, and
//! the rest from the days. It takes part as long as it goes up to the very version of the finer table that a
//! session reads.

mod columns;
mod range;

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::error::Result;
use datafusion::logical_expr::{Aggregate, LogicalPlan, Projection, TableScan, TableScanBuilder};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use datafusion::prelude::{Expr, SessionContext};
use deltalake::DeltaTable;
use trailwright_engine::event;

use super::{Kept, RollUp, reading};
use crate::Error;
use crate::lake::Lake;
use columns::{Added, Columns, Sums};

/// Lets queries in `ctx` of a table, of which `rows` are all rows, read what is kept of it where that does.
/// Nothing happens if nothing is, or it lags behind.
pub(crate) async fn take_part(
    lake: &Lake,
    ctx: &SessionContext,
    kept: &'static Kept,
    of: &DeltaTable,
    rows: &Arc<dyn TableProvider>,
) -> Result<(), Error> {
    let mut standing_ones = Vec::new();
    let (mut next, mut of) = (Some(kept), of.clone());
    while let Some(kept) = next
        && let Some(table) = standing(lake, kept, &of).await?
    {
        standing_ones.push((kept, table.clone()));
        (next, of) = (kept.coarser(), table);
    }
    // The coarsest that has what a query asks for is the first to be asked.
    for (kept, table) in standing_ones.iter().rev() {
        let coarser = reading::provider(lake, ctx, table, None).await?;
        ctx.add_optimizer_rule(Arc::new(AnswerCoarser {
            kept,
            finer: Arc::clone(rows),
            coarser,
        }));
    }
    Ok(())
}

/// The table of `kept`, if it goes up to the very version of what it is made `of`.
async fn standing(
    lake: &Lake,
    kept: &'static Kept,
    of: &DeltaTable,
) -> Result<Option<DeltaTable>, Error> {
    let Some(table) = RollUp::open(lake, kept).await? else {
        return Ok(None);
    };
    let rollup = RollUp::of(lake, kept, table, of).await?;
    let goes_up = rollup.covers.is_some() && rollup.covers == of.version();
    Ok(Some(rollup.table).filter(|_| goes_up))
}

/// Whether a query adds up rows of the table that `rows` are.
pub(crate) fn adds_up(plan: &LogicalPlan, rows: &Arc<dyn TableProvider>) -> Result<bool> {
    let adds = |it: &LogicalPlan| {
        Ok(matches!(
            it,
            LogicalPlan::Aggregate(_) | LogicalPlan::Distinct(_)
        ))
    };
    let reads = |it: &LogicalPlan| match it {
        LogicalPlan::TableScan(scan) => is_of(scan, rows),
        _ => Ok(false),
    };
    Ok(plan.exists(adds)? && plan.exists(reads)?)
}

fn is_of(scan: &TableScan, rows: &Arc<dyn TableProvider>) -> Result<bool> {
    let read = source_as_provider(&scan.source)?;
    Ok(std::ptr::addr_eq(Arc::as_ptr(&read), Arc::as_ptr(rows)))
}

#[derive(Debug)]
struct AnswerCoarser {
    kept: &'static Kept,
    finer: Arc<dyn TableProvider>,
    coarser: Arc<dyn TableProvider>,
}

impl OptimizerRule for AnswerCoarser {
    fn name(&self) -> &'static str {
        self.kept.name
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn supports_rewrite(&self) -> bool {
        true
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        let answer = match &plan {
            LogicalPlan::Aggregate(aggregate) => self.answer(&plan, aggregate)?,
            _ => None,
        };
        Ok(match answer {
            Some(answer) => Transformed::yes(answer),
            None => Transformed::no(plan),
        })
    }
}

impl AnswerCoarser {
    /// The same answer from coarser rows.
    fn answer(&self, plan: &LogicalPlan, aggregate: &Aggregate) -> Result<Option<LogicalPlan>> {
        let sums = match self.kept.of {
            event::TABLE => Sums::of_rows(&aggregate.aggr_expr),
            _ => Sums::default(),
        };
        // How many rows a table has is known without reading it.
        let is_known = aggregate.group_expr.is_empty() && sums.is_count_alone(&aggregate.aggr_expr);
        if is_known
            && matches!(aggregate.input.as_ref(), LogicalPlan::TableScan(scan) if scan.filters.is_empty())
        {
            return Ok(None);
        }
        let Some((input, columns)) = self.coarser(&aggregate.input, &sums)? else {
            return Ok(None);
        };
        if !aggregate.group_expr.iter().all(|it| columns.are_keys(it)) {
            return Ok(None);
        }
        let added = aggregate.aggr_expr.iter().map(|it| columns.add_up(it));
        let Some(added) = added.collect::<Option<Vec<Added>>>() else {
            return Ok(None);
        };
        let answer = match added.iter().all(Added::is_the_same) {
            true => plan.with_new_exprs(plan.expressions(), vec![input])?,
            false => added_up(plan.schema(), aggregate, input, added)?,
        };
        let same = plan
            .schema()
            .logically_equivalent_names_and_types(answer.schema());
        Ok(Some(answer).filter(|_| same))
    }

    /// The same plan with coarser rows and their sums behind, if it reads nothing but the finer table
    /// and all of it that it looks at is in those rows too.
    fn coarser(&self, plan: &LogicalPlan, sums: &Sums) -> Result<Option<(LogicalPlan, Columns)>> {
        if let LogicalPlan::Filter(filter) = plan
            && let LogicalPlan::TableScan(scan) = filter.input.as_ref()
            && let Some(answer) = self.whole_months(filter, scan)?
        {
            return Ok(Some(answer));
        }
        let finer = match plan {
            LogicalPlan::TableScan(scan) => return self.coarser_scan(plan, scan, sums),
            LogicalPlan::SubqueryAlias(alias) => &alias.input,
            LogicalPlan::Projection(projection) => &projection.input,
            LogicalPlan::Filter(filter) => &filter.input,
            _ => return Ok(None),
        };
        let Some((input, columns)) = self.coarser(finer, sums)? else {
            return Ok(None);
        };
        let mut kinds = Vec::new();
        let coarser = match plan {
            LogicalPlan::Filter(filter) if !columns.are_keys(&filter.predicate) => return Ok(None),
            LogicalPlan::Projection(projection) => {
                kinds.extend(projection.expr.iter().map(|expr| columns.kind(expr)));
                let sums = columns.sums().cloned().map(Expr::Column);
                let expressions = projection.expr.iter().cloned().chain(sums).collect();
                // A name that the query gives may be one of those that are carried along.
                match Projection::try_new(expressions, Arc::new(input)) {
                    Ok(projection) => LogicalPlan::Projection(projection),
                    Err(_) => return Ok(None),
                }
            }
            _ => {
                let finer = finer.schema().columns();
                kinds.extend(finer.iter().map(|column| columns.of(column)));
                plan.with_new_exprs(plan.expressions(), vec![input])?
            }
        };
        let columns = Columns::named(plan.schema(), kinds, coarser.schema(), sums);
        Ok(columns.map(|columns| (coarser, columns)))
    }

    fn coarser_scan(
        &self,
        plan: &LogicalPlan,
        scan: &TableScan,
        sums: &Sums,
    ) -> Result<Option<(LogicalPlan, Columns)>> {
        if !is_of(scan, &self.finer)? || scan.fetch.is_some() {
            return Ok(None);
        }
        let schema = self.coarser.schema();
        let names = plan.schema().columns();
        let finer = names.iter().map(|column| schema.index_of(&column.name));
        let places = finer.chain(sums.names().map(|name| schema.index_of(name)));
        let Ok(places) = places.collect::<Result<Vec<usize>, _>>() else {
            return Ok(None);
        };
        let source = provider_as_source(Arc::clone(&self.coarser));
        let coarser = TableScanBuilder::new(scan.table_name.clone(), source)
            .with_projection(Some(places))
            .with_filters(scan.filters.clone())
            .build()?;
        let coarser = LogicalPlan::TableScan(coarser);
        if !begins_like(coarser.schema(), plan.schema()) {
            return Ok(None);
        }
        let kinds = names
            .iter()
            .map(|column| columns::kind(self.kept, &column.name));
        let columns = Columns::named(plan.schema(), kinds.collect(), coarser.schema(), sums);
        let columns = columns.filter(|it| scan.filters.iter().all(|filter| it.are_keys(filter)));
        Ok(columns.map(|columns| (coarser, columns)))
    }
}

/// Whether the first columns of one are the columns of the other.
fn begins_like(one: &DFSchema, other: &DFSchema) -> bool {
    let mut both = one.iter().zip(other.iter());
    one.fields().len() >= other.fields().len()
        && both.all(|((of, field), (of_other, other))| {
            of == of_other && field.name() == other.name() && field.data_type() == other.data_type()
        })
}

/// An aggregation of coarser rows under the names of `schema`.
fn added_up(
    schema: &DFSchema,
    aggregate: &Aggregate,
    input: LogicalPlan,
    added: Vec<Added>,
) -> Result<LogicalPlan> {
    let groups = schema.fields().len().saturating_sub(added.len());
    let sums = added.iter().map(|it| it.sum().clone()).collect();
    let grouped = Aggregate::try_new(Arc::new(input), aggregate.group_expr.clone(), sums)?;
    let columns = grouped.schema.columns().into_iter().map(Expr::Column);
    let added = std::iter::repeat_n(None, groups).chain(added.iter().map(Some));
    let named = columns.zip(added).zip(schema.fields());
    let named = named.map(|((column, added), field)| match added {
        None => column,
        Some(added) => added.of_sum(column).alias(field.name()),
    });
    let named = named.collect();
    let grouped = LogicalPlan::Aggregate(grouped);
    Ok(LogicalPlan::Projection(Projection::try_new(
        named,
        Arc::new(grouped),
    )?))
}
