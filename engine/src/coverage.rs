//! Which logs does the lake have for a range, and which not?
//!
//! No data is not "no use": what a policy rests on is said beside it. A day without any event of
//! an account is a day whose logs are not there; an account that logs at all has some every day.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::time::{self, TimeRange};

/// Events of an account in a region on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    /// The account that has the events.
    pub account: String,
    /// Their region.
    pub region: String,
    /// Their day, in days since the epoch.
    pub day: i64,
    /// How many there are.
    pub events: u64,
    /// The service, if these are data events: `s3.amazonaws.com`.
    pub data_events_of: Option<String>,
}

/// What the lake has for a range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct Coverage {
    /// The first day that was asked for, or that the lake has.
    pub from: Option<String>,
    /// The last one.
    pub to: Option<String>,
    /// Days from the first to the last.
    pub days: usize,
    /// Events.
    pub events: u64,
    /// The accounts.
    pub accounts: Vec<AccountCoverage>,
    /// The services of which the lake has data events. Of others, calls such as `s3:GetObject`
    /// are not in the logs at all.
    pub data_events_of: BTreeSet<String>,
}

/// What the lake has of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountCoverage {
    /// Its id.
    pub account: String,
    /// Events.
    pub events: u64,
    /// Days with events.
    pub days: usize,
    /// Days without any, from the first to the last of each run.
    pub missing: Vec<Days>,
    /// Its regions.
    pub regions: Vec<RegionCoverage>,
}

/// What the lake has of an account in a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegionCoverage {
    /// Its name.
    pub region: String,
    /// Events.
    pub events: u64,
    /// Days with events.
    pub days: usize,
    /// Days without any.
    pub missing: Vec<Days>,
}

/// Days, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Days {
    /// The first.
    pub from: String,
    /// The last, which may be the first.
    pub to: String,
}

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Days of a range beyond which missing ones are not worked out one by one: a hostile event may
/// lie at the end of time.
const MOST_DAYS: i64 = 200_000;

impl Covered {
    /// The order of rows: by account, region, day, and management events first.
    pub fn place(&self) -> (&str, &str, i64, Option<&str>) {
        let data = self.data_events_of.as_deref();
        (&self.account, &self.region, self.day, data)
    }

    /// The day as text, `2026-11-24`.
    pub fn day_text(&self) -> String {
        day_text(self.day)
    }
}

impl Coverage {
    /// What rows of the lake say of a range, which they lie in.
    pub fn of(rows: &[Covered], range: TimeRange) -> Self {
        let day_of = |micros: i64| micros.div_euclid(MICROS_PER_DAY);
        let first = range
            .from
            .map(day_of)
            .or(rows.iter().map(|it| it.day).min());
        let last = range.to.map(|to| day_of(to.saturating_sub(1)));
        let last = last.or(rows.iter().map(|it| it.day).max());
        let (Some(first), Some(last)) = (first, last) else {
            return Self::default();
        };
        let mut accounts: BTreeMap<&str, Vec<&Covered>> = BTreeMap::new();
        for row in rows {
            accounts.entry(&row.account).or_default().push(row);
        }
        let data = rows.iter().filter_map(|it| it.data_events_of.clone());
        Self {
            from: Some(day_text(first)),
            to: Some(day_text(last)),
            days: usize::try_from(last.saturating_sub(first).saturating_add(1)).unwrap_or_default(),
            events: rows.iter().map(|it| it.events).sum(),
            accounts: accounts
                .into_iter()
                .map(|(account, rows)| AccountCoverage::of(account, &rows, first, last))
                .collect(),
            data_events_of: data.collect(),
        }
    }

    /// What the lake has of one account.
    pub fn of_account(&self, account: &str) -> Option<&AccountCoverage> {
        self.accounts.iter().find(|it| it.account == account)
    }

    /// The same, of one account only.
    #[must_use]
    pub fn only(&self, account: &str) -> Self {
        Self {
            accounts: self.of_account(account).cloned().into_iter().collect(),
            ..self.clone()
        }
    }
}

