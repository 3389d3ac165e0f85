//! Who is in the lake?

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use maud::{Markup, html};
use trailwright_engine::time::{self, TimeRange};
use trailwright_sql::PrincipalSummary;

use super::Answer;
use super::ask::ask;
use super::chart;
use super::fields::Fields;
use super::layout::{Page, Place};
use super::paging::Paged;
use super::span;
use super::text::{account_of, count, counted, empty, kind, principal, select, when};
use crate::server::App;

/// Who called a service.
#[derive(serde::Deserialize)]
struct Caller {
    principal: String,
}

const CALLERS: &str = "SELECT DISTINCT principal FROM activity WHERE event_source = $service";

pub(super) async fn page(State(app): State<Arc<App>>, fields: Fields) -> Answer {
    let range = span::range(&fields)?;
    let all = app.memory.principals(&app, range).await?;
    let callers: Option<BTreeSet<String>> = match fields.get("service") {
        None => None,
        Some(service) => {
            let session = app.lake.session(range).await?;
            let rows = ask::<Caller>(&session, CALLERS, &[("service", service)]).await?;
            Some(rows.into_iter().map(|it| it.principal).collect())
        }
    };
    let seen_since = seen_since(&fields)?;
    let wanted = fields.get("q").map(str::to_lowercase);
    let found: Vec<&PrincipalSummary> = all
        .iter()
        .filter(|it| {
            wanted
                .as_ref()
                .is_none_or(|wanted| it.principal.to_lowercase().contains(wanted))
                && fields
                    .get("kind")
                    .is_none_or(|kind| it.principal_type == kind)
                && fields
                    .get("account")
                    .is_none_or(|own| account_of(&it.principal) == Some(own))
                && callers
                    .as_ref()
                    .is_none_or(|them| them.contains(&it.principal))
                && seen_since.is_none_or(|since| it.last_seen.is_some_and(|at| at >= since))
        })
        .collect();
    let shown = Paged::of(&found, &fields);
    let most = found.iter().map(|it| it.events).max().unwrap_or(0);
    let body = html! {
        (app.memory.notice(&app))
        div.head {
            h1 { "Principals" }
            (filter(&fields, &all))
        }
        @if let Some(service) = fields.get("service") {
            p.chips { span.chip {
                "called " code { (service) }
                a href=(fields.clone().without("service").without("page").link("/principals")) aria-label="Remove this filter" { "×" }
            } }
        }
        p.hint {
            (counted(found.len() as u64, "principal", "principals"))
            @if found.len() < all.len() { " of " (count(all.len() as u64)) }
        }
        @if found.is_empty() {
            (empty("Nobody fits.", html! { a href="/principals" { "Show everybody" } " or widen the range: who did nothing in the logs is not in them." }))
        } @else {
            section { table.rows {
                thead { tr {
                    th scope="col" { "Principal" }
                    th.opt scope="col" { "Kind" }
                    th.opt scope="col" { "Account" }
                    th.n scope="col" { "Events" }
                    th.bar aria-hidden="true" {}
                    th.n scope="col" { "Denied" }
                    th.opt scope="col" { "First seen" }
                    th scope="col" { "Last seen" }
                } }
                tbody { @for it in shown.rows { (row(it, most)) } }
            } }
            (shown.turn(&fields, "/principals"))
        }
    };
    Ok(Page::new("Principals", Place::Principals, body).answer())
}

/// The time of `seen`, as people write it.
fn seen_since(fields: &Fields) -> Result<Option<i64>, super::Trouble> {
    let Some(since) = fields.get("seen") else {
        return Ok(None);
    };
    let now = jiff::Timestamp::now().as_microsecond();
    Ok(TimeRange::between(Some(since), None, now)?.from)
}

fn row(it: &PrincipalSummary, most: u64) -> Markup {
    let time = |at: Option<i64>| at.map(time::to_text);
    html! {
        tr {
            td.what { (principal(&it.principal)) }
            td.opt { (kind(&it.principal_type)) }
            td.mono.opt { @match account_of(&it.principal) { Some(account) => (account), None => span.dim { "–" } } }
            td.n { (count(it.events)) }
            td.bar aria-hidden="true" { (chart::bar(it.events, most)) }
            td.n { @if it.denied > 0 { span.bad { (count(it.denied)) } } @else { span.dim { "0" } } }
            td.opt { (when(time(it.first_seen).as_deref())) }
            td { (when(time(it.last_seen).as_deref())) }
        }
    }
}

fn filter(fields: &Fields, all: &[PrincipalSummary]) -> Markup {
    let kinds: BTreeSet<&str> = all.iter().map(|it| it.principal_type.as_str()).collect();
    let kinds: Vec<(String, String)> = kinds
        .into_iter()
        .map(|it| (it.to_owned(), kind(it).to_owned()))
        .collect();
    let accounts: BTreeSet<&str> = all
        .iter()
        .filter_map(|it| account_of(&it.principal))
        .collect();
    let accounts: Vec<(String, String)> = accounts
        .into_iter()
        .map(|it| (it.to_owned(), it.to_owned()))
        .collect();
    html! {
        form.filter method="get" action="/principals" role="search" aria-label="Search principals" {
            div.field {
                label for="f-q" { "Name or ARN" }
                input #f-q type="search" name="q" value=[fields.get("q")] autocomplete="off" spellcheck="false";
            }
            (select("kind", "Kind", fields.get("kind"), "All kinds", &kinds))
            (select("account", "Account", fields.get("account"), "All accounts", &accounts))
            div.field {
                label for="f-seen" { "Seen since" }
                input #f-seen name="seen" value=[fields.get("seen")] placeholder="-90d, 2026-11-01" size="14" autocomplete="off" spellcheck="false";
            }
            (span::inputs(fields))
            @if let Some(service) = fields.get("service") { input type="hidden" name="service" value=(service); }
            button type="submit" { "Search" }
        }
    }
}
