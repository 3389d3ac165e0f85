//! What is told of the lake at a glance, as numbers?

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use trailwright_sql::Session;

use super::super::ask::{ask, each};
use super::super::fields::Fields;
use super::super::over_time::{Days, OverTime};
use super::super::trouble::Trouble;
use super::calendar::Calendar;

/// The part of the lake that a page is about; an empty text is all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct Part {
    account: String,
    region: String,
}

impl Part {
    pub(super) fn of(fields: &Fields) -> Self {
        let text = |name: &str| fields.get(name).unwrap_or_default().to_owned();
        Self {
            account: text("account"),
            region: text("region"),
        }
    }
}

/// The numbers of the overview.
#[derive(Default)]
pub(in super::super) struct Figures {
    pub(super) events: u64,
    pub(super) denied: u64,
    pub(super) accounts: BTreeSet<String>,
    pub(super) regions: BTreeSet<String>,
    /// The first and the last day with events, and how many have some.
    pub(super) span: Option<(i64, i64)>,
    pub(super) days: u64,
    pub(super) over_time: Option<OverTime>,
    pub(super) calendar: Option<Calendar>,
    pub(super) services: Vec<Busy>,
    pub(super) principals: Vec<Busy>,
    pub(super) denied_calls: Vec<Denied>,
    pub(super) unmapped: Vec<Unmapped>,
}

/// Events of an account in a region on a day.
#[derive(Deserialize)]
struct Day {
    account: Option<String>,
    region: Option<String>,
    day: Option<i64>,
    events: u64,
    denied: u64,
}

/// Something of which there is a longest list.
#[derive(Deserialize)]
pub(super) struct Busy {
    pub(super) name: String,
    pub(super) events: u64,
    pub(super) denied: u64,
}

/// A permission that a principal asked for in vain.
#[derive(Deserialize)]
pub(super) struct Denied {
    pub(super) principal: String,
    pub(super) what: String,
    pub(super) calls: u64,
    pub(super) last_seen: Option<String>,
}

/// An operation of which nobody knows the permission.
#[derive(Deserialize)]
pub(super) struct Unmapped {
    pub(super) event_source: String,
    pub(super) event_name: String,
    pub(super) calls: u64,
    pub(super) principals: u64,
    pub(super) last_seen: Option<String>,
}

impl Figures {
    /// Asks the lake.
    pub(in super::super) async fn of(session: &Session, part: &Part) -> Result<Self, Trouble> {
        let of_part = [("account", &*part.account), ("region", &*part.region)];
        let with = |name, value| [of_part[0], of_part[1], (name, value)];
        let (by_service, by_principal) = (with("by", "service"), with("by", "principal"));
        let busiest = include_str!("busiest.sql");
        let (days, services, principals, denied_calls, unmapped) = futures::try_join!(
            Self::of_days(session, &of_part),
            ask::<Busy>(session, busiest, &by_service),
            ask::<Busy>(session, busiest, &by_principal),
            ask::<Denied>(session, include_str!("denied.sql"), &of_part),
            ask::<Unmapped>(session, include_str!("unmapped.sql"), &of_part),
        )?;
        let (figures, by_day) = days;
        Ok(Self {
            over_time: OverTime::of(session, by_day, &with("principal", "")).await?,
            services,
            principals,
            denied_calls,
            unmapped,
            ..figures
        })
    }

    /// What the days tell, and the sums of each.
    async fn of_days(session: &Session, of_part: &[(&str, &str)]) -> Result<(Self, Days), Trouble> {
        let mut figures = Self::default();
        let mut by_day = Days::new();
        let mut rows: BTreeMap<(Option<String>, Option<String>), BTreeMap<i64, u64>> =
            BTreeMap::new();
        let query = include_str!("days.sql");
        each::<Day>(session, query, of_part, |row| {
            figures.events += row.events;
            figures.denied += row.denied;
            let days = rows.entry((row.account, row.region)).or_default();
            if let Some(day) = row.day {
                *days.entry(day).or_default() += row.events;
                let sum = by_day.entry(day).or_default();
                *sum = (sum.0 + row.events, sum.1 + row.denied);
            }
        })
        .await?;
        let (accounts, regions): (Vec<_>, Vec<_>) = rows.keys().cloned().unzip();
        figures.accounts = accounts.into_iter().flatten().collect();
        figures.regions = regions.into_iter().flatten().collect();
        figures.days = by_day.len() as u64;
        let (first, last) = (by_day.keys().next(), by_day.keys().last());
        figures.span = first.copied().zip(last.copied());
        figures.calendar = figures.span.map(|span| Calendar::of(span, rows));
        Ok((figures, by_day))
    }
}
