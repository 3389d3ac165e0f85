//! How are times understood that people type?
//!
//! ```text
//! moment  2026-11-24T09:30, 2026-11-24 09:30:15Z, 2026-11-24T09:30:00+01:00, now, -90m, 3 hours ago
//! period  2026, 2026-11, 2026-11-24, today, yesterday, this week, last month, -90d, 90 days ago
//! range   2026-01..2026-03, 2026-01.., ..2026-03, last 90d, past 2 weeks, or any period
//! ```
//!
//! Without an offset a time is UTC. Days, weeks, months and years are whole ones of the UTC
//! calendar: `-90d` is the day 90 days before today, from its midnight on.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

use super::{TimeError, TimeRange};

/// Start and end (exclusive) of a period; both the same for a moment.
type Bounds = (i64, i64);

/// The range that `text` names, as seen at the time `now`.
pub(super) fn range(text: &str, now: i64) -> Result<TimeRange, TimeError> {
    let text = text.trim();
    let error = || TimeError::not_understood(text);
    if let Some((from, to)) = text.split_once("..") {
        if from.is_empty() && to.is_empty() {
            return Err(error());
        }
        let part = |part: &str| Some(part.trim().to_owned()).filter(|part| !part.is_empty());
        return between(part(from).as_deref(), part(to).as_deref(), now);
    }
    if let Some(range) = last(text, now) {
        return Ok(range);
    }
    let (from, to) = relative(text, now)
        .or_else(|| absolute(text))
        .ok_or_else(error)?;
    if from == to {
        // Of a moment alone nobody could say on which side of it the range lies.
        return Err(TimeError::no_range(text));
    }
    Ok(TimeRange {
        from: Some(from),
        to: Some(to),
    })
}

/// From the start of one period to the end of another.
pub(super) fn between(
    from: Option<&str>,
    to: Option<&str>,
    now: i64,
) -> Result<TimeRange, TimeError> {
    let bounds = |text: &str| {
        let text = text.trim();
        relative(text, now)
            .or_else(|| absolute(text))
            .ok_or_else(|| TimeError::not_understood(text))
    };
    let range = TimeRange {
        from: from.map(bounds).transpose()?.map(|(start, _)| start),
        to: to.map(bounds).transpose()?.map(|(_, end)| end),
    };
    match (range.from, range.to) {
        (Some(from), Some(to)) if to <= from => Err(TimeError::reversed(from, to)),
        _ => Ok(range),
    }
}

/// `90d`, `last 90d`, `past 2 weeks`: from so long ago on. `last month` is a period of the
/// calendar instead, and `month` alone means the same.
pub(super) fn last(text: &str, now: i64) -> Option<TimeRange> {
    let lower = text.trim().to_ascii_lowercase();
    let rest = lower
        .strip_prefix("last ")
        .or_else(|| lower.strip_prefix("past "))
        .unwrap_or(&lower)
        .trim_start();
    let (count, unit) = count_and_unit(rest)?;
    let (from, _) = ago(count, unit, now)?;
    Some(TimeRange {
        from: Some(from),
        to: None,
    })
}

/// A span of the calendar or the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// How each unit may be written.
const UNITS: [(Unit, &[&str]); 7] = [
    (Unit::Minute, &["m", "min", "mins", "minute", "minutes"]),
    (Unit::Hour, &["h", "hour", "hours"]),
    (Unit::Day, &["d", "day", "days"]),
    (Unit::Week, &["w", "week", "weeks"]),
    (Unit::Month, &["mo", "mon", "month", "months"]),
    (Unit::Quarter, &["q", "quarter", "quarters"]),
    (Unit::Year, &["y", "year", "years"]),
];

impl Unit {
    fn named(text: &str) -> Option<Self> {
        let found = UNITS.iter().find(|(_, names)| names.contains(&text));
        found.map(|(unit, _)| *unit)
    }

    fn span(self, count: i64) -> Option<Span> {
        let span = Span::new();
        match self {
            Self::Minute => span.try_minutes(count),
            Self::Hour => span.try_hours(count),
            Self::Day => span.try_days(count),
            Self::Week => span.try_weeks(count),
            Self::Month => span.try_months(count),
            Self::Quarter => span.try_months(count.checked_mul(3)?),
            Self::Year => span.try_years(count),
        }
        .ok()
    }

