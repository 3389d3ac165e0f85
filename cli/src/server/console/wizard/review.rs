//! What would the policy hold, why, and what does it lack?

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{Path, State};
use maud::{Markup, html};
use trailwright_engine::Reference;
use trailwright_engine::coverage::{Coverage, Days};
use trailwright_engine::dossier::Dossier;

use super::super::Answer;
use super::super::fields::{Fields, link};
use super::super::layout::{Page, Place};
use super::super::principal::access_level;
use super::super::text::{action as action_name, count, counted, share, when};
use super::choice::carried;
use super::steps::{Step, steps, title, to};
use super::written::Written;
use crate::server::App;

/// Actions that no rule names but that are likely: so many are offered at once.
const LIKELY: usize = 3;

/// An action of the policy, over all statements.
#[derive(Default)]
struct Action<'a> {
    events: u64,
    first: Option<&'a str>,
    last: Option<&'a str>,
    origins: BTreeSet<&'static str>,
    resources: BTreeSet<&'a str>,
}

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let written = Written::of(&app, &id, &fields).await?;
    let dossier = &written.dossier;
    let actions = actions(dossier);
    let body = html! {
        (steps(Some(&id), Step::Review, &fields))
        div.head {
            div { (title("Policy of", written.case.principal())) }
            a.button.primary href=(to(&id, Step::Customize, &fields)) { "Next: customize" }
        }
        (summary(dossier, actions.len()))
        (covered(&dossier.coverage, written.case.principal()))
        @if fields.get("draft").is_some() {
            div.notice.warn { p { "You edited the text. What is added here starts over from what was generated." } }
        }
        (added(&id, &fields))
        (included(&id, &fields, &actions))
        (services(&id, &fields, dossier, &actions))
        div.pair {
            (unmapped(&id, &fields, dossier))
            (denied(dossier))
        }
        div.actions { a.button.primary href=(to(&id, Step::Customize, &fields)) { "Next: customize" } }
    };
    Ok(Page::new("Review", Place::Policies, body).answer())
}

/// The actions of the documents with what stands behind them.
fn actions(dossier: &Dossier) -> BTreeMap<&str, Action<'_>> {
    let mut actions: BTreeMap<&str, Action<'_>> = BTreeMap::new();
    for statement in &dossier.evidence {
        let document = dossier.documents.get(statement.document);
        let own = document.into_iter().flat_map(|it| &it.statement);
        let own = own.filter(|it| it.sid.as_deref() == Some(&statement.sid));
        let resources: BTreeSet<&str> = own
            .filter_map(|it| it.resources.as_ref())
            .flat_map(|it| it.patterns().0)
            .map(String::as_str)
            .collect();
        for one in &statement.actions {
            let action = actions.entry(&one.action).or_default();
            action.events += one.events;
            let first = one.first_seen.as_deref();
            action.first = [action.first, first].into_iter().flatten().min();
            action.last = action.last.max(one.last_seen.as_deref());
            action.origins.extend(one.origins.keys());
            action.resources.extend(&resources);
        }
    }
    actions
}

fn summary(dossier: &Dossier, actions: usize) -> Markup {
    let generated = &dossier.generated;
    let characters: usize = dossier.documents.iter().map(|it| it.size()).sum();
    let unmapped: u64 = generated.unmapped.iter().map(|it| it.count).sum();
    html! {
        dl.totals {
            div { dt { "Calls behind it" } dd { (count(generated.calls)) } }
            div { dt { "Actions" } dd { (count(actions as u64)) } }
            div { dt { "Statements" } dd { (count(generated.document.statement.len() as u64)) } }
            div { dt { "Documents" } dd { (count(dossier.documents.len() as u64)) } }
            div { dt { "Characters" } dd { (count(characters as u64)) } }
            div { dt { "Unmapped calls" } dd class=[(unmapped > 0).then_some("warn")] { (count(unmapped)) } }
            div { dt { "Denied calls" } dd { (count(generated.denied_calls)) } }
        }
    }
}

