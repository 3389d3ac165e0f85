//! What is said on stderr beside the data?

mod diff;
mod findings;
mod lake;
mod policy;
mod progress;

use std::fmt::Write;
use std::io::Write as _;

use indicatif::{HumanBytes, HumanCount};
use trailwright_ingest::Report;
use trailwright_sql::PrincipalSummary;

pub(crate) use diff::diff;
pub(crate) use findings::{count_of_findings, findings, print_check};
pub(crate) use lake::{info, refreshed, rewritten};
pub(crate) use policy::{coverage, description, evidence, policy};
pub(crate) use progress::ProgressBar;

/// Rejects that are shown one by one.
const SHOWN_REJECTS: usize = 20;

/// Principals that are listed.
const SHOWN_PRINCIPALS: usize = 5;

/// Says `text` on stderr. If nobody listens there, the work goes on.
pub(crate) fn say(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// A file's path as short as it can be typed here.
fn near(file: &str) -> String {
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    let path = std::path::Path::new(file);
    let near = here.ok().and_then(|here| path.strip_prefix(here).ok());
    near.unwrap_or(path).display().to_string()
}

/// What an ingest did.
pub(crate) fn summary(done: &Report, lake: &str) -> String {
    let mut text = String::new();
    for (file, reject) in done.rejects.iter().take(SHOWN_REJECTS) {
        let place = reject
            .position
            .map_or(String::new(), |at| format!(", {at}"));
        line(
            &mut text,
            format_args!("rejected: {}{place}: {}", near(file), reject.reason),
        );
    }
    let seconds = done.elapsed.as_secs_f64();
    line(
        &mut text,
        format_args!("ingested into {lake} in {seconds:.1} s"),
    );
    let mut row = |name: &str, count: u64, more: String| {
        let count = HumanCount(count).to_string();
        line(&mut text, format_args!("  {name:<11}{count:>12}{more}"));
    };
    let inflated = HumanBytes(done.inflated_bytes);
    let bytes = HumanBytes(done.bytes);
    row(
        "files",
        done.files,
        format!("  {bytes}, {inflated} inflated"),
    );
    if done.known_files > 0 {
        let more = "  files that the lake's ledger knows, not read again".to_owned();
        row("known", done.known_files, more);
    }
    row("records", done.records, String::new());
    row("new", done.new, String::new());
    row("duplicates", done.duplicates, String::new());
    if done.differing > 0 {
        let more = "  differ from the event that is kept with their id".to_owned();
        row("", done.differing, more);
    }
    row("rejected", done.rejected, String::new());
    for (reason, count) in &done.reasons {
        row("", *count, format!("  {reason}"));
    }
    if done.repeated_keys > 0 {
        let more = "  records repeat a key; its last value is kept".to_owned();
        row("", done.repeated_keys, more);
    }
    let passed_over = done.digest_files + done.other_files;
    if passed_over > 0 {
        let digests = HumanCount(done.digest_files);
        row(
            "passed over",
            passed_over,
            format!("  files and folders that are no logs ({digests} digests)"),
        );
    }
    if done.not_selected > 0 {
        let more = "  files and folders that were not asked for".to_owned();
        row("", done.not_selected, more);
    }
    if done.rejected + done.differing + done.repeated_keys > 0 {
        line(
            &mut text,
            format_args!("as they were: trailwright lake quarantine {lake}"),
        );
    }
    if done.interrupted {
        line(
            &mut text,
            format_args!("stopped early: run the same command again to go on"),
        );
    } else if done.new == 0 {
        let known = match done.duplicates + done.known_files {
            0 => "no event was found",
            _ => "every event was in the lake already",
        };
        line(&mut text, format_args!("nothing new: {known}"));
    }
    text
}

/// The busiest principals.
pub(crate) fn principals(principals: &[PrincipalSummary]) -> String {
    let mut text = String::from("principals\n");
    for known in principals.iter().take(SHOWN_PRINCIPALS) {
        let events = HumanCount(known.events).to_string();
        let PrincipalSummary {
            principal,
            principal_type,
            ..
        } = known;
        line(
            &mut text,
            format_args!("  {events:>8} events  {principal} ({principal_type})"),
        );
    }
    if let Some(more) = principals
        .len()
        .checked_sub(SHOWN_PRINCIPALS)
        .filter(|n| *n > 0)
    {
        line(&mut text, format_args!("  and {more} more"));
    }
    text
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}
