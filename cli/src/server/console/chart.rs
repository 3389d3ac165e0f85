//! How are numbers drawn?
//!
//! Pictures have no text: it stands beside them, where it is of the size of all text, can be
//! selected and is read aloud. Colors are classes, which the style gives for light and dark.

use std::collections::BTreeMap;
use std::fmt::Write;

use maud::{Markup, html};
use trailwright_engine::time;

use super::text::{count, day_text};

/// Columns of a picture at most: more could not be told apart.
const COLUMNS: i64 = 120;

/// Time in columns of equal length, counted in days or in minutes since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Axis {
    /// The first day or minute.
    pub(super) first: i64,
    /// The last one.
    pub(super) last: i64,
    /// Days or minutes in a column.
    pub(super) step: i64,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Day,
    Minute,
}

/// Minutes of a column that people count by.
const MINUTES: [i64; 8] = [1, 2, 5, 10, 15, 30, 60, 120];

impl Axis {
    /// From one day to another.
    pub(super) fn of(first: i64, last: i64) -> Self {
        let days = last.saturating_sub(first).saturating_add(1).max(1);
        let step = match days {
            ..=COLUMNS => 1,
            days if days <= 7 * COLUMNS => 7,
            days if days <= 30 * COLUMNS => 30,
            days => days / COLUMNS + 1,
        };
        let unit = Unit::Day;
        Self {
            first,
            last,
            step,
            unit,
        }
    }

    /// From one minute to another, some days later at most.
    pub(super) fn of_minutes(first: i64, last: i64) -> Self {
        let minutes = last.saturating_sub(first).saturating_add(1).max(1);
        let fits = |step: &&i64| minutes / **step < COLUMNS - 1;
        let step = MINUTES
            .iter()
            .find(fits)
            .copied()
            .unwrap_or(minutes / COLUMNS + 1);
        Self {
            first: first - first.rem_euclid(step),
            last,
            step,
            unit: Unit::Minute,
        }
    }

    /// The number of columns.
    pub(super) fn columns(&self) -> i64 {
        (self.last - self.first) / self.step + 1
    }

    /// The column of a day or minute.
    pub(super) fn column(&self, at: i64) -> i64 {
        (at - self.first).div_euclid(self.step)
    }

    /// Days in a column, which the last one may have fewer of.
    fn days_in(&self, column: i64) -> i64 {
        (self.last - self.first + 1 - column * self.step).min(self.step)
    }

    /// What a column stands for, in words.
    pub(super) fn unit(&self) -> String {
        match (self.unit, self.step) {
            (Unit::Day, 1) => "a day".to_owned(),
            (Unit::Day, 7) => "a week".to_owned(),
            (Unit::Day, step) => format!("{step} days"),
            (Unit::Minute, 1) => "a minute".to_owned(),
            (Unit::Minute, 60) => "an hour".to_owned(),
            (Unit::Minute, step) => format!("{step} minutes"),
        }
    }

    /// A day or minute as people write it.
    pub(super) fn shown(&self, at: i64) -> String {
        match self.unit {
            Unit::Day => day_text(at),
            Unit::Minute => time::to_text(at.saturating_mul(60_000_000))
                .chars()
                .take(16)
                .map(|it| if it == 'T' { ' ' } else { it })
                .collect(),
        }
    }

    /// The first and the last day, below a picture.
    pub(super) fn ends(&self) -> Markup {
        html! {
            div.ends aria-hidden="true" {
                span { (self.shown(self.first)) }
                @if self.last > self.first { span { (self.shown(self.last)) } }
            }
        }
    }
}

/// A column for each span of time, of which the lower part may be of a second kind.
pub(super) fn columns(axis: &Axis, label: &str, days: &BTreeMap<i64, (u64, u64)>) -> Markup {
    let mut columns: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
    for (day, (all, second)) in days {
        let column = columns.entry(axis.column(*day)).or_default();
        column.0 += all;
        column.1 += second;
    }
    let most = columns.values().map(|(all, _)| *all).max().unwrap_or(0);
    let height = |value: u64| 100.0 * part(value, most);
    html! {
        figure.columns {
            div.most aria-hidden="true" { (count(most)) " in " (axis.unit()) }
            svg viewBox={ "0 0 " (axis.columns()) " 100" } preserveAspectRatio="none" role="img" aria-label=(label) {
                @for (column, (all, second)) in &columns {
                    g {
                        title {
                            (axis.shown(axis.first + column * axis.step)) ": " (count(*all))
                            @if *second > 0 { ", " (count(*second)) " denied" }
                        }
                        // So that also the gap above a low column tells its number.
                        rect.hover x=(column) y="0" width="1" height="100" {}
                        rect.one x=(format!("{:.2}", *column as f64 + 0.1)) width="0.8"
                            y=(format!("{:.2}", 100.0 - height(*all))) height=(format!("{:.2}", height(*all))) {}
                        @if *second > 0 {
                            rect.two x=(format!("{:.2}", *column as f64 + 0.1)) width="0.8"
                                y=(format!("{:.2}", 100.0 - height(*second))) height=(format!("{:.2}", height(*second))) {}
                        }
                    }
                }
            }
            (axis.ends())
        }
    }
}

