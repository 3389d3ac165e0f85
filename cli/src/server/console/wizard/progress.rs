//! How far is a generation?

use std::sync::Arc;

use axum::extract::{Path, State};
use jiff::Timestamp;
use maud::{Markup, html};
use trailwright_engine::time::to_text;

use super::super::Answer;
use super::super::fields::Fields;
use super::super::layout::{Page, Place};
use super::super::text::{alert, when};
use super::case::job;
use super::generations::{again, badge};
use super::steps::{Step, steps, title, to};
use crate::server::App;
use crate::server::jobs::{Job, Status};

/// Seconds after which a browser without scripts asks again.
const AGAIN: u32 = 1;

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let job = job(&app, &id)?;
    let body = html! {
        (steps((job.status == Status::Succeeded).then_some(&*id), Step::Generate, &fields))
        div.head { div { (title("Policy of", &job.order.principal_arn)) } }
        // Scripts listen for the end of this job and load the page again.
        section data-job=[(job.status == Status::InProgress).then_some(&id)] {
            div.title {
                h2 role="status" { (state(&job)) }
                (badge(job.status))
            }
            @if job.status == Status::InProgress {
                progress aria-label="Working" {}
                p.hint data-stage { (job.stage.unwrap_or("waiting for its turn")) }
            }
            @if let Some(error) = &job.job_error { (alert(&error.message, None)) }
            (asked(&job))
            div.actions {
                @match job.status {
                    Status::InProgress => form method="post" action={ "/jobs/" (id) "/cancel" } { button type="submit" { "Cancel" } },
                    Status::Succeeded => a.button.primary href=(to(&id, Step::Review, &fields)) { "Review the policy" },
                    Status::Failed | Status::Canceled => a.button.primary href=(again(&job)) { "Change and try again" },
                }
            }
        }
    };
    // The title is what is seen of a page behind others.
    let title = match job.status {
        Status::InProgress => "Generating",
        Status::Succeeded => "Policy ready",
        Status::Failed => "No policy",
        Status::Canceled => "Canceled",
    };
    let mut page = Page::new(title, Place::Policies, body);
    if job.status == Status::InProgress {
        page = page.refresh(AGAIN);
    }
    Ok(page.answer())
}

fn state(job: &Job) -> String {
    match job.status {
        Status::InProgress => "Generating".to_owned(),
        Status::Succeeded => {
            let took = job
                .completed_on
                .map(|end| end.duration_since(job.started_on));
            match took {
                Some(took) => format!("The policy is ready, after {:.1} s", took.as_secs_f64()),
                None => "The policy is ready".to_owned(),
            }
        }
        Status::Failed => "There is no policy".to_owned(),
        Status::Canceled => "Canceled".to_owned(),
    }
}

/// What a generation was asked for.
pub(super) fn asked(job: &Job) -> Markup {
    let order = &job.order;
    let time = |at: Option<Timestamp>| at.map(|at| to_text(at.as_microsecond()));
    let list = |values: &[String]| match values {
        [] => "all".to_owned(),
        values => values.join(", "),
    };
    html! {
        dl.facts {
            dt { "From" } dd { @match time(order.start_time) { Some(time) => (when(Some(&time))), None => "the first of the logs" } }
            dt { "Until" } dd { @match time(order.end_time) { Some(time) => (when(Some(&time))), None => "the last of the logs" } }
            @if !order.trails.is_empty() {
                dt { "Trails" } dd { (list(&order.trails.iter().map(|it| it.cloud_trail_arn.clone()).collect::<Vec<_>>())) }
            }
            dt { "Accounts" } dd { (list(&order.accounts)) }
            dt { "Regions" } dd { (list(&order.regions)) }
            dt { "Started" } dd { (when(Some(&job.started_on.to_string()))) }
        }
    }
}
