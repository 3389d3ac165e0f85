//! What is in the lake, and what is missing from it?

mod calendar;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use maud::{Markup, html};
use serde::Deserialize;

use super::Answer;
use super::ask::ask;
use super::chart;
use super::fields::{Fields, link};
use super::layout::{Page, Place};
use super::over_time::{Days, OverTime};
use super::span;
use super::text::{count, counted, day_text, empty, principal, select, when};
use crate::server::App;

/// Events of an account in a region on a day.
#[derive(Deserialize)]
struct Day {
    account: Option<String>,
    region: Option<String>,
    day: Option<i64>,
    events: u64,
    denied: u64,
}

/// Something of which there is a longest list.
#[derive(Deserialize)]
struct Busy {
    name: String,
    events: u64,
    denied: u64,
}

#[derive(Deserialize)]
struct Denied {
    principal: String,
    what: String,
    calls: u64,
    last_seen: Option<String>,
}

#[derive(Deserialize)]
struct Unmapped {
    event_source: String,
    event_name: String,
    calls: u64,
    principals: u64,
    last_seen: Option<String>,
}

pub(super) async fn page(State(app): State<Arc<App>>, fields: Fields) -> Answer {
    let session = app.lake.session(span::range(&fields)?).await?;
    let account = fields.get("account").unwrap_or_default();
    let region = fields.get("region").unwrap_or_default();
    let values = [("account", account), ("region", region)];
    let (days, services, principals, denied, unmapped) = futures::try_join!(
        ask::<Day>(&session, include_str!("overview/days.sql"), &values),
        ask::<Busy>(&session, include_str!("overview/services.sql"), &values),
        ask::<Busy>(&session, include_str!("overview/principals.sql"), &values),
        ask::<Denied>(&session, include_str!("overview/denied.sql"), &values),
        ask::<Unmapped>(&session, include_str!("overview/unmapped.sql"), &values),
    )?;
    let values = [("account", account), ("region", region), ("principal", "")];
    let over_time = OverTime::of(&session, by_day(&days), &values).await?;
    let body = html! {
        div.head {
            h1 { "Overview" }
            (filter(&fields, &days))
        }
        @if days.is_empty() {
            (nothing(&fields))
        } @else {
            (totals(&days))
            @if let Some(over_time) = &over_time { (over_time.section("Events over time", &fields, "/")) }
            (calendar::section(&days))
            div.pair {
                (busy("Top services", "Service", &services, |name| html! {
                    a href=(link("/principals", "service", name)) { (name.trim_end_matches(".amazonaws.com")) }
                }))
                (busy("Top principals", "Principal", &principals, principal))
            }
            div.pair {
                (denied_calls(&denied))
                (unmapped_calls(&unmapped))
            }
        }
    };
    Ok(Page::new("Overview", Place::Overview, body).answer())
}

/// The form that cuts the page down to an account, a region and a time.
fn filter(fields: &Fields, days: &[Day]) -> Markup {
    let values = |of: fn(&Day) -> Option<&String>| -> Vec<(String, String)> {
        let values: BTreeSet<&String> = days.iter().filter_map(of).collect();
        values
            .into_iter()
            .map(|it| (it.clone(), it.clone()))
            .collect()
    };
    let (account, region) = (fields.get("account"), fields.get("region"));
    html! {
        form.filter method="get" action="/" role="search" aria-label="Cut down" {
            (select("account", "Account", account, "All accounts", &values(|it| it.account.as_ref())))
            (select("region", "Region", region, "All regions", &values(|it| it.region.as_ref())))
            (span::inputs(fields))
            button type="submit" { "Show" }
        }
    }
}

fn nothing(fields: &Fields) -> Markup {
    match fields.pairs().next() {
        None => empty(
            "This lake has no events yet.",
            html! { "Fill it: " code { "trailwright ingest LAKE FOLDER-WITH-LOGS" } ", then come back." },
        ),
        Some(_) => empty(
            "The lake has no events there. That is no sign that nothing happened: the logs may be missing.",
            html! { a href="/" { "Show all that the lake has" } },
        ),
    }
}