impl AccountCoverage {
    fn of(account: &str, rows: &[&Covered], first: i64, last: i64) -> Self {
        let mut regions: BTreeMap<&str, Vec<&Covered>> = BTreeMap::new();
        for row in rows {
            regions.entry(&row.region).or_default().push(row);
        }
        let days: BTreeSet<i64> = rows.iter().map(|it| it.day).collect();
        Self {
            account: account.to_owned(),
            events: rows.iter().map(|it| it.events).sum(),
            days: days.len(),
            missing: missing(&days, first, last),
            regions: regions
                .into_iter()
                .map(|(region, rows)| {
                    let days: BTreeSet<i64> = rows.iter().map(|it| it.day).collect();
                    RegionCoverage {
                        region: region.to_owned(),
                        events: rows.iter().map(|it| it.events).sum(),
                        days: days.len(),
                        missing: missing(&days, first, last),
                    }
                })
                .collect(),
        }
    }
}

/// The runs of days from `first` to `last` that are not among `days`.
fn missing(days: &BTreeSet<i64>, first: i64, last: i64) -> Vec<Days> {
    if last.saturating_sub(first) > MOST_DAYS {
        return Vec::new();
    }
    let mut runs = Vec::new();
    let mut expected = first;
    for day in days.range(first..).copied().chain([last + 1]) {
        if day > expected {
            runs.push(Days {
                from: day_text(expected),
                to: day_text((day - 1).min(last)),
            });
        }
        expected = expected.max(day + 1);
    }
    runs
}

impl Days {
    /// `2026-11-03`, or `2026-11-03..2026-11-05`.
    pub fn text(&self) -> String {
        match self.from == self.to {
            true => self.from.clone(),
            false => format!("{}..{}", self.from, self.to),
        }
    }
}

fn day_text(day: i64) -> String {
    let micros = day.saturating_mul(MICROS_PER_DAY);
    time::to_text(micros).chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(account: &str, region: &str, day: i64) -> Covered {
        Covered {
            account: account.to_owned(),
            region: region.to_owned(),
            day,
            events: 2,
            data_events_of: None,
        }
    }

    #[test]
    fn days_without_logs_are_told_for_each_account() {
        let rows = [
            row("1", "eu-west-1", 2),
            row("1", "us-east-1", 3),
            row("1", "eu-west-1", 7),
            row("2", "eu-west-1", 4),
        ];
        let range = TimeRange {
            from: Some(MICROS_PER_DAY),
            to: Some(9 * MICROS_PER_DAY),
        };
        let coverage = Coverage::of(&rows, range);
        assert_eq!(coverage.from.as_deref(), Some("1970-01-02"));
        assert_eq!(coverage.to.as_deref(), Some("1970-01-09"));
        assert_eq!((coverage.days, coverage.events), (8, 8));
        let missing = |account: &str| -> Vec<String> {
            let account = coverage.of_account(account);
            let missing = account.map_or(&[][..], |it| &it.missing);
            missing.iter().map(Days::text).collect()
        };
        assert_eq!(
            missing("1"),
            ["1970-01-02", "1970-01-05..1970-01-07", "1970-01-09"]
        );
        assert_eq!(
            missing("2"),
            ["1970-01-02..1970-01-04", "1970-01-06..1970-01-09"]
        );
    }

    #[test]
    fn without_a_range_the_lake_s_own_counts() {
        let coverage = Coverage::of(&[row("1", "r", 2), row("1", "r", 3)], TimeRange::default());
        assert_eq!(
            (coverage.days, coverage.from.as_deref()),
            (2, Some("1970-01-03"))
        );
        let account = coverage.of_account("1");
        assert_eq!(account.map(|it| it.missing.len()), Some(0));
        assert_eq!(Coverage::of(&[], TimeRange::default()), Coverage::default());
    }
}
