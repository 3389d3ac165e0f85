//! How are times read and written?
//!
//! Inside, a time is a count of microseconds since the epoch, UTC, as in the lake.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// A time range: `from` is in it, `to` is not. An open end is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimeRange {
    /// First microsecond of the range.
    pub from: Option<i64>,
    /// First microsecond after the range.
    pub to: Option<i64>,
}

/// A time that could not be read.
#[derive(Debug, thiserror::Error)]
#[error("expected a date or a time, got `{0}`")]
pub struct TimeError(String);

impl TimeError {
    /// What would have been understood.
    pub fn hint(&self) -> &'static str {
        "write 2026-11-24, 2026-11, 2026-11-24T09:30 or 2026-11-24T09:30:00+01:00; without an offset it is UTC"
    }
}

impl TimeRange {
    /// The range between two texts as people write them. A day or a month given as the end is
    /// in the range with all its hours.
    ///
    /// ```
    /// # use trailwright_engine::time::TimeRange;
    /// let november = TimeRange::parse(Some("2026-11"), Some("2026-11"))?;
    /// let days = TimeRange::parse(Some("2026-11-01"), Some("2026-11-30"))?;
    /// assert_eq!(november, days);
    /// # Ok::<(), trailwright_engine::time::TimeError>(())
    /// ```
    pub fn parse(from: Option<&str>, to: Option<&str>) -> Result<Self, TimeError> {
        Ok(Self {
            from: from.map(parse_period).transpose()?.map(|(start, _)| start),
            to: to.map(parse_period).transpose()?.map(|(_, end)| end),
        })
    }
}

/// Start and end (exclusive) of the month, day or instant that `text` names.
fn parse_period(text: &str) -> Result<(i64, i64), TimeError> {
    let error = || TimeError(text.to_owned());
    let month = |text: &str| -> Option<(i64, i64)> {
        let start: Date = format!("{text}-01").parse().ok()?;
        Some((
            utc(start.into())?,
            utc(start.checked_add(1.month()).ok()?.into())?,
        ))
    };
    let day = |text: &str| -> Option<(i64, i64)> {
        let start: Date = text.parse().ok()?;
        Some((
            utc(start.into())?,
            utc(start.checked_add(1.day()).ok()?.into())?,
        ))
    };
    let instant = |text: &str| -> Option<(i64, i64)> {
        let at = match text.parse::<Timestamp>() {
            Ok(at) => at.as_microsecond(),
            Err(_) => utc(text.parse::<DateTime>().ok()?)?,
        };
        Some((at, at))
    };
    let found = match text.len() {
        7 => month(text),
        10 => day(text),
        _ => instant(text),
    };
    found.ok_or_else(error)
}

fn utc(civil: DateTime) -> Option<i64> {
    let timestamp = TimeZone::UTC.to_timestamp(civil).ok()?;
    Some(timestamp.as_microsecond())
}

/// The time in an RFC 3339 `text`.
pub fn from_text(text: &str) -> Option<i64> {
    text.parse::<Timestamp>()
        .ok()
        .map(Timestamp::as_microsecond)
}

/// The time as CloudTrail writes it: `2026-11-24T09:30:00Z`, with a fraction only if there is one.
pub fn to_text(micros: i64) -> String {
    Timestamp::from_microsecond(micros).map_or_else(|_| micros.to_string(), |at| at.to_string())
}

/// Whether `text` is [`to_text`] of `micros`.
pub fn is_text_of(micros: i64, text: &str) -> bool {
    to_text(micros) == text
}

/// The UTC month in which `micros` lies, `2026-11`.
pub fn month(micros: i64) -> String {
    to_text(micros).chars().take(7).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivered_time_comes_back_as_it_was() {
        for text in ["2023-07-10T11:42:36Z", "2026-11-24T00:00:00.123Z"] {
            assert_eq!(from_text(text).map(to_text).as_deref(), Some(text));
        }
    }

    #[test]
    fn an_end_date_includes_its_day() -> Result<(), TimeError> {
        let range = TimeRange::parse(Some("2023-07-10"), Some("2023-07-10"))?;
        assert_eq!(range.from, from_text("2023-07-10T00:00:00Z"));
        assert_eq!(range.to, from_text("2023-07-11T00:00:00Z"));
        Ok(())
    }

    #[test]
    fn nonsense_is_named() {
        let error = TimeRange::parse(Some("yesterday-ish"), None);
        assert_eq!(
            error.map_err(|e| e.to_string()),
            Err("expected a date or a time, got `yesterday-ish`".to_owned())
        );
    }
}
