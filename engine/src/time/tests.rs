//! Are the times that people type understood?

use super::*;

/// A Tuesday.
const NOW: &str = "2026-11-24T09:30:15Z";

fn now() -> i64 {
    from_text(NOW).unwrap_or_default()
}

fn shown(range: Result<TimeRange, TimeError>) -> String {
    range.map_or_else(|error| error.to_string(), |range| range.to_string())
}

fn during(text: &str) -> String {
    shown(TimeRange::during(text, now()))
}

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
fn a_range_is_understood_as_people_write_it() {
    for (text, expected) in [
        (
            "2026",
            "from 2026-01-01T00:00:00Z before 2027-01-01T00:00:00Z",
        ),
        (
            "2026-01",
            "from 2026-01-01T00:00:00Z before 2026-02-01T00:00:00Z",
        ),
        (
            "2026-01-31",
            "from 2026-01-31T00:00:00Z before 2026-02-01T00:00:00Z",
        ),
        (
            "2026-01..2026-03",
            "from 2026-01-01T00:00:00Z before 2026-04-01T00:00:00Z",
        ),
        (
            "2026-01 .. 2026-03",
            "from 2026-01-01T00:00:00Z before 2026-04-01T00:00:00Z",
        ),
        ("2026-01..", "from 2026-01-01T00:00:00Z"),
        ("..2026-03-04T05:06Z", "before 2026-03-04T05:06:00Z"),
        (
            "2025..last month",
            "from 2025-01-01T00:00:00Z before 2026-11-01T00:00:00Z",
        ),
        (
            "today",
            "from 2026-11-24T00:00:00Z before 2026-11-25T00:00:00Z",
        ),
        (
            "yesterday",
            "from 2026-11-23T00:00:00Z before 2026-11-24T00:00:00Z",
        ),
        (
            "this week",
            "from 2026-11-23T00:00:00Z before 2026-11-30T00:00:00Z",
        ),
        (
            "last week",
            "from 2026-11-16T00:00:00Z before 2026-11-23T00:00:00Z",
        ),
        (
            "Last Month",
            "from 2026-10-01T00:00:00Z before 2026-11-01T00:00:00Z",
        ),
        (
            "last quarter",
            "from 2026-07-01T00:00:00Z before 2026-10-01T00:00:00Z",
        ),
        (
            "last year",
            "from 2025-01-01T00:00:00Z before 2026-01-01T00:00:00Z",
        ),
        ("last 90d", "from 2026-08-26T00:00:00Z"),
        ("90 days", "from 2026-08-26T00:00:00Z"),
        ("past 2 weeks", "from 2026-11-10T00:00:00Z"),
        ("last 3 months", "from 2026-08-24T00:00:00Z"),
        ("last 2h", "from 2026-11-24T07:30:15Z"),
        ("last 15 minutes", "from 2026-11-24T09:15:15Z"),
        (
            "-90d..yesterday",
            "from 2026-08-26T00:00:00Z before 2026-11-24T00:00:00Z",
        ),
        (
            "2026-11-24 09:00..now",
            "from 2026-11-24T09:00:00Z before 2026-11-24T09:30:15Z",
        ),
    ] {
        assert_eq!(during(text), expected, "{text}");
    }
}

#[test]
fn bounds_are_periods_or_moments() {
    for (from, to, expected) in [
        (Some("-90d"), None, "from 2026-08-26T00:00:00Z"),
        (Some("90 days ago"), None, "from 2026-08-26T00:00:00Z"),
        (
            Some("-30m"),
            Some("now"),
            "from 2026-11-24T09:00:15Z before 2026-11-24T09:30:15Z",
        ),
        (
            Some("last month"),
            Some("last month"),
            "from 2026-10-01T00:00:00Z before 2026-11-01T00:00:00Z",
        ),
        (
            None,
            Some("2026-11-24T09:30:00+01:00"),
            "before 2026-11-24T08:30:00Z",
        ),
        (None, None, "all time"),
    ] {
        assert_eq!(shown(TimeRange::between(from, to, now())), expected);
    }
}

#[test]
fn what_is_not_understood_is_named() {
    let not = "expected a date, a time or a range of them, got";
    for (text, expected) in [
        ("yesterday-ish", format!("{not} `yesterday-ish`")),
        ("2026-13", format!("{not} `2026-13`")),
        ("2026-02-30", format!("{not} `2026-02-30`")),
        ("", format!("{not} ``")),
        ("..", format!("{not} `..`")),
        (
            "2026-01..2026-02..2026-03",
            format!("{not} `2026-02..2026-03`"),
        ),
        (
            "99999999999999999999d",
            format!("{not} `99999999999999999999d`"),
        ),
        (
            "last 9999999999999d",
            format!("{not} `last 9999999999999d`"),
        ),
        (
            "-9223372036854775807y..",
            format!("{not} `-9223372036854775807y`"),
        ),
        ("this hour", format!("{not} `this hour`")),
        ("é", format!("{not} `é`")),
        ("9é", format!("{not} `9é`")),
        ("now", "`now` is a moment, not a range".to_owned()),
        (
            "2026-03..2026-01",
            "the range ends at 2026-02-01T00:00:00Z, before it begins at 2026-03-01T00:00:00Z"
                .to_owned(),
        ),
    ] {
        assert_eq!(during(text), expected);
    }
}

#[test]
fn what_holds_today_holds_tomorrow_for_absolute_times_alone() {
    // `parse` knows no clock: it must refuse what needs one.
    for text in ["today", "-90d", "last month", "now"] {
        assert!(TimeRange::parse(Some(text), None).is_err(), "{text}");
    }
}
