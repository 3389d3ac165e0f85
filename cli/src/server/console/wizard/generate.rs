//! Whose policy, and from which part of the logs?

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;
use trailwright_engine::principal::takes_policy;
use trailwright_engine::time::TimeRange;
use trailwright_sql::Session;

use super::super::Answer;
use super::super::ask::ask;
use super::super::fields::Fields;
use super::super::layout::{self, Page};
use super::super::sign_in::redirect;
use super::super::span;
use super::super::text::{CHOICES, alert, counted, day_text, name_of};
use super::super::trouble::Trouble;
use super::steps::{Step, steps};
use crate::server::App;
use crate::server::jobs::{Order, Trail};
use crate::writing::Writing;

/// Names that are suggested while somebody types, and their letters all together.
const SUGGESTED: usize = 500;
const LETTERS: usize = 40_000;

/// Days of the spans that can be chosen.
const SPANS: [i64; 4] = [7, 30, 90, 365];

/// An account and a region that the lake has events of.
#[derive(Deserialize)]
pub(in super::super) struct Place {
    account: Option<String>,
    region: Option<String>,
    /// The last day with events.
    last: Option<i64>,
}

impl Place {
    pub(in super::super) async fn all(session: &Session) -> Result<Vec<Self>, Trouble> {
        ask(session, include_str!("places.sql"), &[]).await
    }
}

pub(super) async fn page(State(app): State<Arc<App>>, fields: Fields) -> Answer {
    form(&app, &fields, None).await
}

async fn form(app: &App, fields: &Fields, trouble: Option<&Trouble>) -> Answer {
    let principals = app.memory.principals(app, TimeRange::default()).await?;
    let places = app.memory.places(app).await?;
    let takers: Vec<&str> = principals
        .iter()
        .map(|it| it.principal.as_str())
        .filter(|it| takes_policy(it).is_ok())
        .collect();
    let accounts: BTreeSet<&str> = places
        .iter()
        .filter_map(|it| it.account.as_deref())
        .collect();
    let regions: BTreeSet<&str> = places
        .iter()
        .filter_map(|it| it.region.as_deref())
        .collect();
    let last = places.iter().filter_map(|it| it.last).max();
    let trails = app.lake.trails();
    let body = html! {
        (steps(None, Step::Generate, fields))
        div.head { h1 { "Generate a policy" } }
        @if let Some(trouble) = trouble { (alert(trouble.message(), trouble.help())) }
        form.stack method="post" action="/generate" {
            section.wide {
                h2 { "Role or user" }
                div.field {
                    label for="principal" { "ARN" }
                    input.mono #principal name="principal" list="principals" required value=[fields.get("principal")]
                        placeholder="arn:aws:iam::111122223333:role/name" autocomplete="off" spellcheck="false";
                    datalist #principals {
                        @for arn in suggested(&takers) { option value=(arn) { (name_of(arn)) } }
                    }
                    p.hint {
                        (counted(takers.len() as u64, "role or user", "roles and users")) " in the logs. "
                        a href="/principals" { "Look for one" }
                    }
                }
            }
            section.wide {
                h2 { "Time" }
                (when(fields, last))
                p.hint {
                    @if let Some(last) = last { "The logs end on " (day_text(last)) ". " }
                    "Longer is safer: a role that runs once a quarter needs a quarter of logs."
                }
            }
            @if !trails.is_empty() {
                section.wide {
                    h2 { "Trail" }
                    div.checks {
                        @for (arn, accounts) in trails {
                            label.check {
                                input type="checkbox" name="trail" value=(arn) checked[fields.has("trail", arn)];
                                span { code { (arn) } span.hint { (accounts.join(", ")) } }
                            }
                        }
                    }
                    p.hint { "None chosen means all." }
                }
            }
            section.wide {
                h2 { "Accounts and regions" }
                (places_of("account", "Accounts", fields, &accounts))
                (places_of("region", "Regions", fields, &regions))
                p.hint { "None chosen means all: " (counted(accounts.len() as u64, "account", "accounts")) ", " (counted(regions.len() as u64, "region", "regions")) " in the logs." }
            }
            div.actions { button.primary type="submit" { "Generate" } }
        }
    };
    Ok(Page::new("Generate a policy", layout::Place::Policies, body).answer())
}

/// The names that are suggested, the busiest first.
fn suggested<'a>(takers: &[&'a str]) -> Vec<&'a str> {
    let mut letters = 0;
    let fits = |arn: &&&str| {
        letters += arn.len();
        letters <= LETTERS
    };
    takers
        .iter()
        .take(SUGGESTED)
        .take_while(fits)
        .copied()
        .collect()
}

