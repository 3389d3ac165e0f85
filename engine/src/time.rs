//! How are times read and written?
//!
//! Inside, a time is a count of microseconds since the epoch, UTC, as in the lake.

mod parse;
#[cfg(test)]
mod tests;

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

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
#[error("{0}")]
pub struct TimeError(String);

impl TimeError {
    fn not_understood(text: &str) -> Self {
        Self(format!(
            "expected a date, a time or a range of them, got `{text}`"
        ))
    }

    fn no_range(text: &str) -> Self {
        Self(format!("`{text}` is a moment, not a range"))
    }

    fn reversed(from: i64, to: i64) -> Self {
        Self(format!(
            "the range ends at {}, before it begins at {}",
            to_text(to),
            to_text(from)
        ))
    }

    /// What would have been understood.
    pub fn hint(&self) -> &'static str {
        "write 2026, 2026-11, 2026-11-24, 2026-11-24T09:30, 2026-11-24T09:30:00+01:00, today, yesterday, \
         last month, -90d or 3 hours ago; a range also as 2026-01..2026-03 or last 90d; without an offset it is UTC"
    }
}

impl TimeRange {
    /// The range between two dates or times that mean the same whenever they are read. A day or
    /// a month given as the end is in the range with all its hours.
    ///
    /// ```
    /// # use trailwright_engine::time::TimeRange;
    /// let november = TimeRange::parse(Some("2026-11"), Some("2026-11"))?;
    /// let days = TimeRange::parse(Some("2026-11-01"), Some("2026-11-30"))?;
    /// assert_eq!(november, days);
    /// # Ok::<(), trailwright_engine::time::TimeError>(())
    /// ```
    pub fn parse(from: Option<&str>, to: Option<&str>) -> Result<Self, TimeError> {
        let bounds =
            |text: &str| parse::absolute(text).ok_or_else(|| TimeError::not_understood(text));
        Ok(Self {
            from: from.map(bounds).transpose()?.map(|(start, _)| start),
            to: to.map(bounds).transpose()?.map(|(_, end)| end),
        })
    }

    /// As [`parse`](Self::parse), and also from times that are seen from `now`: `-90d`,
    /// `yesterday`, `last month`.
    pub fn between(from: Option<&str>, to: Option<&str>, now: i64) -> Result<Self, TimeError> {
        parse::between(from, to, now)
    }

    /// The range that one text names: `2026-01..2026-03`, `last 90d`, `last month`, `2026`.
    ///
    /// ```
    /// # use trailwright_engine::time::{TimeRange, from_text};
    /// let now = from_text("2026-11-24T09:30:00Z").unwrap_or_default();
    /// let range = TimeRange::during("last month", now)?;
    /// assert_eq!(range, TimeRange::parse(Some("2026-10"), Some("2026-10"))?);
    /// # Ok::<(), trailwright_engine::time::TimeError>(())
    /// ```
    pub fn during(text: &str, now: i64) -> Result<Self, TimeError> {
        parse::range(text, now)
    }

    /// From so long before `now` on: `90d`, `2 weeks`, `36h`; or the last whole `month`.
    pub fn last(text: &str, now: i64) -> Result<Self, TimeError> {
        match parse::last(text, now) {
            Some(range) => Ok(range),
            None => parse::range(&format!("last {}", text.trim()), now)
                .map_err(|_| TimeError::not_understood(text)),
        }
    }
}

impl fmt::Display for TimeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [from, to] = [self.from, self.to].map(|at| at.map(to_text));
        match (from, to) {
            (None, None) => f.write_str("all time"),
            (Some(from), None) => write!(f, "from {from}"),
            (None, Some(to)) => write!(f, "before {to}"),
            (Some(from), Some(to)) => write!(f, "from {from} before {to}"),
        }
    }
}

/// The time in an RFC 3339 `text`.
pub fn from_text(text: &str) -> Option<i64> {
    text.parse::<Timestamp>()
        .ok()
        .map(Timestamp::as_microsecond)
}

/// The time in a `text` that is written just as [`to_text`] writes it, to the second, as nearly all
/// of CloudTrail's are.
pub(crate) fn from_usual_text(text: &str) -> Option<i64> {
    let bytes: &[u8; 20] = text.as_bytes().try_into().ok()?;
    let [
        y0,
        y1,
        y2,
        y3,
        b'-',
        m0,
        m1,
        b'-',
        d0,
        d1,
        b'T',
        h0,
        h1,
        b':',
        n0,
        n1,
        b':',
        s0,
        s1,
        b'Z',
    ] = *bytes
    else {
        return None;
    };
    let digit = |byte: u8| byte.is_ascii_digit().then(|| byte - b'0');
    let two = |tens: u8, ones: u8| i8::try_from(digit(tens)? * 10 + digit(ones)?).ok();
    let year = i16::from(two(y0, y1)?) * 100 + i16::from(two(y2, y3)?);
    let at = DateTime::new(
        year,
        two(m0, m1)?,
        two(d0, d1)?,
        two(h0, h1)?,
        two(n0, n1)?,
        two(s0, s1)?,
        0,
    )
    .ok()?;
    TimeZone::UTC
        .to_timestamp(at)
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
