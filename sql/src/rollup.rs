//! What is kept of the activity, and what came since?
//!
//! The roll-up is the view `activity`, stored as a Delta table of that name beside `events`. It
//! says up to which version of `events` it goes: that is the version of its own transaction, so
//! the two are written in one commit. A query takes the roll-up and adds what `events` has beyond.
//! The view `days`, of what is logged at all, is kept in the same way. So are five that answer in the place
//! of finer ones: `resources_by_month`, made of `activity` as that is of `events`, where nobody asks for a
//! region or day; `activity_by_month`, made of that, and `activity_by_year`, made of that again, where nobody
//! asks for a resource either; `events_by_day`, where events are counted by what many have in common; and
//! `access_keys_by_day`, where they are counted by who signed them.
//!
//! ```text
//! coarser   which questions does a coarser table answer?
//! changes   which files came or went between two versions of a table?
//! files     the data files of a month
//! pieces    the activity of some events, as a query
//! reading   roll-up and rest as one table
//! refresh   the one place where `sql` writes
//! stored    the tables that it writes
//! sorted    rows of many pieces, merged in little memory
//! narrow    which side of a join is kept in memory
//! ```
//!
//! Of a call that several accounts recorded, one copy counts, and the others may arrive in any
//! order. That is why rows are of two classes. Of a *call*, the account that recorded it is the
//! caller's: it counts whatever else arrives. A *copy* was recorded by another account, and counts
//! unless a better one is there: if anything with a shared id arrives for a day, the copies of
//! that day are counted anew. Which class a row is of, its own columns tell.

mod changes;
mod coarser;
mod files;
mod narrow;
mod pieces;
mod reading;
mod refresh;
mod sorted;
mod stored;

use deltalake::DeltaTable;
use trailwright_engine::event;
use trailwright_engine::location::Storage;
use trailwright_engine::permission::MAPPING;

use crate::lake::Lake;
use crate::{Error, tables};
use changes::Changes;

pub(crate) use coarser::{adds_up, take_part};
pub(crate) use reading::rows;
pub use refresh::{Refreshed, refresh, vacuum};

/// A view that is stored as a table.
#[derive(Debug)]
pub(crate) struct Kept {
    /// Name of the view and of the table.
    pub(crate) name: &'static str,
    /// The table that it is made of.
    of: &'static str,
    /// What its query calls that table.
    called: &'static str,
    /// Whose rows are made as one, and lie in files of their own.
    span: Span,
    /// The transaction whose version is the version of that table that this one goes up to.
    transaction: &'static str,
    /// Whether of the copies of a call one counts.
    of_calls: bool,
    /// What the table says of itself.
    comment: &'static str,
    /// Columns with statistics in the log: what questions are cut down by.
    stats: &'static str,
    /// The order of rows within a file.
    order: &'static [&'static str],
    /// Columns, beside the [measures](UNIQUE_MEASURES), with hardly a value that comes again. A dictionary
    /// would hold all of them, and is read as a whole for one.
    unique: &'static [&'static str],
}

/// A part of the time, of which all rows of a stored view are made together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Span {
    Month,
    Year,
}

impl Span {
    /// The part that a month is of.
    fn of(self, month: Month) -> Month {
        match self {
            Self::Month => month,
            Self::Year => month.map(|month| match month.split_once('-') {
                Some((year, _)) => year.to_owned(),
                None => month,
            }),
        }
    }
}

impl Kept {
    /// What is made of it in the same way, of fewer rows.
    fn coarser(&self) -> Option<&'static Self> {
        OF_ACTIVITY.into_iter().find(|kept| kept.of == self.name)
    }
}

/// Who did what.
pub(crate) const ACTIVITY: Kept = Kept {
    name: tables::ACTIVITY,
    of: event::TABLE,
    called: event::TABLE,
    span: Span::Month,
    transaction: "trailwright.activity",
    of_calls: true,
    comment: "who did what, counted: made from `events`, and made anew if it is lost",
    stats: "principal,service,action,event_source,event_name,outcome,account,aws_region,mapping,day",
    // Few are refused and many ask for them: their rows lie together.
    order: &[
        "outcome",
        "principal",
        "service",
        "action",
        "day",
        "resource",
    ],
    unique: &[],
};

