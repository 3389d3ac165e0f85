//! Of which accounts, regions and days are there logs? Gaps are what matters here: a day without
//! logs is no day without use.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::super::chart::{self, Axis};
use super::super::text::{count, counted, day_text};

/// Rows that are shown, the busiest.
const ROWS: usize = 24;

/// The busiest pairs of an account and a region.
pub(super) struct Calendar {
    axis: Axis,
    rows: Vec<Row>,
    /// How many pairs there are.
    all: usize,
}

/// Days of an account in a region, and how many events each has.
struct Row {
    account: String,
    region: String,
    days: BTreeMap<i64, u64>,
    events: u64,
}

/// An account and a region, as far as they are known.
type Pair = (Option<String>, Option<String>);

impl Calendar {
    pub(super) fn of((first, last): (i64, i64), rows: BTreeMap<Pair, BTreeMap<i64, u64>>) -> Self {
        let rows = rows.into_iter().filter(|(_, days)| !days.is_empty());
        let mut rows: Vec<Row> = rows
            .map(|((account, region), days)| Row {
                account: account.unwrap_or_else(|| "no account".to_owned()),
                region: region.unwrap_or_else(|| "no region".to_owned()),
                events: days.values().sum(),
                days,
            })
            .collect();
        let all = rows.len();
        rows.sort_by(|a, b| b.events.cmp(&a.events).then(a.account.cmp(&b.account)));
        rows.truncate(ROWS);
        rows.sort_by(|a, b| {
            let events = b.events.cmp(&a.events);
            a.account.cmp(&b.account).then(events)
        });
        Self {
            axis: Axis::of(first, last),
            rows,
            all,
        }
    }
}

pub(super) fn section(calendar: &Calendar) -> Markup {
    let Calendar { axis, rows, all } = calendar;
    let most = rows.iter().flat_map(|row| row.days.values()).max();
    let most = most.copied().unwrap_or(0);
    let length = (axis.last - axis.first + 1).unsigned_abs();
    html! {
        section {
            div.title {
                h2 { "Coverage" }
                p.key { span.gap { "no events" } @if axis.step > 1 { span.part { "days missing" } } span.l1 { "few" } span.l4 { "many" } }
            }
            p.hint {
                "Each mark is " (axis.unit()) ". A quiet region has days without events; an account that logs at all has some every day."
            }
            table.calendar {
                thead { tr {
                    th scope="col" { "Account" }
                    th scope="col" { "Region" }
                    th scope="col" { (axis.ends()) span.sr { "Days" } }
                    th.n scope="col" { "Days" }
                    th.n scope="col" { "Events" }
                } }
                tbody {
                    @for row in rows {
                        tr {
                            td.mono { (row.account) }
                            td { (row.region) }
                            td.marks {
                                (chart::strip(axis, &row.days, most, &format!("{} of {length} days have events", row.days.len())))
                            }
                            td.n { (count(row.days.len() as u64)) " of " (count(length)) }
                            td.n { (count(row.events)) }
                        }
                    }
                }
            }
            @if *all > rows.len() {
                p.hint { "The busiest " (rows.len()) " of " (count(*all as u64)) " pairs of account and region; choose an account to see others." }
            }
            details {
                summary { "Days without events" }
                ul.gaps {
                    @for row in rows {
                        li {
                            span.mono { (row.account) } " " (row.region) ": "
                            @let missing = missing(&row.days, axis);
                            @if missing.is_empty() { "none" }
                            (missing.iter().take(12).map(|(from, to)| match from == to {
                                true => day_text(*from),
                                false => format!("{} to {}", day_text(*from), day_text(*to)),
                            }).collect::<Vec<_>>().join(", "))
                            @if missing.len() > 12 { ", and " (counted(missing.len() as u64 - 12, "more gap", "more gaps")) }
                        }
                    }
                }
            }
        }
    }
}

/// The runs of days without events, from the first day of the lake to its last.
fn missing(days: &BTreeMap<i64, u64>, axis: &Axis) -> Vec<(i64, i64)> {
    let mut runs = Vec::new();
    let mut expected = axis.first;
    for day in days.keys().copied().chain([axis.last + 1]) {
        if day > expected {
            runs.push((expected, day - 1));
        }
        expected = day + 1;
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_told_from_end_to_end() {
        let days: BTreeMap<i64, u64> = [3, 4, 7].map(|day| (day, 1)).into();
        let axis = Axis::of(1, 9);
        assert_eq!(missing(&days, &axis), [(1, 2), (5, 6), (8, 9)]);
        let whole: BTreeMap<i64, u64> = [3, 4].map(|day| (day, 1)).into();
        assert_eq!(missing(&whole, &Axis::of(3, 4)), []);
    }
}