/// What the logs lack, which the policy therefore may lack too.
fn covered(coverage: &Coverage, principal: &str) -> Markup {
    let account = principal.split(':').nth(4).unwrap_or_default();
    let own = coverage.of_account(account);
    let missing: &[Days] = own.map_or(&[], |it| &it.missing);
    let data: Vec<&str> = coverage
        .data_events_of
        .iter()
        .map(|it| it.trim_end_matches(".amazonaws.com"))
        .collect();
    html! {
        @match own {
            None => div.notice.warn {
                p { "The logs have no events that account " span.mono { (account) } " recorded itself: what it did there is not known." }
            },
            Some(own) if !missing.is_empty() => div.notice.warn {
                p {
                    "The logs of account " span.mono { (account) } " have " (count(own.days as u64)) " of " (counted(coverage.days as u64, "day", "days"))
                    ". No logs is no sign of no use. Missing: "
                    (missing.iter().take(6).map(Days::text).collect::<Vec<_>>().join(", "))
                    @if missing.len() > 6 { " and " (counted(missing.len() as u64 - 6, "more gap", "more gaps")) }
                    "."
                }
            },
            Some(own) => p.hint {
                "The logs of account " span.mono { (account) } " have no gap: "
                @if let (Some(from), Some(to)) = (&coverage.from, &coverage.to) { (from) @if from != to { " to " (to) } ", " }
                (counted(own.days as u64, "day", "days")) "."
            },
        }
        p.hint {
            @match data.as_slice() {
                [] => "The logs have no data events: calls such as s3:GetObject are not in them and not in the policy.",
                data => { "Data events are there of " (data.join(", ")) " only: of other services such calls are not in the logs." }
            }
        }
    }
}

/// The actions that somebody added, each with a way to take it back.
fn added(id: &str, fields: &Fields) -> Markup {
    let review = format!("/jobs/{id}/review");
    html! {
        @if fields.get("add").is_some() {
            section {
                h2 { "Added by hand" }
                div.chips {
                    @for action in fields.all("add") {
                        span.chip {
                            code { (action) }
                            a href=(carried(fields).without("draft").without_value("add", action).link(&review)) aria-label={ "Take back " (action) } { "×" }
                        }
                    }
                }
                p.hint { "No event shows them. They stand in the policy with placeholders for what they act on, which you fill when you customize." }
            }
        }
    }
}

fn included(id: &str, fields: &Fields, actions: &BTreeMap<&str, Action<'_>>) -> Markup {
    let mut services: BTreeMap<&str, Vec<(&str, &Action<'_>)>> = BTreeMap::new();
    for (name, action) in actions {
        let service = name.split(':').next().unwrap_or_default();
        services.entry(service).or_default().push((name, action));
    }
    let evidence = format!("/jobs/{id}/evidence");
    let share = share(actions.len(), services.len());
    html! {
        section {
            div.title {
                h2 { "Actions included" }
                p.hint { "Each with the calls that prove its use. Follow an action to the events." }
            }
            @if services.is_empty() {
                p { "None: nothing that it did needs a permission that is known." }
            }
            @for (service, actions) in &services {
                @let all = fields.get("all") == Some(service);
                @let shown = if all { actions.len() } else { share };
                details.service open[services.len() <= 4 || all] {
                    summary {
                        span.what { (service_name(service)) }
                        span.dim { (counted(actions.len() as u64, "action", "actions")) }
                        span.dim.opt { (actions.iter().take(4).map(|(name, _)| name.split(':').nth(1).unwrap_or(name)).collect::<Vec<_>>().join(", ")) @if actions.len() > 4 { ", …" } }
                    }
                    table.rows {
                        thead { tr {
                            th scope="col" { "Action" }
                            th scope="col" { "Access" }
                            th.n scope="col" { "Calls" }
                            th.opt scope="col" { "First seen" }
                            th.opt scope="col" { "Last seen" }
                            th.n scope="col" { "Resources" }
                            th.opt scope="col" { "Resource is" }
                        } }
                        tbody {
                            @for (name, action) in actions.iter().take(shown) {
                                tr {
                                    td.what { a href=(carried(fields).and("action", name).link(&evidence)) { (action_name(name)) } }
                                    td { (access_level(name)) }
                                    td.n { @if action.events > 0 { (count(action.events)) } @else { span.tag { "added" } } }
                                    td.opt { (when(action.first)) }
                                    td.opt { (when(action.last)) }
                                    td.n { (count(action.resources.len() as u64)) }
                                    td.opt.dim { (action.origins.iter().copied().collect::<Vec<_>>().join(", ")) }
                                }
                            }
                        }
                    }
                    @if actions.len() > shown {
                        p.hint {
                            "The first " (shown) ". "
                            a href=(carried(fields).and("all", service).link(&format!("/jobs/{id}/review"))) { "All " (count(actions.len() as u64)) " actions" }
                        }
                    }
                }
            }
        }
    }
}

/// The services that were used, each with a way to more of its actions.
fn services(
    id: &str,
    fields: &Fields,
    dossier: &Dossier,
    actions: &BTreeMap<&str, Action<'_>>,
) -> Markup {
    let mut used: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
    for name in actions.keys() {
        used.entry(name.split(':').next().unwrap_or_default())
            .or_default()
            .0 += 1;
    }
    for gap in &dossier.gaps {
        if let Some(service) = gap.service {
            used.entry(service).or_default().1 += gap.calls();
        }
    }
    let menu = format!("/jobs/{id}/actions");
    let reference = Reference::bundled();
    html! {
        section {
            div.title {
                h2 { "Services used" }
                p.hint { "Add what you know that it needs, such as calls that leave no event." }
            }
            div.cards {
                @for (service, (included, unmapped)) in &used {
                    a.card href=(carried(fields).and("service", service).link(&menu)) {
                        span.what { (service_name(service)) }
                        span.dim {
                            (included) " of " (count(reference.actions(service).len() as u64)) " actions"
                            @if *unmapped > 0 { " · " span.warn { (counted(*unmapped, "unmapped call", "unmapped calls")) } }
                        }
                        span.go { "Add actions" }
                    }
                }
            }
            form.filter method="get" action=(menu) {
                (carried(fields).hidden())
                div.field {
                    label for="other" { "Another service" }
                    input #other name="service" list="services" required size="24" placeholder="sqs" autocomplete="off" spellcheck="false";
                    datalist #services {
                        @for service in reference.services() { option value=(service.prefix) { (service.name) } }
                    }
                }
                button type="submit" { "Choose actions" }
            }
        }
    }
}

