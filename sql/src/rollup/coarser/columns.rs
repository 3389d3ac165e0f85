//! What do the columns of coarser rows tell of the finer ones?

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::functions_aggregate::min_max::{max_udaf, min_udaf};
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams};
use datafusion::logical_expr::{AggregateUDF, Between, BinaryExpr, Operator};
use datafusion::prelude::{Expr, lit};
use trailwright_engine::event;

use super::super::{DAY_MICROS, Kept, MEASURES};

/// The time of an event, of which coarser rows have the day.
const TIME: &str = "event_time";

/// Parts of a time that its day tells, as `date_trunc` and `date_part` name them.
const OF_DAY: [&str; 9] = [
    "day", "week", "month", "quarter", "year", "dow", "doy", "isodow", "isoyear",
];

/// What a column holds of rows that became one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// What they had in common.
    Key,
    /// The start of the day, UTC, in which their times lay.
    Day,
    /// What nobody may ask for: it is not there.
    Lost,
    /// The sum of what they had, or the least or greatest of it.
    Measure(&'static str),
}

/// What the column `name` is in the rows of `kept`.
pub(super) fn kind(kept: &Kept, name: &str) -> Option<Kind> {
    let measure = MEASURES.iter().find(|measure| **measure == name);
    Some(match measure {
        Some(name) => Kind::Measure(name),
        None if name == TIME && kept.of == event::TABLE => Kind::Day,
        None => Kind::Key,
    })
}

