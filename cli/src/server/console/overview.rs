//! What is in the lake, and what is missing from it?

mod calendar;
mod figures;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use maud::{Markup, html};

use super::Answer;
use super::chart;
use super::fields::{Fields, link};
use super::layout::{Page, Place};
use super::span;
use super::text::{action, count, counted, day_text, empty, principal, select, when};
use crate::server::App;
use figures::{Busy, Denied, Unmapped};

pub(super) use figures::{Figures, Part};

pub(super) async fn page(State(app): State<Arc<App>>, fields: Fields) -> Answer {
    let range = span::range(&fields)?;
    let figures = app.memory.overview(&app, range, Part::of(&fields)).await?;
    let body = html! {
        (app.memory.notice(&app))
        div.head {
            h1 { "Overview" }
            (filter(&fields, &figures))
        }
        @if figures.events == 0 {
            (nothing(&fields))
        } @else {
            (totals(&figures))
            @if let Some(over_time) = &figures.over_time { (over_time.section("Events over time", &fields, "/")) }
            @if let Some(calendar) = &figures.calendar { (calendar::section(calendar)) }
            div.pair {
                (busy("Top services", "Service", &figures.services, |name| html! {
                    a href=(link("/principals", "service", name)) { (name.trim_end_matches(".amazonaws.com")) }
                }))
                (busy("Top principals", "Principal", &figures.principals, principal))
            }
            div.pair {
                (denied_calls(&figures.denied_calls))
                (unmapped_calls(&figures.unmapped))
            }
        }
    };
    Ok(Page::new("Overview", Place::Overview, body).answer())
}

/// The form that cuts the page down to an account, a region and a time.
fn filter(fields: &Fields, figures: &Figures) -> Markup {
    let values = |all: &BTreeSet<String>| -> Vec<(String, String)> {
        all.iter().map(|it| (it.clone(), it.clone())).collect()
    };
    let (account, region) = (fields.get("account"), fields.get("region"));
    html! {
        form.filter method="get" action="/" role="search" aria-label="Cut down" {
            (select("account", "Account", account, "All accounts", &values(&figures.accounts)))
            (select("region", "Region", region, "All regions", &values(&figures.regions)))
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

fn totals(figures: &Figures) -> Markup {
    let span = match figures.span {
        Some((first, last)) if first == last => day_text(first),
        Some((first, last)) => format!("{} – {}", day_text(first), day_text(last)),
        None => "no time".to_owned(),
    };
    html! {
        dl.totals {
            div { dt { "Events" } dd { (count(figures.events)) } }
            div { dt { "Denied" } dd class=[(figures.denied > 0).then_some("bad")] { (count(figures.denied)) } }
            div { dt { "Accounts" } dd { (count(figures.accounts.len() as u64)) } }
            div { dt { "Regions" } dd { (count(figures.regions.len() as u64)) } }
            div.wide { dt { "Logs of " (counted(figures.days, "day", "days")) } dd { (span) } }
        }
    }
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
                                td.what.action { (action(&row.what)) }
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
                                td.what.action { code { (row.event_source.trim_end_matches(".amazonaws.com")) " " (row.event_name) } }
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
