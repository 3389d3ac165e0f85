//! How do policies and activity differ?

use std::collections::BTreeMap;

use indicatif::HumanCount;
use trailwright_engine::diff::{ActionDiff, Attached, Diff, State};

use super::line;

/// Actions of a state, and resources of an action, that are listed.
const SHOWN: usize = 20;

/// Actions of one service that are named before they are only counted.
const NAMED: usize = 6;

/// The four states, each with its actions.
pub(crate) fn diff(principal: &str, attached: &Attached, diff: &Diff) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("policies of {principal}"));
    for policy in &attached.policies {
        let statements = policy.document.statement.len();
        line(
            &mut text,
            format_args!("  {}: {statements} statements", policy.name),
        );
    }
    if attached.boundary.is_some() {
        line(&mut text, format_args!("  and a permissions boundary"));
    }
    let count = |state| diff.of_state(state).count();
    line(
        &mut text,
        format_args!("used and granted: {}", counted(count(State::Used))),
    );
    if diff.has(State::NotGranted) {
        line(
            &mut text,
            format_args!(
                "used but not granted: {}",
                counted(count(State::NotGranted))
            ),
        );
        for action in diff.of_state(State::NotGranted).take(SHOWN) {
            not_granted(&mut text, action);
        }
        more(&mut text, count(State::NotGranted));
    }
    for (state, title) in [
        (State::Unused, "granted and unused"),
        (
            State::Invisible,
            "granted and never visible in these logs, kept",
        ),
    ] {
        if diff.has(state) {
            line(
                &mut text,
                format_args!("{title}: {}", counted(count(state))),
            );
            by_service(&mut text, diff.of_state(state));
        }
    }
    line(
        &mut text,
        format_args!(
            "conditions of the policies are taken as met: the logs tell them only in part"
        ),
    );
    text
}

fn not_granted(text: &mut String, action: &ActionDiff) {
    let uses = HumanCount(action.uses).to_string();
    line(text, format_args!("  {uses:>8}  {}", action.action));
    for resource in action.not_granted_on.iter().take(3) {
        line(text, format_args!("            on {resource}"));
    }
    if let Some(more) = action
        .not_granted_on
        .len()
        .checked_sub(3)
        .filter(|n| *n > 0)
    {
        line(text, format_args!("            and {more} more"));
    }
}

/// Actions by service: named if there are few, counted if there are many.
fn by_service<'a>(text: &mut String, actions: impl Iterator<Item = &'a ActionDiff>) {
    let mut services: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for action in actions {
        let (service, name) = action.action.split_once(':').unwrap_or_default();
        services.entry(service).or_default().push(name);
    }
    for (service, names) in services.iter().take(SHOWN) {
        let shown = names.get(..NAMED).unwrap_or(names).join(", ");
        let rest = match names.len().checked_sub(NAMED).filter(|n| *n > 0) {
            None => String::new(),
            Some(more) => format!(" and {more} more"),
        };
        line(text, format_args!("  {service}: {shown}{rest}"));
    }
    more(text, services.len());
}

fn more(text: &mut String, all: usize) {
    if let Some(more) = all.checked_sub(SHOWN).filter(|n| *n > 0) {
        line(text, format_args!("  and {more} more"));
    }
}

fn counted(count: usize) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} action{s}", HumanCount(count as u64))
}
