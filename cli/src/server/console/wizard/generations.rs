//! Which policies were generated?

use std::sync::Arc;

use axum::extract::{Path, State};
use maud::{Markup, html};
use trailwright_engine::time::to_text;

use super::super::Answer;
use super::super::fields::Fields;
use super::super::layout::{Page, Place};
use super::super::paging::Paged;
use super::super::sign_in::redirect;
use super::super::text::{empty, principal, when};
use crate::server::App;
use crate::server::error::ApiError;
use crate::server::jobs::{Job, Status};

pub(super) async fn page(State(app): State<Arc<App>>, fields: Fields) -> Answer {
    let jobs = app
        .jobs
        .list(fields.get("principal"), usize::MAX, None)
        .jobs;
    let shown = Paged::of(&jobs, &fields);
    let body = html! {
        div.head {
            h1 { "Policies" }
            a.button.primary href="/generate" { "Generate a policy" }
        }
        @if jobs.is_empty() {
            (empty("No policy was generated yet.", html! { a href="/generate" { "Generate the first one" } " for a role or user in the logs." }))
        } @else {
            section { table.rows {
                thead { tr {
                    th scope="col" { "Role or user" }
                    th scope="col" { "State" }
                    th.opt scope="col" { "Logs from" }
                    th.opt scope="col" { "until" }
                    th scope="col" { "Started" }
                    th scope="col" { span.sr { "Open" } }
                } }
                tbody { @for job in shown.rows { (row(job)) } }
            } }
            (shown.turn(&fields, "/jobs"))
        }
    };
    Ok(Page::new("Policies", Place::Policies, body).answer())
}

fn row(job: &Job) -> Markup {
    let time = |at: Option<jiff::Timestamp>| at.map(|at| to_text(at.as_microsecond()));
    html! {
        tr {
            td.what { (principal(&job.order.principal_arn)) }
            td { (badge(job.status)) }
            td.opt { (when(time(job.order.start_time).as_deref())) }
            td.opt { (when(time(job.order.end_time).as_deref())) }
            td { (when(Some(&job.started_on.to_string()))) }
            td.n {
                @match job.status {
                    Status::Succeeded => a href={ "/jobs/" (job.job_id) "/review" } { "Review" },
                    _ => a href={ "/jobs/" (job.job_id) } { "Open" },
                }
            }
        }
    }
}

/// The state of a generation.
pub(super) fn badge(status: Status) -> Markup {
    html! {
        @match status {
            Status::InProgress => span.tag { "in progress" },
            Status::Succeeded => span.tag.good { "ready" },
            Status::Failed => span.tag.bad { "failed" },
            Status::Canceled => span.tag { "canceled" },
        }
    }
}

/// A link to the form for a generation like this one.
pub(super) fn again(job: &Job) -> String {
    let order = &job.order;
    let time = |at: jiff::Timestamp| to_text(at.as_microsecond());
    let mut fields = Fields::default().and("principal", &order.principal_arn);
    for trail in &order.trails {
        fields = fields.and("trail", &trail.cloud_trail_arn);
    }
    for account in &order.accounts {
        fields = fields.and("account", account);
    }
    for region in &order.regions {
        fields = fields.and("region", region);
    }
    fields
        .and("from", order.start_time.map(time).unwrap_or_default())
        .and("to", order.end_time.map(time).unwrap_or_default())
        .link("/generate")
}

pub(super) async fn cancel(State(app): State<Arc<App>>, Path(id): Path<String>) -> Answer {
    // One that has ended meanwhile shows how.
    if app
        .jobs
        .get(&id)
        .is_some_and(|job| job.status == Status::InProgress)
    {
        let canceled = tokio::task::block_in_place(|| app.jobs.cancel(&id));
        canceled.map_err(ApiError::from)?;
    }
    Ok(redirect(&format!("/jobs/{id}"), None))
}
