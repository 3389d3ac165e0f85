//! What is in a lake: how much, of which days, and what is missing?

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use futures::TryStreamExt;
use serde::Serialize;
use trailwright_engine::event;
use trailwright_engine::time;

use super::{Lake, read};
use crate::Error;

const DAY_MICROS: i64 = 86_400_000_000;

const READ_ROWS: usize = 16 * 1024;

/// What a lake consists of.
#[derive(Debug, Clone, Serialize)]
pub struct Info {
    /// Version of the `events` table: how many commits it had.
    pub version: u64,
    /// Version of its columns.
    pub schema_version: u32,
    /// Data files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Events.
    pub events: u64,
    /// Log files that were read into it.
    pub log_files: u64,
    /// Records and files in quarantine.
    pub quarantined: u64,
    /// Which days there are, by account and region.
    pub coverage: Vec<Coverage>,
}

/// The days of one account and region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Account that received the events; nothing if they do not say.
    pub account: Option<String>,
    /// Region that was called.
    pub region: Option<String>,
    /// First day with an event, `2026-11-24`, UTC; nothing if no event has a time.
    pub first: Option<String>,
    /// Last day with an event.
    pub last: Option<String>,
    /// Events.
    pub events: u64,
    /// Days between the first and the last without an event, as first and last day.
    pub gaps: Vec<(String, String)>,
}

impl Lake {
    /// Looks through the whole lake.
    pub async fn info(&self) -> Result<Info, Error> {
        let files: Vec<_> = self.events.snapshot()?.log_data().iter().collect();
        let mut days: BTreeMap<(Option<String>, Option<String>), Days> = BTreeMap::new();
        let store = self.events.object_store();
        for file in &files {
            let path = file.path();
            let names = ["recipient_account_id", "aws_region", "event_time"];
            let mut batches = read::columns(&store, &path, &names, READ_ROWS).await?;
            let failed = |source| read::failed(&path, source);
            while let Some(batch) = batches.try_next().await.map_err(failed)? {
                let text = |name: &str| -> Result<_, Error> {
                    let index = batch.schema().index_of(name)?;
                    Ok(cast(batch.column(index), &DataType::Utf8)?)
                };
                let (accounts, regions) = (text("recipient_account_id")?, text("aws_region")?);
                let times = batch.column(batch.schema().index_of("event_time")?);
                let rows = accounts
                    .as_string::<i32>()
                    .iter()
                    .zip(regions.as_string::<i32>())
                    .zip(times.as_primitive::<TimestampMicrosecondType>());
                for ((account, region), time) in rows {
                    let owned = |text: Option<&str>| text.map(ToOwned::to_owned);
                    let days = days.entry((owned(account), owned(region))).or_default();
                    days.events += 1;
                    days.days
                        .extend(time.map(|time| time.div_euclid(DAY_MICROS)));
                }
            }
        }
        Ok(Info {
            version: self.events.version().unwrap_or_default(),
            schema_version: event::SCHEMA_VERSION,
            files: files.len() as u64,
            bytes: files.iter().map(|file| file.size().unsigned_abs()).sum(),
            events: days.values().map(|days| days.events).sum(),
            log_files: self.ledger().await?.files()?,
            quarantined: self.quarantined().await?.len() as u64,
            coverage: days
                .into_iter()
                .map(|((account, region), days)| days.coverage(account, region))
                .collect(),
        })
    }
}

#[derive(Default)]
struct Days {
    events: u64,
    days: BTreeSet<i64>,
}

impl Days {
    fn coverage(self, account: Option<String>, region: Option<String>) -> Coverage {
        let pairs = self.days.iter().zip(self.days.iter().skip(1));
        let gaps = pairs
            .filter(|(day, next)| **next > **day + 1)
            .map(|(day, next)| (name(day + 1), name(next - 1)));
        Coverage {
            account,
            region,
            first: self.days.first().copied().map(name),
            last: self.days.last().copied().map(name),
            events: self.events,
            gaps: gaps.collect(),
        }
    }
}

fn name(day: i64) -> String {
    time::to_text(day * DAY_MICROS).chars().take(10).collect()
}
