//! Which months of a range of days are whole?
//!
//! Rows by the month answer for those; what is left at both ends of the range is read from the days.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::{Column, ScalarValue};
use datafusion::datasource::provider_as_source;
use datafusion::error::Result;
use datafusion::logical_expr::utils::{conjunction, disjunction, split_conjunction_owned};
use datafusion::logical_expr::{
    Between, BinaryExpr, Filter, LogicalPlan, LogicalPlanBuilder, Operator, TableScan,
    TableScanBuilder,
};
use datafusion::prelude::{Expr, lit};
use jiff::ToSpan;
use jiff::civil::Date;
use trailwright_engine::event;

use super::columns::{self, Columns, Kind, Sums};
use super::{AnswerCoarser, begins_like, is_of};
use crate::rollup::Span;

/// The day of a row of `activity`.
const DAY: &str = "day";

const EPOCH: Date = Date::constant(1970, 1, 1);

impl AnswerCoarser {
    /// Rows of a range of days: coarser ones of whole months, and finer ones of what is left of it.
    pub(super) fn whole_months(
        &self,
        filter: &Filter,
        scan: &TableScan,
    ) -> Result<Option<(LogicalPlan, Columns)>> {
        let by_month = self.kept.span == Span::Month && self.kept.of != event::TABLE;
        if !by_month || !is_of(scan, &self.finer)? || scan.fetch.is_some() {
            return Ok(None);
        }
        let mut conditions = split_conjunction_owned(filter.predicate.clone());
        let of_scan = scan.filters.iter().filter(|it| !conditions.contains(it));
        let of_scan: Vec<Expr> = of_scan.cloned().collect();
        conditions.extend(of_scan);
        let Some((days, mut conditions)) = Days::of(conditions) else {
            return Ok(None);
        };
        let schema = filter.input.schema();
        let names = schema.columns();
        let kinds = names.iter().map(|column| match column.name.as_str() {
            DAY => Some(Kind::Lost),
            name => columns::kind(self.kept, name),
        });
        let columns = Columns::named(schema, kinds.collect(), schema, &Sums::default());
        let Some(columns) = columns.filter(|it| conditions.iter().all(|all| it.are_keys(all)))
        else {
            return Ok(None);
        };
        let coarser = self.coarser.schema();
        let wanted = names.iter().map(|column| column.name.as_str());
        let wanted = wanted.filter(|name| *name != DAY);
        let places = wanted.chain([event::PARTITION_COLUMN]);
        let places = places.map(|name| coarser.index_of(name));
        let Ok(places) = places.collect::<Result<Vec<usize>, _>>() else {
            return Ok(None);
        };
        let of_table = |name: &str| Expr::Column(Column::new(Some(scan.table_name.clone()), name));
        let text = coarser
            .field_with_name(event::PARTITION_COLUMN)?
            .data_type();
        conditions.extend(days.of_months(&of_table(event::PARTITION_COLUMN), text)?);
        let source = provider_as_source(Arc::clone(&self.coarser));
        let months = TableScanBuilder::new(scan.table_name.clone(), source)
            .with_projection(Some(places))
            .with_filters(conditions.clone())
            .build()?;
        let nothing = lit(ScalarValue::Date32(None));
        let as_named = names.iter().map(|column| match column.name.as_str() {
            DAY => nothing.clone().alias(DAY),
            _ => Expr::Column(column.clone()),
        });
        let mut rows = LogicalPlanBuilder::from(LogicalPlan::TableScan(months));
        if let Some(all) = conjunction(conditions) {
            rows = rows.filter(all)?;
        }
        let mut rows = rows.project(as_named)?;
        if let Some(rest) = days.of_rest(&of_table(DAY)) {
            let mut scan = scan.clone();
            scan.filters.push(rest.clone());
            let rest = LogicalPlanBuilder::from(LogicalPlan::TableScan(scan))
                .filter(filter.predicate.clone().and(rest))?;
            rows = rows.union(rest.build()?)?;
        }
        let rows = rows.alias(scan.table_name.clone())?.build()?;
        let same = begins_like(rows.schema(), schema);
        Ok(Some((rows, columns)).filter(|_| same))
    }
}

/// Days from the first to before the last, as far as there are such, with a whole month among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Days {
    from: Option<Date>,
    to: Option<Date>,
}

impl Days {
    /// Parts conditions that all must hold into days and others. None if they ask for no range of days,
    /// or for one without a whole month.
    fn of(conditions: Vec<Expr>) -> Option<(Self, Vec<Expr>)> {
        let mut days = Self {
            from: None,
            to: None,
        };
        let mut rest = Vec::new();
        for condition in conditions {
            match bounds(&condition) {
                Some((from, to)) => {
                    days.from = days.from.max(from);
                    days.to = [days.to, to].into_iter().flatten().min();
                }
                None => rest.push(condition),
            }
        }
        let asked = days.from.is_some() || days.to.is_some();
        let (first, end) = days.whole_months()?;
        let whole = first.zip(end).is_none_or(|(first, end)| first < end);
        (asked && whole).then_some((days, rest))
    }

    /// The start of the first whole month and that of the first behind them.
    fn whole_months(self) -> Option<(Option<Date>, Option<Date>)> {
        let first = match self.from {
            Some(from) if from.day() > 1 => {
                Some(from.first_of_month().checked_add(1.month()).ok()?)
            }
            from => from,
        };
        Some((first, self.to.map(Date::first_of_month)))
    }

