//! What did one principal do, when, and on whose behalf?

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use maud::{Markup, html};
use serde::Deserialize;
use trailwright_engine::Reference;
use trailwright_engine::principal::takes_policy;

use super::Answer;
use super::ask::ask;
use super::chart::{self, Axis};
use super::fields::Fields;
use super::layout::{Page, Place};
use super::over_time::{Days, OverTime};
use super::span;
use super::text::{
    account_of, action as action_name, count, counted, name_of, principal as named, share, when,
};
use super::trouble::Trouble;
use crate::server::App;

/// Calls of a service on a day.
#[derive(Deserialize)]
struct Day {
    source: String,
    day: Option<i64>,
    events: u64,
    denied: u64,
}

/// A permission, and how it was used.
#[derive(Deserialize)]
struct Action {
    source: String,
    action: String,
    mapping: String,
    calls: u64,
    denied: u64,
    resources: u64,
    first_seen: Option<String>,
    last_seen: Option<String>,
}

/// Another principal, on the other end of an AssumeRole.
#[derive(Deserialize)]
struct Other {
    other: Option<String>,
    calls: u64,
    denied: u64,
    last_seen: Option<String>,
}

pub(super) async fn page(State(app): State<Arc<App>>, fields: Fields) -> Answer {
    let Some(arn) = fields.get("arn") else {
        return Err(
            Trouble::refused("no principal is named").hint("choose one on the page of principals")
        );
    };
    let session = app.lake.session(span::range(&fields)?).await?;
    let values = [("principal", arn)];
    let assumed = include_str!("principal/assumed.sql");
    let assumes = [values[0], ("side", "assumes")];
    let is_assumed = [values[0], ("side", "is assumed")];
    let (days, actions, assumes, assumed_by) = futures::try_join!(
        ask::<Day>(&session, include_str!("principal/days.sql"), &values),
        ask::<Action>(&session, include_str!("principal/actions.sql"), &values),
        ask::<Other>(&session, assumed, &assumes),
        ask::<Other>(&session, assumed, &is_assumed),
    )?;
    if days.is_empty() && assumed_by.is_empty() {
        // Says which names were perhaps meant.
        session.activity(arn).await?;
    }
    let values = [("account", ""), ("region", ""), ("principal", arn)];
    let over_time = OverTime::of(&session, by_day(&days), &values).await?;
    let takes = takes_policy(arn);
    let body = html! {
        (app.memory.notice(&app))
        nav.crumbs aria-label="You are here" { a href="/principals" { "Principals" } }
        div.head {
            div {
                h1 { (name_of(arn)) }
                p.arn.mono { (arn) }
            }
            @match takes {
                Ok(()) => a.button.primary href=(fields.clone().only(&["from", "to"]).and("principal", arn).link("/generate")) { "Write its policy" },
                Err(reason) => p.hint { "Takes no policy: " (reason) "." },
            }
        }
        (summary(arn, &days, &actions))
        form.filter method="get" action="/principal" aria-label="Cut down" {
            input type="hidden" name="arn" value=(arn);
            (span::inputs(&fields))
            button type="submit" { "Show" }
        }
        @if let Some(over_time) = &over_time { (over_time.section("Activity over time", &fields, "/principal")) }
        (by_service(&fields, &days, &actions))
        div.pair {
            (others("Assumes", "It assumed no role.", &assumes))
            @if !arn.contains(":user/") { (others("Assumed by", "Nobody was seen to assume it.", &assumed_by)) }
        }
    };
    Ok(Page::new(name_of(arn), Place::Principals, body).answer())
}

fn summary(arn: &str, days: &[Day], actions: &[Action]) -> Markup {
    let denied: u64 = days.iter().map(|it| it.denied).sum();
    let first = actions
        .iter()
        .filter_map(|it| it.first_seen.as_deref())
        .min();
    let last = actions
        .iter()
        .filter_map(|it| it.last_seen.as_deref())
        .max();
    html! {
        dl.totals {
            div { dt { "Events" } dd { (count(days.iter().map(|it| it.events).sum())) } }
            div { dt { "Denied" } dd class=[(denied > 0).then_some("bad")] { (count(denied)) } }
            div { dt { "Permissions" } dd { (count(actions.iter().filter(|it| it.mapping == "mapped").count() as u64)) } }
            div { dt { "Account" } dd.mono { (account_of(arn).unwrap_or("–")) } }
            div { dt { "First seen" } dd { (when(first)) } }
            div { dt { "Last seen" } dd { (when(last)) } }
        }
    }
}

