//! What was a policy made of, what does it lack and add, and does it hold?

use std::collections::BTreeMap;

use indicatif::HumanCount;
use trailwright_engine::coverage::{AccountCoverage, Coverage, Days};
use trailwright_engine::dossier::Dossier;
use trailwright_engine::explain::StatementEvidence;
use trailwright_engine::gaps::Gap;
use trailwright_engine::generate::{Generated, Tally, Target};
use trailwright_engine::prove::{Proof, Reach};
use trailwright_engine::time;

use super::line;

/// Names that are listed before the rest is only counted.
const SHOWN: usize = 12;

/// Actions that are named for a service of which none is known.
const SHOWN_ACTIONS: usize = 5;

/// What there is to say about a policy. `threshold` is that of a compact one.
pub(crate) fn policy(dossier: &Dossier, threshold: Option<usize>, in_files: bool) -> String {
    let mut text = String::new();
    let generated = &dossier.generated;
    let uses = HumanCount(generated.calls);
    let (first, last) = days_seen(dossier);
    line(&mut text, format_args!("policy for {}", dossier.principal));
    line(
        &mut text,
        format_args!("  uses of permissions: {uses}, seen {first} to {last}"),
    );
    let principal = dossier.principal.as_str();
    let of_scp = (dossier.target == Target::Scp).then_some(principal);
    let account = principal.split(':').nth(4).or(of_scp);
    text.push_str(&coverage(&dossier.coverage, account));
    size(&mut text, dossier, in_files);
    section(
        &mut text,
        "not granted, as AWS denied it",
        &generated.denied,
    );
    gaps(&mut text, &dossier.gaps);
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
    style(&mut text, generated, threshold);
    for pattern in &generated.unwritable {
        let seen = HumanCount(pattern.seen as u64);
        line(
            &mut text,
            format_args!(
                "  written with *, as IAM takes only characters up to U+00FF: {seen} that were seen are now {}, with all others of that form",
                pattern.pattern
            ),
        );
    }
    conditions(&mut text, generated);
    for unfilled in &generated.unfilled {
        line(
            &mut text,
            format_args!(
                "  without a value: ${{{}}} in {}; it allows nothing before --set {}=VALUE",
                unfilled.name,
                short_list(&unfilled.statements),
                unfilled.name
            ),
        );
    }
    if !generated.unused.is_empty() {
        line(
            &mut text,
            format_args!(
                "  values that nothing takes, as the policy has no such placeholder: {}",
                short_list(&generated.unused)
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
    if dossier.target == Target::Scp {
        line(
            &mut text,
            format_args!(
                "  a service control policy bounds every user and role of an account, and denies all that it does not list"
            ),
        );
    }
    reach(&mut text, &dossier.reach);
    proof(&mut text, &dossier.proof);
    text
}

/// One line on what a policy was made of.
pub(crate) fn description(dossier: &Dossier) -> String {
    let (first, last) = days_seen(dossier);
    format!(
        "What {} used from {first} to {last}, as CloudTrail shows it",
        dossier.principal
    )
}

fn days_seen(dossier: &Dossier) -> (String, String) {
    let day = |at: Option<i64>| {
        at.map_or("?".to_owned(), |at| {
            time::to_text(at).chars().take(10).collect()
        })
    };
    (day(dossier.first_seen), day(dossier.last_seen))
}

/// What the lake has for the range, and what not; of `account` by itself, if it matters most.
pub(crate) fn coverage(coverage: &Coverage, account: Option<&str>) -> String {
    let mut text = String::new();
    let (Some(from), Some(to)) = (&coverage.from, &coverage.to) else {
        return text;
    };
    let regions: usize = coverage.accounts.iter().map(|it| it.regions.len()).sum();
    line(
        &mut text,
        format_args!(
            "  logs: {from} to {to}, {}, {}, {}",
            counted(coverage.days, "day"),
            counted(coverage.accounts.len(), "account"),
            counted(regions, "region"),
        ),
    );
    let incomplete = || coverage.accounts.iter().filter(|it| !it.missing.is_empty());
    let own = |it: &&AccountCoverage| account.is_none_or(|account| it.account == account);
    let shown = incomplete().filter(own).take(SHOWN);
    for account in shown.clone() {
        missing(&mut text, account, coverage.days);
    }
    if let Some(account) = account.filter(|it| coverage.of_account(it).is_none()) {
        line(
            &mut text,
            format_args!("    missing: {account} has no events at all"),
        );
    }
    let more = incomplete().count().saturating_sub(shown.count());
    if more > 0 {
        line(
            &mut text,
            format_args!(
                "    days are missing of {}, too",
                counted(more, "other account")
            ),
        );
    }
    let sources: Vec<String> = coverage.data_events_of.iter().cloned().collect();
    match sources.is_empty() {
        true => line(
            &mut text,
            format_args!("    no data events: calls such as s3:GetObject are not in these logs"),
        ),
        false => line(
            &mut text,
            format_args!("    data events of {} only", short_list(&sources)),
        ),
    }
    text
}

fn missing(text: &mut String, account: &AccountCoverage, days: usize) {
    let missing: Vec<String> = account.missing.iter().map(Days::text).collect();
    let without = days.saturating_sub(account.days);
    let name = match account.account.as_str() {
        "" => "events without an account",
        account => account,
    };
    line(
        text,
        format_args!(
            "    missing: {name} has no events on {without} of {days} days: {}",
            short_list(&missing)
        ),
    );
}

fn size(text: &mut String, dossier: &Dossier, in_files: bool) {
    let document = &dossier.generated.document;
    let size = HumanCount(document.size() as u64);
    let statements = document.statement.len();
    line(
        text,
        format_args!("  statements: {statements}, characters without white space: {size}"),
    );
    let documents = dossier.documents.len();
    if documents > 1 {
        let limit = HumanCount(dossier.target.limit() as u64);
        let how = if in_files {
            ""
        } else {
            ", one after the other: --out writes a file for each"
        };
        line(
            text,
            format_args!(
                "  larger than the {limit} that IAM takes there, split into {documents} documents{how}"
            ),
        );
        if dossier.at_least < documents {
            line(
                text,
                format_args!(
                    "    perhaps fewer would do, {} at least: the search for them ended before its end",
                    dossier.at_least
                ),
            );
        }
    }
}

/// Services of which calls could not be mapped, with the actions that one may add.
fn gaps(text: &mut String, gaps: &[Gap]) {
    if gaps.is_empty() {
        return;
    }
    line(
        text,
        format_args!("  not granted, as no rule knows its permission: the policy may lack it:"),
    );
    for gap in gaps.iter().take(SHOWN) {
        for operation in gap.operations.iter().take(SHOWN) {
            let count = HumanCount(operation.count).to_string();
            line(
                text,
                format_args!("  {count:>8}  {} {}", gap.event_source, operation.what),
            );
        }
        if let Some(more) = gap.operations.len().checked_sub(SHOWN).filter(|n| *n > 0) {
            line(text, format_args!("            and {more} more operations"));
        }
        let named: Vec<&str> = gap.actions.iter().map(String::as_str).collect();
        let named = named.get(..SHOWN_ACTIONS).unwrap_or(&named);
        match (gap.service, named.is_empty()) {
            (Some(service), false) => line(
                text,
                format_args!(
                    "            to add one of {} actions of {service}: --add {}",
                    gap.actions.len(),
                    named.join(", ")
                ),
            ),
            _ => line(text, format_args!("            IAM knows no such service")),
        }
    }
    if let Some(more) = gaps.len().checked_sub(SHOWN).filter(|n| *n > 0) {
        line(text, format_args!("            and {more} more services"));
    }
}

/// What a compact document adds.
fn style(text: &mut String, generated: &Generated, threshold: Option<usize>) {
    let Some(threshold) = threshold else { return };
    if generated.generalized.is_empty() {
        line(
            text,
            format_args!("  no more than {threshold} resources are alike: none was generalized"),
        );
    }
    for pattern in &generated.generalized {
        let seen = HumanCount(pattern.seen as u64);
        line(
            text,
            format_args!(
                "  generalized, as more than {threshold} are alike: {seen} that were seen are now {}, with all others of that form",
                pattern.pattern
            ),
        );
    }
}

fn conditions(text: &mut String, generated: &Generated) {
    for narrowed in &generated.narrowed {
        line(
            text,
            format_args!(
                "  condition {} = {} on {}",
                narrowed.key,
                short_list(&narrowed.values),
                counted(narrowed.permissions, "permission"),
            ),
        );
    }
    if generated.not_narrowed.is_empty() {
        return;
    }
    line(
        text,
        format_args!("  conditions that the calls do not bear out:"),
    );
    let mut reasons: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for one in &generated.not_narrowed {
        let of = reasons.entry((one.narrowing.name(), one.why)).or_default();
        of.push(&one.what);
    }
    for ((name, why), whats) in reasons {
        line(text, format_args!("    {name}: {why}"));
        for what in whats.iter().take(SHOWN) {
            line(text, format_args!("      {what}"));
        }
        if let Some(more) = whats.len().checked_sub(SHOWN).filter(|n| *n > 0) {
            line(text, format_args!("      and {more} more"));
        }
    }
}

/// What the documents allow, beside what was seen.
fn reach(text: &mut String, reach: &[Reach]) {
    let sum = |of: fn(&Reach) -> usize| reach.iter().map(of).sum::<usize>();
    let (exact, widened) = (sum(|it| it.exact), sum(|it| it.widened));
    let (placeholder, unseen) = (sum(|it| it.placeholder), sum(|it| it.unseen));
    let mut parts = vec![format!("{} as seen", HumanCount(exact as u64))];
    for (count, what) in [
        (widened, "wider than seen"),
        (placeholder, "waiting for a value"),
        (unseen, "never seen"),
    ] {
        if count > 0 {
            parts.push(format!("{} {what}", HumanCount(count as u64)));
        }
    }
    line(
        text,
        format_args!(
            "  allows pairs of action and resource: {}",
            parts.join(", ")
        ),
    );
    if parts.len() == 1 {
        return;
    }
    let beyond = || {
        reach
            .iter()
            .filter(|it| it.widened + it.placeholder + it.unseen > 0)
    };
    for one in beyond().take(SHOWN) {
        let mut parts = Vec::new();
        for (count, what) in [
            (one.exact, "as seen"),
            (one.widened, "wider"),
            (one.placeholder, "waiting"),
            (one.unseen, "never seen"),
        ] {
            if count > 0 {
                parts.push(format!("{} {what}", HumanCount(count as u64)));
            }
        }
        line(text, format_args!("    {}: {}", one.sid, parts.join(", ")));
    }
    if let Some(more) = beyond().count().checked_sub(SHOWN).filter(|n| *n > 0) {
        line(
            text,
            format_args!("    and {}", counted(more, "more statement")),
        );
    }
}

/// How the policy did when what was seen was replayed against it.
fn proof(text: &mut String, proof: &Proof) {
    let refused = proof.refused.len().min(proof.requests);
    let allowed = HumanCount((proof.requests - refused) as u64);
    let requests = HumanCount(proof.requests as u64);
    line(
        text,
        format_args!("  replayed: {allowed} of {requests} distinct requests allowed"),
    );
    for refused in proof.refused.iter().take(SHOWN) {
        line(
            text,
            format_args!("    refused: {} on {}", refused.action, refused.resource),
        );
    }
    if let Some(more) = proof.refused.len().checked_sub(SHOWN).filter(|n| *n > 0) {
        line(text, format_args!("    and {more} more"));
    }
}

/// What stands behind each statement and action.
pub(crate) fn evidence(statements: &[StatementEvidence]) -> String {
    let mut text = String::from("evidence\n");
    for statement in statements {
        line(&mut text, format_args!("  {}", statement.sid));
        for action in &statement.actions {
            let events = HumanCount(action.events);
            line(
                &mut text,
                format_args!("    {}: {events} events", action.action),
            );
            if action.events == 0 {
                line(&mut text, format_args!("      asked for, not seen"));
                continue;
            }
            let at = |time: &Option<String>| time.clone().unwrap_or_else(|| "?".to_owned());
            line(
                &mut text,
                format_args!(
                    "      seen      {} to {}",
                    at(&action.first_seen),
                    at(&action.last_seen)
                ),
            );
            line(
                &mut text,
                format_args!("      such as   {}", action.sample_event_ids.join(" ")),
            );
            let origins: Vec<String> = action
                .origins
                .iter()
                .map(|(origin, events)| format!("{origin} ({})", HumanCount(*events)))
                .collect();
            line(
                &mut text,
                format_args!("      resource  {}", origins.join(", ")),
            );
            for rule in &action.rules {
                line(
                    &mut text,
                    format_args!(
                        "      rule      {}: {}; {}",
                        rule.event, rule.rule, rule.fact
                    ),
                );
            }
        }
    }
    text
}

fn section(text: &mut String, title: &str, tallies: &[Tally]) {
    if tallies.is_empty() {
        return;
    }
    line(text, format_args!("  {title}:"));
    for tally in tallies.iter().take(SHOWN) {
        let count = HumanCount(tally.count).to_string();
        line(text, format_args!("  {count:>8}  {}", tally.what));
    }
    if tallies.len() > SHOWN {
        let rest = tallies.get(SHOWN..).unwrap_or_default();
        let count = HumanCount(rest.iter().map(|tally| tally.count).sum()).to_string();
        line(text, format_args!("  {count:>8}  of {} more", rest.len()));
    }
}

/// The first of some names, and how many more there are.
fn short_list(names: &[String]) -> String {
    match names.len().checked_sub(SHOWN).filter(|n| *n > 0) {
        None => names.join(", "),
        Some(more) => {
            let shown = names.get(..SHOWN).unwrap_or_default();
            format!("{} and {more} more", shown.join(", "))
        }
    }
}

/// `1 day`, `2 days`.
fn counted(count: usize, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {noun}{s}", HumanCount(count as u64))
}