/// Accounts or regions to choose from; where there are too many, those that are chosen, and a field
/// to type others.
fn places_of(name: &str, title: &str, fields: &Fields, values: &BTreeSet<&str>) -> Markup {
    let chosen = listed(fields, name);
    let shown: Vec<&str> = match values.len() > CHOICES {
        true => chosen.iter().copied().collect(),
        false => chosen.union(values).copied().collect(),
    };
    html! {
        fieldset {
            legend { (title) }
            div.checks.many {
                @for value in &shown {
                    label.check {
                        input type="checkbox" name=(name) value=(value) checked[chosen.contains(value)];
                        span { (value) }
                    }
                }
            }
            @if values.len() > CHOICES {
                div.field {
                    label for={ (name) "-list" } { (title) ", with commas between them" }
                    input.mono id={ (name) "-list" } name=(list(name)) autocomplete="off" spellcheck="false";
                }
            }
        }
    }
}

/// The name of the field in which several values are typed.
fn list(name: &str) -> String {
    format!("{name}-list")
}

/// The values that were chosen, and those that were typed.
fn listed<'a>(fields: &'a Fields, name: &str) -> BTreeSet<&'a str> {
    let typed = list(name);
    let typed = fields.all(&typed).flat_map(|it| it.split(','));
    let typed = typed.map(str::trim).filter(|it| !it.is_empty());
    fields.all(name).chain(typed).collect()
}

/// Which time is chosen: a span that ends with the logs, or dates.
fn when(fields: &Fields, last: Option<i64>) -> Markup {
    let has_dates = fields.get("from").or(fields.get("to")).is_some();
    let chosen = fields.get("when");
    let chosen = chosen.unwrap_or(if has_dates { "exact" } else { "all" });
    let spans = last.map(|last| SPANS.map(|days| (days, day_text(last - days + 1))));
    let radio = |value: &str, shown: Markup| {
        html! {
            label.check {
                input type="radio" name="when" value=(value) checked[value == chosen];
                span { (shown) }
            }
        }
    };
    html! {
        // Scripts choose the dates when somebody types some, and empty them when a span is chosen.
        fieldset.plain-set data-when {
            legend.sr { "Time" }
            div.checks {
                (radio("all", html! { "All logs" }))
                @for (days, from) in spans.iter().flatten() {
                    (radio(from, html! { "Last " (days) " days" }))
                }
                (radio("exact", html! { "Exact dates" }))
            }
            div.filter { (span::inputs(fields)) }
        }
    }
}

/// The fields with the time that is meant as `from` and `to`.
fn with_time(fields: &Fields) -> Result<Fields, Trouble> {
    let has_dates = fields.get("from").or(fields.get("to")).is_some();
    match fields.get("when") {
        None => Ok(fields.clone()),
        Some("exact") if has_dates => Ok(fields.clone()),
        Some("exact") => Err(Trouble::refused("no date is given")
            .hint("type when the time begins or ends, or choose another span")),
        Some(_) if has_dates => Err(Trouble::refused("there are dates beside another span")
            .hint("choose \"Exact dates\", or empty their fields")),
        Some("all") => Ok(fields.clone()),
        Some(from) => Ok(fields.clone().with("from", from)),
    }
}

pub(super) async fn start(State(app): State<Arc<App>>, body: Bytes) -> Answer {
    let fields = Fields::parse(&body);
    match begin(&app, &fields) {
        Ok(id) => Ok(redirect(&format!("/jobs/{id}"), None)),
        Err(trouble) => form(&app, &fields, Some(&trouble)).await,
    }
}

/// Starts the generation that a form asks for; its id.
fn begin(app: &App, fields: &Fields) -> Result<String, Trouble> {
    let Some(principal) = fields.get("principal") else {
        return Err(Trouble::refused("no role or user is named"));
    };
    takes_policy(principal).map_err(|reason| {
        Trouble::refused(format!("there is no policy for `{principal}`: {reason}"))
    })?;
    let range = span::range(&with_time(fields)?)?;
    let time = |micros: i64| {
        Timestamp::from_microsecond(micros).map_err(|error| Trouble::refused(error.to_string()))
    };
    let texts = |name: &str| {
        let values = listed(fields, name).into_iter();
        values.map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    let regions = texts("region");
    let order = Order {
        principal_arn: principal.to_owned(),
        trails: fields
            .all("trail")
            .map(|arn| Trail {
                cloud_trail_arn: arn.to_owned(),
                all_regions: regions.is_empty().then_some(true),
                regions: regions.clone(),
            })
            .collect(),
        accounts: texts("account"),
        regions: regions.clone(),
        start_time: range.from.map(time).transpose()?,
        end_time: range.to.map(time).transpose()?,
        writing: Writing::default(),
    };
    app.lake
        .scopes_of(&order)
        .map_err(crate::server::error::ApiError::from)?;
    let jobs = Arc::clone(&app.jobs);
    let job = tokio::task::block_in_place(|| jobs.start(order, None));
    Ok(job.map_err(crate::server::error::ApiError::from)?.job_id)
}
