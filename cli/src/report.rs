//! What is said on stderr beside the data?

mod findings;
mod lake;
mod progress;

use std::fmt::Write;
use std::io::Write as _;

use indicatif::{HumanBytes, HumanCount};
use trailwright_engine::generate::{Generated, Tally, Target};
use trailwright_engine::prove::Proof;
use trailwright_engine::{Activity, time};
use trailwright_ingest::Report;
use trailwright_sql::PrincipalSummary;

pub(crate) use findings::{count_of_findings, findings, print_check};
pub(crate) use lake::{info, rewritten};
pub(crate) use progress::ProgressBar;

/// Rejects that are shown one by one.
const SHOWN_REJECTS: usize = 20;

/// Names that are listed before the rest is only counted.
const SHOWN_TALLIES: usize = 12;

/// Principals that are listed.
const SHOWN_PRINCIPALS: usize = 5;

/// Says `text` on stderr. If nobody listens there, the work goes on.
pub(crate) fn say(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
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
            format_args!("rejected: {file}{place}: {}", reject.reason),
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
    row("rejected", done.rejected, String::new());
    for (reason, count) in &done.reasons {
        row("", *count, format!("  {reason}"));
    }
    if done.repeated_keys > 0 {
        let more = "  records repeat a key; its last value was kept".to_owned();
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
    if done.rejected > 0 {
        line(
            &mut text,
            format_args!("rejects are kept: trailwright lake quarantine {lake}"),
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

/// What a policy was made of, and what it does not hold.
pub(crate) fn policy(
    principal: &str,
    activity: &[Activity],
    generated: &Generated,
    target: Target,
) -> String {
    let mut text = String::new();
    let calls = HumanCount(generated.calls);
    let day = |at: Option<i64>| {
        at.map_or("?".to_owned(), |at| {
            time::to_text(at).chars().take(10).collect()
        })
    };
    let first = day(activity.iter().filter_map(|seen| seen.first_seen).min());
    let last = day(activity.iter().filter_map(|seen| seen.last_seen).max());
    line(&mut text, format_args!("policy for {principal}"));
    line(
        &mut text,
        format_args!("  uses of permissions: {calls}, seen {first} to {last}"),
    );
    let size = HumanCount(generated.document.size() as u64);
    let statements = generated.document.statement.len();
    line(
        &mut text,
        format_args!("  statements: {statements}, characters without white space: {size}"),
    );
    if generated.document.size() > target.limit() {
        let limit = HumanCount(target.limit() as u64);
        line(
            &mut text,
            format_args!("  larger than the {limit} that IAM takes there: --out splits it"),
        );
    }
    section(
        &mut text,
        "not granted, as AWS denied it",
        &generated.denied,
    );
    section(
        &mut text,
        "not granted, as no rule knows its permission: the policy may lack it",
        &generated.unmapped,
    );
    section(
        &mut text,
        "granted more widely than seen, as the event does not tell the resource",
        &generated.widened,
    );
    section(
        &mut text,
        "granted without an event, as passing a role is never logged",
        &generated.inferred,
    );
    for pattern in &generated.generalized {
        let seen = HumanCount(pattern.seen as u64);
        line(
            &mut text,
            format_args!(
                "  generalized: {} for {seen} that were seen",
                pattern.pattern
            ),
        );
    }
    if generated.unchecked > 0 {
        let unchecked = HumanCount(generated.unchecked);
        line(
            &mut text,
            format_args!("  events that need no permission: {unchecked}"),
        );
    }
    if generated.vague > 0 {
        let vague = HumanCount(generated.vague);
        line(
            &mut text,
            format_args!(
                "  calls that failed and name no resource, beside others that do: {vague}"
            ),
        );
    }
    text
}

/// How a policy did when what was seen was replayed against it.
pub(crate) fn proof(proof: &Proof) -> String {
    let allowed = HumanCount((proof.requests - proof.refused.len()) as u64);
    let requests = HumanCount(proof.requests as u64);
    let mut text = format!("  replayed: {allowed} of {requests} distinct requests allowed\n");
    for refused in proof.refused.iter().take(SHOWN_TALLIES) {
        line(
            &mut text,
            format_args!("    refused: {} on {}", refused.action, refused.resource),
        );
    }
    text
}

fn section(text: &mut String, title: &str, tallies: &[Tally]) {
    if tallies.is_empty() {
        return;
    }
    line(text, format_args!("  {title}:"));
    for tally in tallies.iter().take(SHOWN_TALLIES) {
        let count = HumanCount(tally.count).to_string();
        line(text, format_args!("  {count:>8}  {}", tally.what));
    }
    if tallies.len() > SHOWN_TALLIES {
        let rest = &tallies.get(SHOWN_TALLIES..).unwrap_or_default();
        let count = HumanCount(rest.iter().map(|tally| tally.count).sum()).to_string();
        line(text, format_args!("  {count:>8}  of {} more", rest.len()));
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}