/// What is logged at all.
pub(crate) const DAYS: Kept = Kept {
    name: tables::DAYS,
    of: event::TABLE,
    called: event::TABLE,
    span: Span::Month,
    transaction: "trailwright.days",
    of_calls: false,
    comment: "which days have logs: made from `events`, and made anew if it is lost",
    stats: "account,aws_region,day",
    order: &["account", "aws_region", "day", "data_events_of"],
    unique: &[],
};

/// Who did what to which resource in a month, in whatever region.
const RESOURCES_BY_MONTH: Kept = Kept {
    name: tables::RESOURCES_BY_MONTH.name,
    of: tables::ACTIVITY,
    called: tables::ACTIVITY,
    span: Span::Month,
    transaction: "trailwright.resources_by_month",
    of_calls: false,
    comment: "`activity` by the month: made from it, and made anew if it is lost",
    stats: "principal,service,action,event_source,event_name,outcome,account,mapping",
    order: &["outcome", "principal", "service", "action", "resource"],
    unique: &["resource"],
};

/// The same on whatever resource.
const BY_MONTH: Kept = Kept {
    name: tables::BY_MONTH.name,
    of: RESOURCES_BY_MONTH.name,
    transaction: "trailwright.activity_by_month",
    comment: "`resources_by_month` of whatever resource: made from it, and made anew if it is lost",
    order: &["outcome", "principal", "service", "action"],
    ..RESOURCES_BY_MONTH
};

/// The same in a year.
const BY_YEAR: Kept = Kept {
    name: tables::BY_YEAR.name,
    of: BY_MONTH.name,
    span: Span::Year,
    transaction: "trailwright.activity_by_year",
    comment: "`activity` by the year: made from `activity_by_month`, and made anew if it is lost",
    ..BY_MONTH
};

/// How many events of a kind there were on a day.
const BY_DAY: Kept = Kept {
    name: tables::BY_DAY.name,
    of: event::TABLE,
    called: event::TABLE,
    span: Span::Month,
    transaction: "trailwright.events_by_day",
    of_calls: false,
    comment: "`events` counted by the day: made from it, and made anew if it is lost",
    stats: "principal,event_source,event_name,aws_region,recipient_account_id,error_code,event_time",
    order: &["principal", "event_source", "event_name", "error_code"],
    unique: &[],
};

/// How many events an access key signed on a day.
const KEYS_BY_DAY: Kept = Kept {
    name: tables::KEYS_BY_DAY.name,
    of: event::TABLE,
    called: event::TABLE,
    span: Span::Month,
    transaction: "trailwright.access_keys_by_day",
    of_calls: false,
    comment: "`events` counted by access key and day: made from it, and made anew if it is lost",
    stats: "access_key_id,principal,recipient_account_id,event_time",
    order: &["access_key_id", "event_time"],
    unique: &["access_key_id"],
};

/// What answers in the place of `events`.
pub(crate) const OF_EVENTS: [&Kept; 2] = [&BY_DAY, &KEYS_BY_DAY];

/// What answers in the place of `activity`, the coarser behind the finer of which it is made.
const OF_ACTIVITY: [&Kept; 3] = [&RESOURCES_BY_MONTH, &BY_MONTH, &BY_YEAR];

/// All that is stored, in the order in which it is made.
const ALL: [&Kept; 7] = [
    &DAYS,
    &BY_DAY,
    &KEYS_BY_DAY,
    &ACTIVITY,
    &RESOURCES_BY_MONTH,
    &BY_MONTH,
    &BY_YEAR,
];

/// The view called `name`, if it is one that is stored.
pub(crate) fn kept(name: &str) -> Option<&'static Kept> {
    [&ACTIVITY, &DAYS]
        .into_iter()
        .find(|kept| kept.name == name)
}