    /// The first day of the unit of the calendar in which `day` lies.
    fn first_day(self, day: Date) -> Option<Date> {
        match self {
            Self::Minute | Self::Hour => None,
            Self::Day => Some(day),
            Self::Week => {
                let days = i64::from(day.weekday().to_monday_zero_offset());
                day.checked_sub(days.days()).ok()
            }
            Self::Month => Some(day.first_of_month()),
            Self::Quarter => {
                let month = (day.month() - 1) / 3 * 3 + 1;
                Date::new(day.year(), month, 1).ok()
            }
            Self::Year => Some(day.first_of_year()),
        }
    }
}

/// `90d`, `90 days`.
fn count_and_unit(text: &str) -> Option<(i64, Unit)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = text.split_at_checked(digits)?;
    Some((count.parse().ok()?, Unit::named(unit.trim())?))
}

/// What is said as seen from `now`.
fn relative(text: &str, now: i64) -> Option<Bounds> {
    let text = text.to_ascii_lowercase();
    match text.as_str() {
        "now" => return Some((now, now)),
        "today" => return calendar(Unit::Day, 0, now),
        "yesterday" => return calendar(Unit::Day, -1, now),
        _ => {}
    }
    if let Some((which, unit)) = text.split_once(' ') {
        let steps = match which {
            "this" => Some(0),
            "last" | "previous" => Some(-1),
            _ => None,
        };
        if let (Some(steps), Some(unit)) = (steps, Unit::named(unit.trim())) {
            return calendar(unit, steps, now);
        }
    }
    let back = text
        .strip_prefix('-')
        .or_else(|| text.strip_suffix("ago"))?;
    let (count, unit) = count_and_unit(back.trim())?;
    ago(count, unit, now)
}

/// The unit of the calendar that lies `steps` beside the one of `now`.
fn calendar(unit: Unit, steps: i64, now: i64) -> Option<Bounds> {
    let first = unit.first_day(day_of(now)?)?;
    let first = first.checked_add(unit.span(steps)?).ok()?;
    let next = first.checked_add(unit.span(1)?).ok()?;
    Some((utc(first.into())?, utc(next.into())?))
}

/// The moment, or the whole day, so long before `now`.
fn ago(count: i64, unit: Unit, now: i64) -> Option<Bounds> {
    let span = unit.span(count)?;
    match unit {
        Unit::Minute | Unit::Hour => {
            let now = Timestamp::from_microsecond(now).ok()?;
            let at = now.checked_sub(span).ok()?.as_microsecond();
            Some((at, at))
        }
        _ => {
            let day = day_of(now)?.checked_sub(span).ok()?;
            Some((utc(day.into())?, utc(day.tomorrow().ok()?.into())?))
        }
    }
}

/// The year, month, day or moment that `text` names whenever it is read.
pub(super) fn absolute(text: &str) -> Option<Bounds> {
    let whole = |start: Date, unit: Unit| -> Option<Bounds> {
        let end = start.checked_add(unit.span(1)?).ok()?;
        Some((utc(start.into())?, utc(end.into())?))
    };
    match text.len() {
        4 if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            whole(format!("{text}-01-01").parse().ok()?, Unit::Year)
        }
        7 => whole(format!("{text}-01").parse().ok()?, Unit::Month),
        10 => whole(text.parse().ok()?, Unit::Day),
        _ => {
            let at = match text.parse::<Timestamp>() {
                Ok(at) => at.as_microsecond(),
                Err(_) => utc(text.parse::<DateTime>().ok()?)?,
            };
            Some((at, at))
        }
    }
}

fn day_of(micros: i64) -> Option<Date> {
    let at = Timestamp::from_microsecond(micros).ok()?;
    Some(TimeZone::UTC.to_datetime(at).date())
}

fn utc(civil: DateTime) -> Option<i64> {
    let timestamp = TimeZone::UTC.to_timestamp(civil).ok()?;
    Some(timestamp.as_microsecond())
}