/// All its events of a day.
fn by_day(days: &[Day]) -> Days {
    let mut sums = Days::new();
    for day in days {
        if let Some(date) = day.day {
            let sum = sums.entry(date).or_default();
            *sum = (sum.0 + day.events, sum.1 + day.denied);
        }
    }
    sums
}

/// The permissions, a part for each service, each with its days.
fn by_service(fields: &Fields, days: &[Day], actions: &[Action]) -> Markup {
    let dates = || days.iter().filter_map(|it| it.day);
    let (Some(first), Some(last)) = (dates().min(), dates().max()) else {
        return html! {};
    };
    let axis = Axis::of(first, last);
    let mut services: BTreeMap<&str, (u64, BTreeMap<i64, u64>)> = BTreeMap::new();
    for day in days {
        let service = services.entry(&day.source).or_default();
        service.0 += day.events;
        if let Some(date) = day.day {
            *service.1.entry(date).or_default() += day.events;
        }
    }
    let most = services.values().flat_map(|(_, days)| days.values()).max();
    let most = most.copied().unwrap_or(0);
    let mut services: Vec<_> = services.into_iter().collect();
    services.sort_by(|a, b| b.1.0.cmp(&a.1.0).then(a.0.cmp(b.0)));
    let share = share(actions.len(), services.len());
    html! {
        section {
            h2 { "By service and action" }
            @for (source, (events, days)) in &services {
                @let own: Vec<&Action> = actions.iter().filter(|it| it.source == **source).collect();
                @let all = fields.get("all") == Some(source);
                @let shown = if all { own.len() } else { share };
                details.service open[services.len() <= 3 || all] {
                    summary {
                        span.what { (source.trim_end_matches(".amazonaws.com")) }
                        span.dim { (counted(own.len() as u64, "action", "actions")) ", " (counted(*events, "event", "events")) }
                        (chart::strip(&axis, days, most, &format!("{} days with events", days.len())))
                    }
                    table.rows {
                        thead { tr {
                            th scope="col" { "Action" }
                            th scope="col" { "Access" }
                            th.n scope="col" { "Calls" }
                            th.n scope="col" { "Denied" }
                            th.n.opt scope="col" { "Resources" }
                            th.opt scope="col" { "First seen" }
                            th scope="col" { "Last seen" }
                        } }
                        tbody { @for action in own.iter().take(shown) { (action_row(action)) } }
                    }
                    @if own.len() > shown {
                        p.hint {
                            "The " (shown) " most used. "
                            a href=(fields.clone().with("all", source).link("/principal")) { "All " (count(own.len() as u64)) " actions" }
                        }
                    }
                }
            }
        }
    }
}

fn action_row(action: &Action) -> Markup {
    html! {
        tr {
            td.what { (action_name(&action.action)) }
            td {
                @match action.mapping.as_str() {
                    "mapped" => (access_level(&action.action)),
                    "none" => span.dim title="IAM checks no permission for this call" { "needs none" },
                    _ => span.tag.warn title="No rule knows which permission this call needs" { "unmapped" },
                }
            }
            td.n { (count(action.calls)) }
            td.n { @if action.denied > 0 { span.bad { (count(action.denied)) } } @else { span.dim { "0" } } }
            td.n.opt { (count(action.resources)) }
            td.opt { (when(action.first_seen.as_deref())) }
            td { (when(action.last_seen.as_deref())) }
        }
    }
}

/// What AWS says that an action does.
pub(super) fn access_level(action: &str) -> Markup {
    let (prefix, name) = action.split_once(':').unwrap_or_default();
    let known = Reference::bundled().action(prefix, name);
    let levels = known.map_or(&[][..], |action| &action.access_levels);
    html! {
        @for level in levels { span.level { (level.as_str()) } " " }
        @if levels.is_empty() { span.dim { "–" } }
    }
}

fn others(title: &str, none: &str, rows: &[Other]) -> Markup {
    html! {
        section {
            h2 { (title) }
            @if rows.is_empty() {
                p.hint { (none) }
            } @else {
                table {
                    thead { tr {
                        th scope="col" { "Principal" }
                        th.n scope="col" { "Calls" }
                        th.n scope="col" { "Denied" }
                        th.opt scope="col" { "Last" }
                    } }
                    tbody {
                        @for row in rows {
                            @let other = row.other.as_deref().unwrap_or("unknown");
                            tr {
                                td.what { @if other.starts_with("arn:") && !other.contains('*') { (named(other)) } @else { (other) } }
                                td.n { (count(row.calls)) }
                                td.n { @if row.denied > 0 { span.bad { (count(row.denied)) } } @else { span.dim { "0" } } }
                                td.opt { (when(row.last_seen.as_deref())) }
                            }
                        }
                    }
                }
            }
        }
    }
}
