//! Which questions to `activity` does the coarser table answer?
//!
//! Those that add rows up and ask for nothing that it lacks. An optimizer rule lets them read it
//! instead: of rows that differ in resource, region and day only, it has the sum. It takes part as long as
//! it goes up to the very version of `activity` that a session reads.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::error::Result;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{LogicalPlan, TableScan, TableScanBuilder};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use datafusion::prelude::{Expr, SessionContext};
use deltalake::DeltaTable;

use super::{BY_MONTH, MEASURES, RollUp, reading};
use crate::Error;
use crate::lake::Lake;

/// Lets queries in `ctx` of `activity`, of which `table` are the rows, read what is stored by the
/// month where that does. Nothing happens if there is no such table, or it lags behind.
pub(super) async fn take_part(
    lake: &Lake,
    ctx: &SessionContext,
    activity: &DeltaTable,
    rows: &Arc<dyn TableProvider>,
) -> Result<(), Error> {
    let Some(table) = RollUp::open(lake, &BY_MONTH).await? else {
        return Ok(());
    };
    let rollup = RollUp::of(lake, &BY_MONTH, table, activity).await?;
    if rollup.covers.is_none() || rollup.covers != activity.version() {
        return Ok(());
    }
    let by_month = reading::provider(lake, ctx, &rollup.table, None).await?;
    ctx.add_optimizer_rule(Arc::new(AnswerByMonth {
        activity: Arc::clone(rows),
        by_month,
    }));
    Ok(())
}

#[derive(Debug)]
struct AnswerByMonth {
    activity: Arc<dyn TableProvider>,
    by_month: Arc<dyn TableProvider>,
}

impl OptimizerRule for AnswerByMonth {
    fn name(&self) -> &'static str {
        "answer_by_month"
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
        let LogicalPlan::Aggregate(aggregate) = &plan else {
            return Ok(Transformed::no(plan));
        };
        let Some((input, columns)) = self.coarser(&aggregate.input)? else {
            return Ok(Transformed::no(plan));
        };
        let grouped = aggregate.group_expr.iter().all(|it| columns.are_keys(it));
        if !grouped || !aggregate.aggr_expr.iter().all(|it| columns.add_up(it)) {
            return Ok(Transformed::no(plan));
        }
        let answer = plan.with_new_exprs(plan.expressions(), vec![input])?;
        Ok(match answer.schema() == plan.schema() {
            true => Transformed::yes(answer),
            false => Transformed::no(plan),
        })
    }
}

impl AnswerByMonth {
    /// The same plan with coarser rows, if it reads nothing but `activity` and all of it that it
    /// looks at is in those rows too.
    fn coarser(&self, plan: &LogicalPlan) -> Result<Option<(LogicalPlan, Columns)>> {
        match plan {
            LogicalPlan::TableScan(scan) => self.coarser_scan(plan, scan),
            LogicalPlan::SubqueryAlias(alias) => {
                let Some((input, columns)) = self.coarser(&alias.input)? else {
                    return Ok(None);
                };
                let inner = alias.input.schema().columns();
                let kinds = inner.iter().map(|column| columns.0.get(column).copied());
                let columns = Columns::named(plan, kinds);
                replaced(plan, input, columns)
            }
            LogicalPlan::Projection(projection) => {
                let Some((input, columns)) = self.coarser(&projection.input)? else {
                    return Ok(None);
                };
                let kinds = projection.expr.iter().map(|expr| columns.kind(expr));
                let columns = Columns::named(plan, kinds);
                replaced(plan, input, columns)
            }
            LogicalPlan::Filter(filter) => {
                let Some((input, columns)) = self.coarser(&filter.input)? else {
                    return Ok(None);
                };
                let told = columns.are_keys(&filter.predicate);
                replaced(plan, input, told.then_some(columns))
            }
            _ => Ok(None),
        }
    }