/// One row of a calendar: how busy each column was, and where nothing is.
pub(super) fn strip(axis: &Axis, days: &BTreeMap<i64, u64>, most: u64, label: &str) -> Markup {
    let mut columns: BTreeMap<i64, (i64, u64)> = BTreeMap::new();
    for (day, events) in days {
        let column = columns.entry(axis.column(*day)).or_default();
        column.0 += 1;
        column.1 += events;
    }
    // A thread of background between columns, where there are enough of them to be told apart.
    let width = 1.0 - (axis.columns() as f64 * 0.004).min(0.12);
    // One path for each shade: a row may have many columns.
    let mut shades: BTreeMap<&str, String> = BTreeMap::new();
    for (column, (covered, events)) in &columns {
        let shade = match *covered < axis.days_in(*column) {
            true => "part",
            false => shade(events / (*covered).max(1).unsigned_abs(), most),
        };
        // Writing to a string does not fail.
        let _ = write!(
            shades.entry(shade).or_default(),
            "M{column} 0h{width:.2}v1h-{width:.2}z"
        );
    }
    html! {
        svg.strip viewBox={ "0 0 " (axis.columns()) " 1" } preserveAspectRatio="none" role="img" aria-label=(label) {
            @for (shade, path) in &shades { path class=(shade) d=(path) {} }
        }
    }
}

/// How dark a day of so many events is. Numbers of events differ by powers of ten.
fn shade(events: u64, most: u64) -> &'static str {
    let of = |number: u64| (number as f64 + 1.0).ln();
    match (4.0 * of(events) / of(most).max(f64::MIN_POSITIVE)) as u64 {
        0 => "l1",
        1 => "l2",
        2 => "l3",
        _ => "l4",
    }
}

/// A small bar in a table, beside the number that it shows.
pub(super) fn bar(value: u64, most: u64) -> Markup {
    html! {
        svg.bar viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            rect.one width=(format!("{:.1}", 100.0 * part(value, most))) height="8" {}
        }
    }
}

/// How large something is of what it may be.
pub(super) fn meter(value: u64, limit: u64, label: &str) -> Markup {
    let class = if value > limit { "over" } else { "one" };
    html! {
        svg.meter viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label=(label) {
            rect class=(class) width=(format!("{:.1}", 100.0 * part(value, limit))) height="8" {}
        }
    }
}

/// `value` as a part of `most`, visible if it is there at all.
fn part(value: u64, most: u64) -> f64 {
    match value {
        0 => 0.0,
        _ => (value as f64 / most.max(1) as f64).clamp(0.01, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_few_columns_however_long_it_is() {
        for days in [1, 2, 119, 120, 121, 840, 841, 3_600, 3_601, 3_000_000] {
            let axis = Axis::of(5, 4 + days);
            assert!((1..=COLUMNS).contains(&axis.columns()), "{days}: {axis:?}");
            assert_eq!(axis.column(axis.first), 0);
            assert_eq!(axis.column(axis.last), axis.columns() - 1);
        }
    }

    #[test]
    fn a_column_with_a_missing_day_is_no_full_one() {
        let axis = Axis::of(0, 199);
        assert_eq!((axis.step, axis.unit().as_str()), (7, "a week"));
        assert_eq!(Axis::of(0, 4_047).unit(), "34 days");
        let all: BTreeMap<i64, u64> = (0..200).map(|day| (day, 5)).collect();
        let mut gap = all.clone();
        gap.remove(&9);
        let drawn = |days| strip(&axis, days, 5, "").into_string();
        assert!(!drawn(&all).contains("part"));
        assert!(drawn(&gap).contains(r#"class="part" d="M1 0h"#));
    }

    #[test]
    fn a_short_time_is_shown_by_the_minute() {
        for minutes in [1, 40, 119, 120, 4_320] {
            let axis = Axis::of_minutes(28_000_001, 28_000_000 + minutes);
            assert!(
                (1..=COLUMNS).contains(&axis.columns()),
                "{minutes}: {axis:?}"
            );
            assert!(axis.column(28_000_001) >= 0);
        }
        assert_eq!(Axis::of_minutes(0, 7_000).unit(), "an hour");
        assert_eq!(
            Axis::of_minutes(28_148_514, 28_148_554).shown(28_148_514),
            "2023-07-09 13:54"
        );
    }
}
