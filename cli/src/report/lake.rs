//! What is in a lake, and what did its upkeep do?

use indicatif::{HumanBytes, HumanCount};
use trailwright_ingest::{Coverage, Info, Rewritten};
use trailwright_sql::Refreshed;

/// Gaps of one account and region that are listed.
const SHOWN_GAPS: usize = 5;

/// What a lake consists of.
pub(crate) fn info(info: &Info) -> String {
    let events = HumanCount(info.events);
    let (files, bytes) = (HumanCount(info.files), HumanBytes(info.bytes));
    let (log_files, quarantined) = (HumanCount(info.log_files), HumanCount(info.quarantined));
    let mut text = format!(
        "version      {} (columns of version {})\n\
         events       {events}\n\
         data files   {files}, {bytes}\n\
         log files    {log_files} read\n\
         quarantine   {quarantined}\n",
        info.version, info.schema_version
    );
    for coverage in &info.coverage {
        text.push_str(&covered(coverage));
    }
    text
}

fn covered(coverage: &Coverage) -> String {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let [account, region, first, last] = [
        &coverage.account,
        &coverage.region,
        &coverage.first,
        &coverage.last,
    ]
    .map(or_none);
    let events = HumanCount(coverage.events).to_string();
    let mut text = format!("{account:<12}  {region:<15} {first} to {last} {events:>12} events\n");
    for (from, to) in coverage.gaps.iter().take(SHOWN_GAPS) {
        text.push_str(&format!("{:31}no event {from} to {to}\n", ""));
    }
    if let Some(more) = coverage.gaps.len().checked_sub(SHOWN_GAPS + 1) {
        text.push_str(&format!("{:31}and {} more gaps\n", "", more + 1));
    }
    text
}

/// What was done to a lake's files.
pub(crate) fn rewritten(done: &Rewritten) -> String {
    if done.files_removed == 0 {
        return "nothing to do\n".to_owned();
    }
    let (removed, added) = (done.files_removed, done.files_added);
    let (before, after) = (HumanBytes(done.bytes_removed), HumanBytes(done.bytes_added));
    let mut text = format!("{removed} files ({before}) became {added} ({after})\n");
    if done.events_removed > 0 {
        let events = HumanCount(done.events_removed);
        text.push_str(&format!("{events} events removed\n"));
    }
    text
}

/// What was done to the roll-up.
pub(crate) fn refreshed(done: &Refreshed) -> String {
    let version = done.version;
    if done.months == 0 && !done.rebuilt {
        let is_at = format!("the roll-up is at version {version} of the events");
        return match done.beside {
            0 => format!("nothing to do: {is_at}\n"),
            1 => format!("{is_at}; 1 table beside it was brought up\n"),
            tables => format!("{is_at}; {tables} tables beside it were brought up\n"),
        };
    }
    let rows = HumanCount(done.rows);
    let how = if done.rebuilt {
        "made anew"
    } else {
        "refreshed"
    };
    let months = match done.months {
        1 => "1 month".to_owned(),
        months => format!("{months} months"),
    };
    format!("roll-up {how}: {rows} rows of {months}, at version {version} of the events\n")
}