    fn coarser_scan(
        &self,
        plan: &LogicalPlan,
        scan: &TableScan,
    ) -> Result<Option<(LogicalPlan, Columns)>> {
        let read = source_as_provider(&scan.source)?;
        if !std::ptr::addr_eq(Arc::as_ptr(&read), Arc::as_ptr(&self.activity))
            || scan.fetch.is_some()
        {
            return Ok(None);
        }
        let schema = self.by_month.schema();
        let names = plan.schema().columns();
        let places = names.iter().map(|column| schema.index_of(&column.name));
        let Ok(places) = places.collect::<Result<Vec<usize>, _>>() else {
            return Ok(None);
        };
        let kinds = names.iter().map(|column| {
            let measure = MEASURES.iter().find(|name| **name == column.name);
            Some(measure.map_or(Kind::Key, |name| Kind::Measure(name)))
        });
        let columns = Columns::named(plan, kinds);
        let columns = columns.filter(|it| scan.filters.iter().all(|filter| it.are_keys(filter)));
        let source = provider_as_source(Arc::clone(&self.by_month));
        let coarser = TableScanBuilder::new(scan.table_name.clone(), source)
            .with_projection(Some(places))
            .with_filters(scan.filters.clone())
            .build()?;
        let coarser = LogicalPlan::TableScan(coarser);
        let same = coarser.schema() == plan.schema();
        Ok(columns.filter(|_| same).map(|columns| (coarser, columns)))
    }
}

fn replaced(
    plan: &LogicalPlan,
    input: LogicalPlan,
    columns: Option<Columns>,
) -> Result<Option<(LogicalPlan, Columns)>> {
    let Some(columns) = columns else {
        return Ok(None);
    };
    let plan = plan.with_new_exprs(plan.expressions(), vec![input])?;
    Ok(Some((plan, columns)))
}

/// What a column holds of rows that became one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// What they had in common.
    Key,
    /// The sum of what they had, or the least or greatest of it.
    Measure(&'static str),
}

/// The columns of a plan.
#[derive(Debug)]
struct Columns(HashMap<Column, Kind>);

impl Columns {
    /// None if one of them is of no kind.
    fn named(plan: &LogicalPlan, kinds: impl Iterator<Item = Option<Kind>>) -> Option<Self> {
        let columns = plan.schema().columns().into_iter().zip(kinds);
        let columns = columns.map(|(column, kind)| Some((column, kind?)));
        columns.collect::<Option<_>>().map(Self)
    }

    /// What an expression gives.
    fn kind(&self, expr: &Expr) -> Option<Kind> {
        match expr {
            Expr::Alias(alias) => self.kind(&alias.expr),
            Expr::Column(column) => self.0.get(column).copied(),
            other => self.are_keys(other).then_some(Kind::Key),
        }
    }

    /// Whether an expression is the same for all rows that became one.
    fn are_keys(&self, expr: &Expr) -> bool {
        let asks_further = expr.exists(|it| {
            let query = matches!(
                it,
                Expr::Exists(_)
                    | Expr::InSubquery(_)
                    | Expr::ScalarSubquery(_)
                    | Expr::SetComparison(_)
                    | Expr::OuterReferenceColumn(..)
            );
            Ok(query)
        });
        let mut columns = expr.column_refs().into_iter();
        !asks_further.unwrap_or(true)
            && !expr.is_volatile()
            && columns.all(|column| self.0.get(column) == Some(&Kind::Key))
    }

    /// Whether an aggregate gives the same if rows became one before.
    fn add_up(&self, expr: &Expr) -> bool {
        let function = match expr {
            Expr::Alias(alias) => return self.add_up(&alias.expr),
            Expr::AggregateFunction(function) => function,
            _ => return false,
        };
        let AggregateFunction { func, params } = function;
        let filtered = params.filter.as_deref();
        if !filtered.is_none_or(|filter| self.are_keys(filter)) || !params.order_by.is_empty() {
            return false;
        }
        let [argument] = params.args.as_slice() else {
            return false;
        };
        let kind = self.kind(argument);
        match (func.name(), params.distinct) {
            ("sum", false) => matches!(kind, Some(Kind::Measure("calls" | "events"))),
            ("min", _) => matches!(
                kind,
                Some(Kind::Key | Kind::Measure("first_seen" | "sample_event_id"))
            ),
            ("max", _) => matches!(kind, Some(Kind::Key | Kind::Measure("last_seen"))),
            ("count", true) => kind == Some(Kind::Key),
            _ => false,
        }
    }
}
