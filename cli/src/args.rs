//! What can be typed behind `trailwright`?

use std::sync::LazyLock;

use clap::{Args as ClapArgs, Parser};
use miette::{Diagnostic, Result};
use serde::Deserialize;
use trailwright_engine::location::Storage;
use trailwright_engine::reference::Info;
use trailwright_engine::time::{TimeError, TimeRange};

use crate::command::Command;

/// Turns AWS CloudTrail logs into a lake that answers SQL, and activity into least-privilege
/// IAM policies.
///
/// Exit status: 0 all well, 1 wrong usage or nothing could be done, 2 done but some input was
/// rejected, 4 checked and not as it should be, 130 stopped by Ctrl-C.
#[derive(Debug, Parser)]
#[command(name = "trailwright", version = version(), about, long_about = None)]
#[command(max_term_width = 100)]
#[command(
    after_help = "Exit status: 0 all well, 1 wrong usage or fatal, 2 done with rejects, 4 check failed, 130 stopped."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The program's version, and the day of the reference it maps events by.
fn version() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let date = Info::reference_date();
        format!("{} (reference of {date})", env!("CARGO_PKG_VERSION"))
    });
    &TEXT
}

/// A time range, as most commands take it. Times are UTC unless they say otherwise.
#[derive(Debug, Clone, Default, ClapArgs, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RangeArgs {
    /// First day, month or time: 2026-11-01, 2026-11, 2026-11-01T09:30+01:00, yesterday, -90d
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) from: Option<String>,
    /// Last day or month (included), or the time before which to stop
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) to: Option<String>,
    /// The last days, hours, weeks or months until now: 90d, 36h, "2 weeks"
    #[arg(long, value_name = "SPAN", conflicts_with_all = ["from", "to"])]
    pub(crate) last: Option<String>,
    /// A range: 2026-01..2026-03, 2026-11, "last month", "this week"
    #[arg(long, value_name = "RANGE", conflicts_with_all = ["from", "to", "last"], allow_hyphen_values = true)]
    pub(crate) during: Option<String>,
}

/// A time that was not understood, with what would be.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{0}")]
#[diagnostic(help("{}", .0.hint()))]
struct BadTime(TimeError);

impl RangeArgs {
    pub(crate) fn parse(&self) -> Result<TimeRange> {
        Ok(self.range().map_err(BadTime)?)
    }

    /// The range, as seen from now.
    pub(crate) fn range(&self) -> Result<TimeRange, TimeError> {
        let now = jiff::Timestamp::now().as_microsecond();
        match (&self.last, &self.during) {
            (Some(span), _) => TimeRange::last(span, now),
            (_, Some(range)) => TimeRange::during(range, now),
            _ => TimeRange::between(self.from.as_deref(), self.to.as_deref(), now),
        }
    }

    /// Whether the range is said in one way only. The command line sees to that itself.
    pub(crate) fn is_said_once(&self) -> bool {
        let ends = self.from.is_some() || self.to.is_some();
        [ends, self.last.is_some(), self.during.is_some()]
            .into_iter()
            .filter(|said| *said)
            .count()
            <= 1
    }
}

/// How S3 and its like are reached.
#[derive(Debug, Clone, Default, ClapArgs)]
pub(crate) struct StorageArgs {
    /// Server that speaks S3, http://localhost:9000
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
}

impl StorageArgs {
    pub(crate) fn storage(&self) -> Storage {
        Storage {
            endpoint_url: self.endpoint_url.clone(),
        }
    }
}