/// Columns of coarser rows that tell of the finer rows themselves: how many they were, the first and the
/// last. They are carried along behind the others where a query asks for it.
#[derive(Debug, Clone, Default)]
pub(super) struct Sums(Vec<&'static str>);

const COUNT: &str = "events";
const FIRST: &str = "first_seen";
const LAST: &str = "last_seen";

impl Sums {
    /// Those that aggregates of finer rows need.
    pub(super) fn of_rows(aggregates: &[Expr]) -> Self {
        let functions = || aggregates.iter().filter_map(function);
        let one = |name: &str| functions().any(|it| it.func.name() == name);
        let counts = functions().any(|it| it.func.name() == "count" && !it.params.distinct);
        let wanted = [(COUNT, counts), (FIRST, one("min")), (LAST, one("max"))];
        let wanted = wanted.into_iter().filter(|(_, wanted)| *wanted);
        Self(wanted.map(|(name, _)| name).collect())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().copied()
    }

    /// Whether nothing is asked but how many rows there are.
    pub(super) fn is_count_alone(&self, aggregates: &[Expr]) -> bool {
        let counts = |it: &AggregateFunction| {
            let all = it.params.args.iter().all(is_something);
            it.func.name() == "count" && !it.params.distinct && it.params.filter.is_none() && all
        };
        self.0 == [COUNT] && aggregates.iter().all(|it| function(it).is_some_and(counts))
    }
}

/// The columns of a plan.
#[derive(Debug)]
pub(super) struct Columns {
    kinds: HashMap<Column, Kind>,
    sums: Vec<(&'static str, Column)>,
}

impl Columns {
    /// Those of `finer` by their kinds, and the sums behind them in `coarser`. None if one is of no kind.
    pub(super) fn named(
        finer: &DFSchema,
        kinds: Vec<Option<Kind>>,
        coarser: &DFSchema,
        sums: &Sums,
    ) -> Option<Self> {
        let names = finer.columns();
        let behind = coarser.columns().into_iter().skip(names.len());
        let kinds = names.into_iter().zip(kinds);
        let kinds = kinds.map(|(column, kind)| Some((column, kind?)));
        Some(Self {
            kinds: kinds.collect::<Option<_>>()?,
            sums: sums.names().zip(behind).collect(),
        })
    }

    pub(super) fn of(&self, column: &Column) -> Option<Kind> {
        self.kinds.get(column).copied()
    }

    pub(super) fn sums(&self) -> impl Iterator<Item = &Column> {
        self.sums.iter().map(|(_, column)| column)
    }

    fn sum(&self, name: &str) -> Option<Expr> {
        let mut sums = self.sums.iter();
        let (_, column) = sums.find(|(other, _)| *other == name)?;
        Some(Expr::Column(column.clone()))
    }

    /// What an expression gives.
    pub(super) fn kind(&self, expr: &Expr) -> Option<Kind> {
        match expr {
            Expr::Alias(alias) => self.kind(&alias.expr),
            Expr::Column(column) => self.of(column),
            other => self.are_keys(other).then_some(Kind::Key),
        }
    }

    /// Whether an expression is the same for all rows that became one.
    pub(super) fn are_keys(&self, expr: &Expr) -> bool {
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
        !asks_further.unwrap_or(true) && !expr.is_volatile() && self.tell(expr)
    }

    fn tell(&self, expr: &Expr) -> bool {
        if let Expr::Column(column) = expr {
            return self.of(column) == Some(Kind::Key);
        }
        if self.day_tells(expr) {
            return true;
        }
        let mut all = true;
        let visited = expr.apply_children(|child| {
            all = all && self.tell(child);
            Ok(TreeNodeRecursion::Continue)
        });
        all && visited.is_ok()
    }

    /// Whether an expression asks of a time no more than its day tells.
    fn day_tells(&self, expr: &Expr) -> bool {
        let is_time = |expr: &Expr| self.kind(expr) == Some(Kind::Day);
        match expr {
            Expr::IsNull(it) | Expr::IsNotNull(it) => is_time(it),
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
                is_time(left) && is_start_of_day(*op, right)
            }
            Expr::Between(Between {
                expr, low, high, ..
            }) => {
                is_time(expr)
                    && is_start_of_day(Operator::GtEq, low)
                    && is_start_of_day(Operator::LtEq, high)
            }
            Expr::Cast(cast) => is_time(&cast.expr) && cast.field.data_type() == &DataType::Date32,
            Expr::ScalarFunction(call) => match call.args.as_slice() {
                [Expr::Literal(part, _), time] => {
                    let part = part.try_as_str().flatten().unwrap_or_default();
                    ["date_trunc", "date_part"].contains(&call.func.name())
                        && OF_DAY.contains(&part.to_ascii_lowercase().as_str())
                        && is_time(time)
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// What gives the same as an aggregate if rows became one before.
    pub(super) fn add_up(&self, expr: &Expr) -> Option<Added> {
        let function = function(expr)?;
        let AggregateFunction { func, params } = function;
        let filtered = params.filter.as_deref();
        if !filtered.is_none_or(|filter| self.are_keys(filter)) || !params.order_by.is_empty() {
            return None;
        }
        let [argument] = params.args.as_slice() else {
            return None;
        };
        let kind = self.kind(argument);
        let same = || Some(Added::Same(expr.clone()));
        let other = |function, name| {
            let other = of_sum(function, self.sum(name)?, params, None);
            Some(Added::Other(other))
        };
        match (func.name(), params.distinct, kind) {
            ("sum", false, Some(Kind::Measure("calls" | "events")))
            | ("min", _, Some(Kind::Key | Kind::Measure("first_seen" | "sample_event_id")))
            | ("max", _, Some(Kind::Key | Kind::Measure("last_seen")))
            | ("count", true, Some(Kind::Key)) => same(),
            ("min", _, Some(Kind::Day)) => other(min_udaf(), FIRST),
            ("max", _, Some(Kind::Day)) => other(max_udaf(), LAST),
            ("count", false, _) => {
                // Of a time it is known whether there is one.
                let there = (!is_something(argument)).then(|| argument.clone().is_not_null());
                if !there.iter().all(|it| self.are_keys(it)) {
                    return None;
                }
                let sum = of_sum(sum_udaf(), self.sum(COUNT)?, params, there);
                Some(Added::Count(sum))
            }
            _ => None,
        }
    }
}

/// What takes the place of an aggregate.
#[derive(Debug)]
pub(super) enum Added {
    /// It itself.
    Same(Expr),
    /// Another one.
    Other(Expr),
    /// A sum, in the place of a count: of no rows it is zero.
    Count(Expr),
}

impl Added {
    pub(super) fn is_the_same(&self) -> bool {
        matches!(self, Self::Same(_))
    }

    pub(super) fn sum(&self) -> &Expr {
        match self {
            Self::Same(expr) | Self::Other(expr) | Self::Count(expr) => expr,
        }
    }

    /// What it gives, in a column.
    pub(super) fn of_sum(&self, column: Expr) -> Expr {
        match self {
            Self::Same(_) | Self::Other(_) => column,
            Self::Count(_) => coalesce(vec![column, lit(0_i64)]),
        }
    }
}

/// The aggregate of an expression.
fn function(expr: &Expr) -> Option<&AggregateFunction> {
    match expr {
        Expr::Alias(alias) => function(&alias.expr),
        Expr::AggregateFunction(function) => Some(function),
        _ => None,
    }
}

/// An aggregate of a sum, of those rows that the other one takes and for which `there` holds.
fn of_sum(
    function: Arc<AggregateUDF>,
    sum: Expr,
    other: &AggregateFunctionParams,
    there: Option<Expr>,
) -> Expr {
    let filter = other.filter.as_deref().cloned();
    let filter = match (filter, there) {
        (Some(filter), Some(there)) => Some(filter.and(there)),
        (filter, there) => filter.or(there),
    };
    let filter = filter.map(Box::new);
    let sum = AggregateFunction::new_udf(function, vec![sum], false, filter, Vec::new(), None);
    Expr::AggregateFunction(sum)
}

/// Whether an expression is a value that is never null.
fn is_something(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(value, _) if !value.is_null())
}

/// Whether comparing a time with a literal is comparing its day with it.
fn is_start_of_day(op: Operator, literal: &Expr) -> bool {
    let Expr::Literal(ScalarValue::TimestampMicrosecond(Some(time), _), _) = literal else {
        return false;
    };
    let start = match op {
        Operator::GtEq | Operator::Lt => Some(*time),
        Operator::Gt | Operator::LtEq => time.checked_add(1),
        _ => None,
    };
    start.is_some_and(|start| start.rem_euclid(DAY_MICROS) == 0)
}