    /// The condition that `month`, a text of this type, is one of the whole ones.
    fn of_months(self, month: &Expr, text: &DataType) -> Result<Option<Expr>> {
        let Some((first, end)) = self.whole_months() else {
            return Ok(None);
        };
        let name = |start: Date| {
            let name = format!("{:04}-{:02}", start.year(), start.month());
            ScalarValue::from(name).cast_to(text).map(lit)
        };
        let (first, end) = (first.map(name).transpose()?, end.map(name).transpose()?);
        let first = first.map(|first| month.clone().gt_eq(first));
        let end = end.map(|end| month.clone().lt(end));
        Ok(conjunction(first.into_iter().chain(end)))
    }

    /// What of the range is in no whole month: days from the first to before the last.
    fn rest(self) -> Option<impl Iterator<Item = (Date, Date)>> {
        let (first, end) = self.whole_months()?;
        let before = self.from.zip(first).filter(|(from, first)| from < first);
        let behind = end.zip(self.to).filter(|(end, to)| end < to);
        Some(before.into_iter().chain(behind))
    }

    /// The condition that `day` is in the range, and in no whole month. None if no day is.
    fn of_rest(self, day: &Expr) -> Option<Expr> {
        let within = |(from, to)| {
            let ends = (day.clone().gt_eq(date(from)), day.clone().lt(date(to)));
            ends.0.and(ends.1)
        };
        disjunction(self.rest()?.map(within))
    }
}

/// The first day that a condition on the day allows, and the first behind those.
fn bounds(condition: &Expr) -> Option<(Option<Date>, Option<Date>)> {
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_day(left) => {
            let day = of_literal(right)?;
            Some(match op {
                Operator::GtEq => (Some(day), None),
                Operator::Gt => (Some(day.tomorrow().ok()?), None),
                Operator::Lt => (None, Some(day)),
                Operator::LtEq => (None, Some(day.tomorrow().ok()?)),
                _ => return None,
            })
        }
        Expr::Between(Between {
            expr,
            negated: false,
            low,
            high,
        }) if is_day(expr) => {
            let (low, high) = (of_literal(low)?, of_literal(high)?);
            Some((Some(low), Some(high.tomorrow().ok()?)))
        }
        _ => None,
    }
}

fn is_day(expr: &Expr) -> bool {
    matches!(expr, Expr::Column(column) if column.name == DAY)
}

/// The day that a literal says. Months before year 0 have no name that is in order.
fn of_literal(expr: &Expr) -> Option<Date> {
    let Expr::Literal(ScalarValue::Date32(Some(days)), _) = expr else {
        return None;
    };
    let day = EPOCH.checked_add(i64::from(*days).days()).ok()?;
    (day.year() >= 0).then_some(day)
}

fn date(day: Date) -> Expr {
    let days = day.duration_since(EPOCH).as_hours() / 24;
    lit(ScalarValue::Date32(i32::try_from(days).ok()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use datafusion::prelude::col;
    use proptest::prelude::*;

    use super::*;

    fn day() -> impl Strategy<Value = Date> {
        (0..800_i64).prop_map(|days| {
            Date::constant(2025, 11, 1)
                .checked_add(days.days())
                .unwrap()
        })
    }

    proptest! {
        #[test]
        fn a_day_of_the_range_is_in_a_whole_month_or_in_the_rest(
            from in prop::option::of(day()),
            to in prop::option::of(day()),
            days in prop::collection::vec(day(), 20),
        ) {
            let conditions = from.map(|from| col(DAY).gt_eq(date(from)));
            let conditions = conditions.into_iter().chain(to.map(|to| col(DAY).lt(date(to))));
            let Some((range, rest)) = Days::of(conditions.collect()) else {
                return Ok(());
            };
            prop_assert_eq!(rest, []);
            let (first, end) = range.whole_months().unwrap();
            for day in days {
                let wanted = from.is_none_or(|from| from <= day) && to.is_none_or(|to| day < to);
                let month = day.first_of_month();
                let whole = first.is_none_or(|first| first <= month) && end.is_none_or(|end| month < end);
                let in_rest = range.rest().unwrap().filter(|(from, to)| *from <= day && day < *to);
                prop_assert_eq!(usize::from(whole) + in_rest.count(), usize::from(wanted), "{}", day);
            }
        }
    }

    #[test]
    fn what_asks_for_no_range_with_a_whole_month_is_left_alone() {
        let first = Date::constant(2026, 3, 1);
        let late = Date::constant(2026, 4, 30);
        let of = |conditions: &[Expr]| Days::of(conditions.to_vec()).map(|(_, rest)| rest.len());
        assert_eq!(of(&[col("action").is_not_null()]), None);
        assert_eq!(
            of(&[col(DAY).gt(date(first)), col(DAY).lt(date(late))]),
            None
        );
        assert_eq!(of(&[col(DAY).between(date(first), date(late))]), Some(0));
        let even = (col("calls") % lit(2)).eq(lit(0));
        assert_eq!(of(&[even, col(DAY).lt_eq(date(late))]), Some(1));
        let months = Days::of(vec![col(DAY).gt(date(late))]).unwrap().0;
        let months = months.of_months(&col("event_month"), &DataType::Utf8);
        assert_eq!(
            months.unwrap().unwrap().to_string(),
            "event_month >= Utf8(\"2026-05\")"
        );
    }
}
