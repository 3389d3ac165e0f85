//! What are the rows of a view of some events, as a query?

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Date32Type, Schema};
use datafusion::common::ScalarValue;
use datafusion::error::DataFusionError;
use datafusion::functions_aggregate::min_max::{max_udaf, min_udaf};
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::{AggregateUDF, Operator, binary_expr, cast, not};
use datafusion::prelude::{DataFrame, Expr, SessionContext, col, lit};
use deltalake::DeltaTable;
use jiff::ToSpan;
use jiff::civil::Date;
use trailwright_engine::event;

use super::{DAY_MICROS, Kept, MEASURES, Month};
use crate::data_files::{self, Only};
use crate::lake::Lake;
use crate::session::{scratch, utc};
use crate::{Error, tables};

/// One version of the table that a view is made of, to make queries of.
pub(super) struct Pieces<'a> {
    pub(super) lake: &'a Lake,
    pub(super) ctx: &'a SessionContext,
    pub(super) source: &'a DeltaTable,
    /// The view of which the pieces are.
    pub(super) kept: &'static Kept,
}

/// Which of the two classes the events given to [`Pieces::rows`] may be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    /// All events of their days: of the copies of a call, one is to be counted.
    Events,
    /// Events of which each counts.
    Calls,
}

impl Pieces<'_> {
    /// All events.
    pub(super) async fn all(&self) -> Result<DataFrame, Error> {
        let provider = data_files::provider(self.ctx.state(), self.source, None).await?;
        Ok(self.ctx.read_table(provider)?)
    }

    /// The events of some files.
    pub(super) async fn files(&self, only: &Only) -> Result<DataFrame, Error> {
        let state = self.ctx.state();
        let provider = data_files::provider(state, self.source, Some(only)).await?;
        Ok(self.ctx.read_table(provider)?)
    }

    /// The rows of `events`, by the queries of the views.
    pub(super) async fn rows(&self, events: DataFrame, given: Given) -> Result<DataFrame, Error> {
        // A context of its own, in which the names mean these events.
        let ctx = scratch(self.ctx)?;
        let skipped = match given {
            Given::Calls if self.kept.of_calls => {
                ctx.register_table("calls", events.into_view())?;
                1
            }
            Given::Events | Given::Calls => {
                ctx.register_table(self.kept.called, events.into_view())?;
                0
            }
        };
        for view in tables::to_kept(self.kept.name).iter().skip(skipped) {
            let query = ctx.sql(view.query).await?;
            ctx.register_table(view.name, query.into_view())?;
        }
        let plan = ctx.table(self.kept.name).await?.into_unoptimized_plan();
        Ok(DataFrame::new(self.ctx.state(), plan))
    }

    /// The columns of the view.
    pub(super) async fn columns(&self) -> Result<Schema, Error> {
        let rows = self.rows(self.all().await?, Given::Events).await?;
        Ok(rows.schema().as_arrow().clone())
    }

    /// The days of a month on which copies of calls are to be looked for.
    pub(super) fn days_of(&self, month: &Month) -> Result<BTreeSet<i32>, Error> {
        let month = month.as_deref().filter(|_| self.kept.of_calls);
        let days = month.map(days_of_month).transpose();
        let days = days.map_err(|error| DataFusionError::External(Box::new(error)))?;
        Ok(days.unwrap_or_default())
    }

    /// The days on which the events of some files share their id with others.
    pub(super) async fn shared_days(&self, only: &Only) -> Result<BTreeSet<i32>, Error> {
        if !self.kept.of_calls {
            return Ok(BTreeSet::new());
        }
        let shared = col("shared_event_id").is_not_null();
        let timed = col("event_time").is_not_null();
        let days = self
            .files(only)
            .await?
            .filter(shared.and(timed))?
            .select(vec![day_of_event().alias("day")])?
            .distinct()?
            .collect()
            .await?;
        let mut found = BTreeSet::new();
        for batch in &days {
            if let Some(days) = batch.column(0).as_primitive_opt::<Date32Type>() {
                found.extend(days.iter().flatten());
            }
        }
        Ok(found)
    }

    /// The rows of new files without the copies of `days`.
    pub(super) async fn additions(
        &self,
        files: &Only,
        days: &BTreeSet<i32>,
        only: Option<Expr>,
    ) -> Result<DataFrame, Error> {
        let mut events = self.files(files).await?;
        if let Some(only) = only {
            events = events.filter(only)?;
        }
        if !days.is_empty() {
            events = events.filter(not(copies_of_days(event_is_copy(), day_of_event(), days)))?;
        }
        self.rows(events, Given::Calls).await
    }

    /// The rows of the copies of `days`.
    pub(super) async fn copies(
        &self,
        days: &BTreeSet<i32>,
        only: Option<Expr>,
    ) -> Result<DataFrame, Error> {
        let mut events = self.all().await?;
        if let (Some(first), Some(last)) = (days.first(), days.last()) {
            let start = i64::from(*first) * DAY_MICROS;
            let end = (i64::from(*last) + 1) * DAY_MICROS;
            events = events.filter(time_between(Some(start), Some(end)))?;
        }
        if let Some(only) = only {
            events = events.filter(only)?;
        }
        let events = events.filter(one_of(day_of_event(), days))?;
        let rows = self.rows(events, Given::Events).await?;
        Ok(rows.filter(row_is_copy())?)
    }

    /// The rows of whole months.
    pub(super) async fn months(
        &self,
        months: &BTreeSet<Month>,
        only: Option<Expr>,
    ) -> Result<DataFrame, Error> {
        let mut events = self.all().await?.filter(in_months(months))?;
        if let Some(only) = only {
            events = events.filter(only)?;
        }
        self.rows(events, Given::Events).await
    }
}