/// Whether what is kept of the activity spares queries a look at all events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// It goes up to some version of the events; what came since is counted with it.
    #[default]
    Good,
    /// There is none.
    Missing,
    /// Nobody believes it: another mapping of events or other queries made it, or the log of the
    /// events does not tell what came since.
    Outdated,
}

/// How the roll-up of the lake at `location` stands.
pub async fn standing(location: &str, storage: &Storage) -> Result<Standing, Error> {
    let lake = Lake::at(location, storage);
    let Some(table) = RollUp::open(&lake, &ACTIVITY).await? else {
        return Ok(Standing::Missing);
    };
    let events = lake.events().await?;
    let rollup = RollUp::of(&lake, &ACTIVITY, table, &events).await?;
    Ok(match rollup.changes(&lake, &events).await? {
        Some(_) => Standing::Good,
        None => Standing::Outdated,
    })
}

/// The table property that says what the roll-up was made from and by.
const BASIS: &str = "trailwright.basis";

/// The columns that are counted or compared, not grouped by.
const MEASURES: [&str; 5] = [
    "calls",
    "events",
    "first_seen",
    "last_seen",
    "sample_event_id",
];

/// Those of them with hardly a value that comes again.
const UNIQUE_MEASURES: &[&str] = &["first_seen", "last_seen", "sample_event_id"];

const DAY_MICROS: i64 = 86_400_000_000;

/// The month of some rows, or the year of those that are made by the year; none of rows without a time.
type Month = Option<String>;

/// The roll-up as it was found.
pub(crate) struct RollUp {
    kept: &'static Kept,
    pub(crate) table: DeltaTable,
    /// The version of what it is made of that it goes up to; none if nothing of it is of use.
    covers: Option<u64>,
}

impl RollUp {
    /// The roll-up of a lake, if it has one. It must be opened before `events` is, so that it is
    /// never ahead.
    pub(crate) async fn open(lake: &Lake, kept: &Kept) -> Result<Option<DeltaTable>, Error> {
        lake.open(kept.name).await
    }

    /// What of it holds for `source`, of which it is made.
    pub(crate) async fn of(
        lake: &Lake,
        kept: &'static Kept,
        table: DeltaTable,
        source: &DeltaTable,
    ) -> Result<Self, Error> {
        let failed = |error| lake.failed(error);
        let state = table.snapshot().map_err(failed)?;
        let basis = state.metadata().configuration().get(BASIS).cloned();
        let covers = match basis == Some(basis_of(lake, kept, source)?) {
            false => None,
            true => {
                let store = table.log_store();
                let version = state.transaction_version(store.as_ref(), kept.transaction);
                let version = version.await.map_err(failed)?;
                version.and_then(|version| u64::try_from(version).ok())
            }
        };
        Ok(Self {
            kept,
            table,
            covers,
        })
    }

    /// What `source` has beyond the roll-up; none if the roll-up is of no use.
    async fn changes(&self, lake: &Lake, source: &DeltaTable) -> Result<Option<Changes>, Error> {
        match self.covers {
            None => Ok(None),
            Some(covers) => changes::since(lake, source, covers).await,
        }
    }
}

/// What a roll-up depends on beside the version of its source: which table that is, how events are
/// mapped, the queries, and the order in which rows are stored.
fn basis_of(lake: &Lake, kept: &Kept, source: &DeltaTable) -> Result<String, Error> {
    let state = source.snapshot().map_err(|error| lake.failed(error))?;
    let queries = tables::to_kept(kept.name);
    let queries = queries.iter().map(|view| view.query);
    let texts = queries.chain(kept.order.iter().copied());
    let queries = texts
        .flat_map(str::bytes)
        .fold(0xcbf2_9ce4_8422_2325_u64, |mark, byte| {
            (mark ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
    Ok(format!(
        "{} {}, mapping {MAPPING}, queries {queries:016x}",
        kept.of,
        state.metadata().id()
    ))
}
