//! When did it happen?

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde::Deserialize;
use trailwright_sql::Session;

use super::ask::ask;
use super::chart::{self, Axis};
use super::fields::Fields;
use super::span;
use super::text::count;
use super::trouble::Trouble;

/// Events up to which a time is so short that minutes are of interest: they are counted anew, as
/// the roll-up knows days.
const DAYS: i64 = 3;

/// Rows of the table beside the picture.
const ROWS: usize = 400;

/// Events, and those of them that were refused, by day.
pub(super) type Days = BTreeMap<i64, (u64, u64)>;

#[derive(Deserialize)]
struct Minute {
    minute: i64,
    events: u64,
    denied: u64,
}

/// Events over time, ready to be drawn.
pub(super) struct OverTime {
    axis: Axis,
    events: Days,
    last_day: i64,
}

impl OverTime {
    /// Of days, or of their minutes if there are few days. None if there is nothing.
    pub(super) async fn of(
        session: &Session,
        days: Days,
        values: &[(&str, &str)],
    ) -> Result<Option<Self>, Trouble> {
        let (Some(first), Some(last)) = (days.keys().next(), days.keys().last()) else {
            return Ok(None);
        };
        let (first, last_day) = (*first, *last);
        if last_day - first >= DAYS {
            let axis = Axis::of(first, last_day);
            return Ok(Some(Self {
                axis,
                events: days,
                last_day,
            }));
        }
        let rows = ask::<Minute>(session, include_str!("over_time/minutes.sql"), values).await?;
        let minutes = || rows.iter().map(|it| it.minute);
        let axis = match (minutes().min(), minutes().max()) {
            (Some(first), Some(last)) => Axis::of_minutes(first, last),
            _ => return Ok(None),
        };
        let mut events = Days::new();
        for row in &rows {
            let start = axis.first + axis.column(row.minute) * axis.step;
            let sum = events.entry(start).or_default();
            *sum = (sum.0 + row.events, sum.1 + row.denied);
        }
        Ok(Some(Self {
            axis,
            events,
            last_day,
        }))
    }

    /// The section of a page.
    pub(super) fn section(&self, title: &str, fields: &Fields, path: &str) -> Markup {
        let Self {
            axis,
            events,
            last_day,
        } = self;
        html! {
            section {
                div.title {
                    h2 { (title) }
                    p.key { span.one { "events" } span.two { "denied" } }
                }
                (span::presets(fields, path, Some(*last_day)))
                (chart::columns(axis, "Events over time; the table below has the numbers", events))
                details {
                    summary { "Table" }
                    div.scroll tabindex="0" role="group" aria-label="Events over time" {
                        table {
                            thead { tr { th scope="col" { "From" } th.n scope="col" { "Events" } th.n scope="col" { "Denied" } } }
                            tbody {
                                @for (at, (events, denied)) in events.iter().rev().take(ROWS) {
                                    tr { td { (axis.shown(*at)) } td.n { (count(*events)) } td.n { (count(*denied)) } }
                                }
                            }
                        }
                    }
                    @if events.len() > ROWS {
                        p.hint { "The last " (ROWS) " of " (count(events.len() as u64)) " days; choose a range to see others." }
                    }
                }
            }
        }
    }
}