/// `kept` rows and those of some pieces, those that belong together as one: their `columns`.
pub(super) fn merge(
    kept: DataFrame,
    pieces: Vec<DataFrame>,
    columns: &[&str],
) -> Result<DataFrame, Error> {
    let mut merged = kept.select_columns(columns)?;
    for piece in pieces {
        merged = merged.union(piece.select_columns(columns)?)?;
    }
    let keys = columns.iter().filter(|name| !MEASURES.contains(name));
    let measures = columns.iter().filter(|name| MEASURES.contains(name));
    let measures = measures.map(|name| merged_by(name).call(vec![col(*name)]).alias(*name));
    let merged = merged.aggregate(keys.map(|name| col(*name)).collect(), measures.collect())?;
    Ok(merged.select_columns(columns)?)
}

fn days_of_month(month: &str) -> Result<BTreeSet<i32>, jiff::Error> {
    let first: Date = format!("{month}-01").parse()?;
    let epoch = Date::constant(1970, 1, 1);
    let days = first
        .series(1.day())
        .take_while(|day| day.month() == first.month());
    let days = days.map(|day| day.since(epoch).map(|since| since.get_days()));
    days.collect()
}

/// How the values of a measure become one.
pub(super) fn merged_by(measure: &str) -> Arc<AggregateUDF> {
    match measure {
        "first_seen" | "sample_event_id" => min_udaf(),
        "last_seen" => max_udaf(),
        _ => sum_udaf(),
    }
}

/// The names of a view's columns.
pub(super) fn names(schema: &Schema) -> Vec<String> {
    let fields = schema.fields().iter();
    fields.map(|field| field.name().clone()).collect()
}

/// Whether an event was recorded by another account than the caller's.
fn event_is_copy() -> Expr {
    differ("recipient_account_id", "principal_account")
}

/// The same of a row of the roll-up.
pub(super) fn row_is_copy() -> Expr {
    differ("account", "principal_account")
}

fn differ(one: &str, other: &str) -> Expr {
    binary_expr(col(one), Operator::IsDistinctFrom, col(other))
}

/// Whether a row is a copy of one of these days; false, not null, for rows without a day.
pub(super) fn copies_of_days(is_copy: Expr, day: Expr, days: &BTreeSet<i32>) -> Expr {
    is_copy
        .and(day.clone().is_not_null())
        .and(one_of(day, days))
}

fn one_of(day: Expr, days: &BTreeSet<i32>) -> Expr {
    let days = days.iter().map(|day| lit(ScalarValue::Date32(Some(*day))));
    day.in_list(days.collect(), false)
}

fn day_of_event() -> Expr {
    cast(col("event_time"), DataType::Date32)
}

/// Whether an event's time lies between two times, the second excluded.
pub(super) fn time_between(from: Option<i64>, to: Option<i64>) -> Expr {
    let from = from.map(|from| col("event_time").gt_eq(utc(from)));
    let to = to.map(|to| col("event_time").lt(utc(to)));
    let both = match (from, to) {
        (Some(from), Some(to)) => Some(from.and(to)),
        (from, to) => from.or(to),
    };
    both.unwrap_or_else(|| lit(true))
}

/// Whether a row of either table is of one of these months.
pub(super) fn in_months(months: &BTreeSet<Month>) -> Expr {
    let column = || col(event::PARTITION_COLUMN);
    let named: Vec<Expr> = months
        .iter()
        .flatten()
        .map(|month| lit(month.as_str()))
        .collect();
    let named = match named.is_empty() {
        true => lit(false),
        false => column().is_not_null().and(column().in_list(named, false)),
    };
    match months.contains(&None) {
        true => named.or(column().is_null()),
        false => named,
    }
}
