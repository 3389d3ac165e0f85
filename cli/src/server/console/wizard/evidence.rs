//! Which events prove that an action is needed?

use std::sync::Arc;

use axum::extract::{Path, State};
use maud::html;
use serde::Deserialize;

use super::super::Answer;
use super::super::ask::ask;
use super::super::fields::{Fields, link};
use super::super::layout::{Page, Place};
use super::super::principal::access_level;
use super::super::text::{count, when};
use super::super::trouble::Trouble;
use super::steps::{Step, steps, title, to};
use super::written::Written;
use crate::server::App;

/// Resources of a statement that are listed.
const RESOURCES: usize = 50;

/// A sample of the events.
#[derive(Deserialize)]
struct Event {
    event_id: String,
    event_time: Option<String>,
    event_name: Option<String>,
    aws_region: Option<String>,
    source_ip_address: Option<String>,
    user_agent: Option<String>,
    request_parameters: Option<String>,
}

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let wanted = fields.get("action").unwrap_or_default();
    let written = Written::of(&app, &id, &fields).await?;
    let dossier = &written.dossier;
    let found: Vec<_> = dossier
        .evidence
        .iter()
        .flat_map(|statement| statement.actions.iter().map(move |it| (statement, it)))
        .filter(|(_, it)| it.action == wanted)
        .collect();
    if found.is_empty() {
        return Err(Trouble::not_found(format!(
            "the policy does not hold `{wanted}`"
        )));
    }
    let samples: Vec<&str> = found
        .iter()
        .flat_map(|(_, it)| &it.sample_event_ids)
        .map(String::as_str)
        .collect();
    let sample = |at: usize| samples.get(at).copied().unwrap_or_default();
    let values = [("a", sample(0)), ("b", sample(1)), ("c", sample(2))];
    let session = app.lake.session(Default::default()).await?;
    let events = ask::<Event>(&session, include_str!("samples.sql"), &values).await?;
    let body = html! {
        (steps(Some(&id), Step::Review, &fields))
        nav.crumbs aria-label="You are here" { a href=(to(&id, Step::Review, &fields)) { "Review" } }
        div.head { div { (title("Policy of", written.case.principal())) } }
        section {
            div.title { h2 { code { (wanted) } } (access_level(wanted)) }
            @for (statement, action) in &found {
                @let resources = resources(&written, statement.document, &statement.sid);
                h3 { "Statement " code { (statement.sid) } @if dossier.documents.len() > 1 { span.dim { " of document " (statement.document + 1) } } }
                dl.facts {
                    dt { "Calls" } dd { (count(action.events)) }
                    dt { "First seen" } dd { (when(action.first_seen.as_deref())) }
                    dt { "Last seen" } dd { (when(action.last_seen.as_deref())) }
                    dt { "Resource is" } dd { @for (origin, events) in &action.origins { (origin) " " span.dim { "(" (count(*events)) ") " } } }
                    @for rule in &action.rules {
                        dt { "Because" } dd { code { (rule.event) } " needs it by rule " em { (rule.rule) } ": " (rule.fact) }
                    }
                    dt { "On" }
                    dd {
                        ul.plain { @for resource in resources.iter().take(RESOURCES) { li { code { (resource) } } } }
                        @if resources.len() > RESOURCES { span.dim { "and " (count((resources.len() - RESOURCES) as u64)) " more" } }
                    }
                }
            }
        }
        section {
            h2 { "Some of the events" }
            @if events.is_empty() { p.hint { "None is kept: the action was added by hand." } }
            @for event in &events {
                details.event {
                    summary {
                        (when(event.event_time.as_deref())) " " code { (event.event_name.as_deref().unwrap_or("?")) } " "
                        span.dim { (event.aws_region.as_deref().unwrap_or_default()) " " (event.source_ip_address.as_deref().unwrap_or_default()) }
                    }
                    dl.facts {
                        dt { "Event" } dd { a href=(link("/sql", "q", &format!("SELECT * FROM events WHERE event_id = '{}'", event.event_id.replace('\'', "''")))) { code { (event.event_id) } } }
                        dt { "User agent" } dd { (event.user_agent.as_deref().unwrap_or("–")) }
                        dt { "Request" } dd { pre { (event.request_parameters.as_deref().unwrap_or("–").chars().take(4_000).collect::<String>()) } }
                    }
                }
            }
        }
    };
    Ok(Page::new(wanted, Place::Policies, body).answer())
}

/// The resources of a statement.
fn resources<'a>(written: &'a Written, document: usize, sid: &str) -> Vec<&'a str> {
    let document = written.dossier.documents.get(document);
    document
        .into_iter()
        .flat_map(|it| &it.statement)
        .filter(|it| it.sid.as_deref() == Some(sid))
        .filter_map(|it| it.resources.as_ref())
        .flat_map(|it| it.patterns().0)
        .map(String::as_str)
        .collect()
}
