//! When does it happen?

use std::io::Write as _;

use anyhow::Context as _;
use jiff::ToSpan as _;
use jiff::civil::Date;

/// Seconds of a day.
pub(super) const DAY: u32 = 86_400;

/// How busy each hour is, UTC.
const HOURS: [u32; 24] = [
    5, 4, 4, 4, 5, 6, 8, 10, 12, 13, 13, 12, 12, 13, 14, 14, 13, 12, 10, 9, 8, 7, 6, 5,
];

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A day of the corpus, with its texts.
#[derive(Debug, Clone)]
pub(super) struct Day {
    /// `2026-01-05T`
    iso: String,
    /// `Jan 5, 2026, `
    words: String,
    /// `2026/01/05`
    pub(super) folder: String,
    /// `20260105T`
    pub(super) compact: String,
    /// Seconds since the epoch at its begin.
    pub(super) begin: i64,
    /// Share of a working day's calls.
    pub(super) weight: f64,
}

impl Day {
    /// The day `number` days after `start`.
    pub(super) fn new(start: Date, number: u32) -> anyhow::Result<Self> {
        let date = start
            .checked_add(i64::from(number).days())
            .context("the corpus ends beyond the calendar")?;
        let (year, month, day) = (date.year(), date.month(), date.day());
        let name = usize::try_from(month - 1).ok().and_then(|i| MONTHS.get(i));
        let weekend = matches!(
            date.weekday(),
            jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday
        );
        let midnight = jiff::tz::TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0))?;
        Ok(Self {
            iso: format!("{year:04}-{month:02}-{day:02}T"),
            words: format!("{} {day}, {year}, ", name.copied().unwrap_or_default()),
            folder: format!("{year:04}/{month:02}/{day:02}"),
            compact: format!("{year:04}{month:02}{day:02}T"),
            begin: midnight.as_second(),
            weight: if weekend { 0.55 } else { 1.0 },
        })
    }

    /// `2026-01-05T12:34:56Z`
    pub(super) fn iso(&self, out: &mut Vec<u8>, second: u32) {
        out.extend_from_slice(self.iso.as_bytes());
        let (hour, minute) = (second / 3600, second / 60 % 60);
        for (number, end) in [(hour, b':'), (minute, b':'), (second % 60, b'Z')] {
            two_digits(out, number);
            out.push(end);
        }
    }

    /// `Jan 5, 2026, 12:34:56 PM`
    pub(super) fn words(&self, out: &mut Vec<u8>, second: u32) {
        out.extend_from_slice(self.words.as_bytes());
        let hour = second / 3600;
        let (of_twelve, half) = (hour % 12, if hour < 12 { "AM" } else { "PM" });
        let of_twelve = if of_twelve == 0 { 12 } else { of_twelve };
        // Writing into a vector does not fail.
        let _ = write!(
            out,
            "{of_twelve}:{:02}:{:02} {half}",
            second / 60 % 60,
            second % 60
        );
    }
}

fn two_digits(out: &mut Vec<u8>, number: u32) {
    out.push(b'0' + (number / 10 % 10) as u8);
    out.push(b'0' + (number % 10) as u8);
}

/// The second of the day at which `done` of 2^32 of its calls are done.
pub(super) fn second_of_day(done: u32) -> u32 {
    let all: u32 = HOURS.iter().sum();
    let mut left = u64::from(done) * u64::from(all);
    for (hour, weight) in (0..).zip(HOURS) {
        let of_hour = u64::from(weight) << 32;
        if left < of_hour {
            return hour * 3600 + (left * 3600 / of_hour) as u32;
        }
        left -= of_hour;
    }
    DAY - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_cloudtrail_does() -> anyhow::Result<()> {
        let day = Day::new(jiff::civil::date(2026, 1, 1), 4)?;
        let mut out = Vec::new();
        day.iso(&mut out, 45_296);
        out.push(b' ');
        day.words(&mut out, 296);
        assert_eq!(
            String::from_utf8(out)?,
            "2026-01-05T12:34:56Z Jan 5, 2026, 12:04:56 AM"
        );
        assert_eq!(day.begin, 1_767_571_200);
        Ok(())
    }

    #[test]
    fn the_busy_hours_get_most_of_the_day() {
        assert_eq!(second_of_day(0), 0);
        assert_eq!(second_of_day(u32::MAX), DAY - 1);
        let noon = second_of_day(u32::MAX / 2);
        assert!((11 * 3600..15 * 3600).contains(&noon), "{noon}");
    }
}