/// The name of a service, with its prefix.
pub(super) fn service_name(prefix: &str) -> Markup {
    let known = Reference::bundled().service(prefix);
    let long = known.map(|it| {
        it.name
            .trim_start_matches("Amazon ")
            .trim_start_matches("AWS ")
    });
    html! {
        (prefix)
        @if let Some(long) = long.filter(|it| !it.eq_ignore_ascii_case(prefix)) { " " span.long { (long) } }
    }
}

fn unmapped(id: &str, fields: &Fields, dossier: &Dossier) -> Markup {
    let review = format!("/jobs/{id}/review");
    html! {
        section {
            h2 { "Unmapped" }
            @if dossier.gaps.is_empty() {
                p.hint { "None: of every call is known which permission it needs." }
            } @else {
                p.hint { "Calls that need a permission nobody knows. The policy does not have it: choose what it may be." }
                @for gap in &dossier.gaps {
                    h3 { (gap.event_source.trim_end_matches(".amazonaws.com")) }
                    ul.plain {
                        @for operation in gap.operations.iter().take(12) {
                            li { code { (operation.what) } " " span.dim { (counted(operation.count, "call", "calls")) } }
                        }
                        @if gap.operations.len() > 12 { li.dim { "and " (gap.operations.len() - 12) " more" } }
                    }
                    @if !gap.actions.is_empty() {
                        p { "Perhaps: "
                            @for action in gap.actions.iter().take(LIKELY) {
                                a href=(carried(fields).without("draft").and("add", action).link(&review)) { "add " code { (action) } } " "
                            }
                        }
                    }
                }
            }
        }
    }
}

fn denied(dossier: &Dossier) -> Markup {
    let denied = &dossier.generated.denied;
    html! {
        section {
            h2 { "Denied" }
            @if denied.is_empty() {
                p.hint { "No call of it was refused." }
            } @else {
                p.hint { "Refused calls used nothing, so the policy does not grant them." }
                table {
                    tbody { @for tally in denied.iter().take(20) {
                        tr { td.what { code { (tally.what) } } td.n { (counted(tally.count, "call", "calls")) } }
                    } }
                }
                @if denied.len() > 20 {
                    p.hint { "and " (count(denied.len() as u64 - 20)) " more: "
                        a href=(link("/principal", "arn", &dossier.principal)) { "all that it did" } }
                }
            }
        }
    }
}