fn totals(days: &[Day]) -> Markup {
    let accounts: BTreeSet<_> = days.iter().filter_map(|it| it.account.as_ref()).collect();
    let regions: BTreeSet<_> = days.iter().filter_map(|it| it.region.as_ref()).collect();
    let dates: BTreeSet<i64> = days.iter().filter_map(|it| it.day).collect();
    let denied = days.iter().map(|it| it.denied).sum();
    let span = match (dates.first(), dates.last()) {
        (Some(first), Some(last)) if first == last => day_text(*first),
        (Some(first), Some(last)) => format!("{} – {}", day_text(*first), day_text(*last)),
        _ => "no time".to_owned(),
    };
    html! {
        dl.totals {
            div { dt { "Events" } dd { (count(days.iter().map(|it| it.events).sum())) } }
            div { dt { "Denied" } dd class=[(denied > 0).then_some("bad")] { (count(denied)) } }
            div { dt { "Accounts" } dd { (count(accounts.len() as u64)) } }
            div { dt { "Regions" } dd { (count(regions.len() as u64)) } }
            div.wide { dt { "Logs of " (counted(dates.len() as u64, "day", "days")) } dd { (span) } }
        }
    }
}

/// All events of a day, wherever they were.
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

fn busy(title: &str, column: &str, rows: &[Busy], name: impl Fn(&str) -> Markup) -> Markup {
    let most = rows.iter().map(|it| it.events).max().unwrap_or(0);
    html! {
        section {
            h2 { (title) }
            table {
                thead { tr {
                    th scope="col" { (column) }
                    th.n scope="col" { "Events" }
                    th.bar aria-hidden="true" {}
                    th.n scope="col" { "Denied" }
                } }
                tbody {
                    @for row in rows {
                        tr {
                            td.what { (name(&row.name)) }
                            td.n { (count(row.events)) }
                            td.bar aria-hidden="true" { (chart::bar(row.events, most)) }
                            td.n { @if row.denied > 0 { span.bad { (count(row.denied)) } } @else { span.dim { "0" } } }
                        }
                    }
                }
            }
        }
    }
}

fn denied_calls(rows: &[Denied]) -> Markup {
    html! {
        section {
            h2 { "Denied" }
            @if rows.is_empty() {
                p.hint { "No call was refused." }
            } @else {
                table {
                    thead { tr {
                        th scope="col" { "Permission" }
                        th scope="col" { "Principal" }
                        th.n scope="col" { "Calls" }
                        th.opt scope="col" { "Last" }
                    } }
                    tbody {
                        @for row in rows {
                            tr {
                                td.what { code { (row.what) } }
                                td.what { (principal(&row.principal)) }
                                td.n { (count(row.calls)) }
                                td.opt { (when(row.last_seen.as_deref())) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn unmapped_calls(rows: &[Unmapped]) -> Markup {
    html! {
        section {
            h2 { "Unmapped" }
            p.hint { "Calls of which nobody knows the permission. A policy leaves them out and says so." }
            @if rows.is_empty() {
                p { "None: every call is mapped." }
            } @else {
                table {
                    thead { tr {
                        th scope="col" { "Call" }
                        th.n scope="col" { "Calls" }
                        th.n scope="col" { "Principals" }
                        th.opt scope="col" { "Last" }
                    } }
                    tbody {
                        @for row in rows {
                            tr {
                                td.what { code { (row.event_source.trim_end_matches(".amazonaws.com")) " " (row.event_name) } }
                                td.n { (count(row.calls)) }
                                td.n { (count(row.principals)) }
                                td.opt { (when(row.last_seen.as_deref())) }
                            }
                        }
                    }
                }
            }
        }
    }
}
