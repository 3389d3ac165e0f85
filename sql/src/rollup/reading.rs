//! How are the roll-up and what came since read as one table?
//!
//! What came since is merged with the rows of its months; those of others are taken as they are. A time
//! range that begins or ends within a day takes that day from the events.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::not;
use datafusion::prelude::{DataFrame, Expr, SessionContext, col, lit};
use deltalake::DeltaTable;
use trailwright_engine::event;
use trailwright_engine::time::TimeRange;

use super::pieces::{self, Given, Pieces, copies_of_days, in_months, row_is_copy, time_between};
use super::{DAY_MICROS, Month, RESOURCES_BY_MONTH, RollUp, coarser};
use crate::data_files::{self, Only};
use crate::lake::Lake;
use crate::{Error, session, tables};

/// The rows of a view of `events` in a time range, from the roll-up as far as it goes. None if it is
/// of no use, and the view itself is to be asked.
pub(crate) async fn rows(
    lake: &Lake,
    ctx: &SessionContext,
    events: &DeltaTable,
    rollup: &RollUp,
    range: TimeRange,
) -> Result<Option<DataFrame>, Error> {
    let Some(changes) = rollup.changes(lake, events).await? else {
        return Ok(None);
    };
    let Some(days) = WholeDays::of(range) else {
        return Ok(None);
    };
    let pieces = Pieces {
        lake,
        ctx,
        source: events,
        kept: rollup.kept,
    };
    let stored = provider(lake, ctx, &rollup.table, None).await?;
    let kept = ctx.read_table(Arc::clone(&stored))?;
    let names = pieces::names(kept.schema().as_arrow());
    let names: Vec<String> = names
        .into_iter()
        .filter(|name| name != event::PARTITION_COLUMN)
        .collect();
    let columns: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut kept = match days.of_rows() {
        None => kept,
        Some(whole) => kept.filter(whole)?,
    };
    if changes.is_empty() && days.edges.is_empty() {
        if rollup.kept.name == tables::ACTIVITY {
            coarser::take_part(lake, ctx, &RESOURCES_BY_MONTH, &rollup.table, &stored).await?;
        }
        return Ok(Some(kept.select_columns(&columns)?));
    }

    // Rows of other months are as they were; so are rows of other days than those that a range cuts.
    let changed = changes.months();
    let same = kept.clone().filter(not(in_months_or_false(&changed)))?;
    let mut rows = same.select_columns(&columns)?;
    for (from, to) in &days.edges {
        let edge = pieces
            .all()
            .await?
            .filter(time_between(Some(*from), Some(*to)))?;
        let edge = pieces.rows(edge, Given::Events).await?;
        rows = rows.union(edge.select_columns(&columns)?)?;
    }
    if changes.is_empty() {
        return Ok(Some(rows));
    }

    let mut parts = Vec::new();
    kept = kept.filter(in_months_or_false(&changed))?;
    if !changes.rebuilt.is_empty() {
        kept = kept.filter(not(in_months_or_false(&changes.rebuilt)))?;
        parts.push(pieces.months(&changes.rebuilt, days.of_events()).await?);
    }
    let new: Vec<String> = changes.new.into_values().flatten().collect();
    if !new.is_empty() {
        let new = Only::files(&new);
        let shared = pieces.shared_days(&new).await?;
        if !shared.is_empty() {
            kept = kept.filter(not(copies_of_days(row_is_copy(), col("day"), &shared)))?;
            let only = without_months(&changes.rebuilt, days.of_events());
            parts.push(pieces.copies(&shared, only).await?);
        }
        parts.push(pieces.additions(&new, &shared, days.of_events()).await?);
    }
    Ok(Some(rows.union(pieces::merge(kept, parts, &columns)?)?))
}

/// The rows of a roll-up's table, of all files or some.
pub(super) async fn provider(
    lake: &Lake,
    ctx: &SessionContext,
    table: &DeltaTable,
    only: Option<&Only>,
) -> Result<Arc<dyn TableProvider>, Error> {
    session::register(lake, ctx, table)?;
    Ok(data_files::provider(ctx.state(), table, only).await?)
}

/// The rows of one file of the roll-up, in order: not on several threads.
pub(super) async fn stored_file(
    lake: &Lake,
    ctx: &SessionContext,
    table: &DeltaTable,
    path: &str,
) -> Result<DataFrame, Error> {
    let mut state = ctx.state();
    state.config_mut().options_mut().execution.target_partitions = 1;
    let ctx = SessionContext::new_with_state(state);
    let only = Only::files(&[path.to_owned()]);
    let provider = provider(lake, &ctx, table, Some(&only)).await?;
    Ok(ctx.read_table(provider)?)
}

/// A condition that is false, not null, where there is no month.
fn in_months_or_false(months: &BTreeSet<Month>) -> Expr {
    let there = col(event::PARTITION_COLUMN).is_not_null();
    match months.contains(&None) {
        true => in_months(months),
        false => there.and(in_months(months)),
    }
}

fn without_months(months: &BTreeSet<Month>, only: Option<Expr>) -> Option<Expr> {
    if months.is_empty() {
        return only;
    }
    let others = not(in_months_or_false(months));
    Some(match only {
        None => others,
        Some(only) => only.and(others),
    })
}

/// A range as whole days, which the roll-up has, and what is beside them.
struct WholeDays {
    /// Days, the first included, the last not.
    from: Option<i64>,
    to: Option<i64>,
    /// Times, the first included, the second not.
    edges: Vec<(i64, i64)>,
}

impl WholeDays {
    /// None if the range has no whole day.
    fn of(range: TimeRange) -> Option<Self> {
        let from = range.from.map(|from| {
            let day = from.div_euclid(DAY_MICROS);
            day + i64::from(from.rem_euclid(DAY_MICROS) > 0)
        });
        let to = range.to.map(|to| to.div_euclid(DAY_MICROS));
        if let (Some(from), Some(to)) = (from, to)
            && from >= to
        {
            return None;
        }
        let start = |day: i64| day.saturating_mul(DAY_MICROS);
        let mut edges = Vec::new();
        if let (Some(time), Some(day)) = (range.from, from)
            && time < start(day)
        {
            edges.push((time, start(day)));
        }
        if let (Some(time), Some(day)) = (range.to, to)
            && start(day) < time
        {
            edges.push((start(day), time));
        }
        Some(Self { from, to, edges })
    }

    /// The condition that a row of the roll-up is of one of the days.
    fn of_rows(&self) -> Option<Expr> {
        let day = |day: i64| {
            let day = i32::try_from(day).unwrap_or(if day < 0 { i32::MIN } else { i32::MAX });
            lit(ScalarValue::Date32(Some(day)))
        };
        let from = self.from.map(|from| col("day").gt_eq(day(from)));
        let to = self.to.map(|to| col("day").lt(day(to)));
        match (from, to) {
            (Some(from), Some(to)) => Some(from.and(to)),
            (from, to) => from.or(to),
        }
    }

    /// The condition that an event is of one of the days.
    fn of_events(&self) -> Option<Expr> {
        if self.from.is_none() && self.to.is_none() {
            return None;
        }
        let start = |day: i64| day.saturating_mul(DAY_MICROS);
        Some(time_between(self.from.map(start), self.to.map(start)))
    }
}
