//! ListPolicyGenerations: all jobs, the newest first, in pages.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::wire::{invalid_token, place, token};
use crate::server::App;
use crate::server::error::{ApiError, Reason};
use crate::server::jobs::{Job, Status};

/// Jobs of a page, if the client does not say.
const PAGE: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    principal_arn: Option<String>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    policy_generations: Vec<PolicyGeneration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PolicyGeneration {
    job_id: String,
    principal_arn: String,
    status: Status,
    started_on: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_on: Option<Timestamp>,
}

impl From<Job> for PolicyGeneration {
    fn from(job: Job) -> Self {
        Self {
            job_id: job.job_id,
            principal_arn: job.order.principal_arn,
            status: job.status,
            started_on: job.started_on,
            completed_on: job.completed_on,
        }
    }
}

pub(super) async fn answer(
    State(app): State<Arc<App>>,
    query: Result<Query<Request>, QueryRejection>,
) -> Result<Json<Answer>, ApiError> {
    let Query(request) =
        query.map_err(|error| ApiError::validation(Reason::CannotParse, error.body_text()))?;
    let most = request.max_results.unwrap_or(PAGE);
    if most == 0 {
        return Err(ApiError::field("maxResults", "must be 1 or more"));
    }
    let after = request.next_token.as_deref().map(after).transpose()?;
    let page = app
        .jobs
        .list(request.principal_arn.as_deref(), most, after.as_ref());
    Ok(Json(Answer {
        policy_generations: page.jobs.into_iter().map(PolicyGeneration::from).collect(),
        next_token: page.next.as_deref().map(token),
    }))
}

/// The job behind which the page begins.
fn after(token: &str) -> Result<(Timestamp, String), ApiError> {
    let place = place(token)?;
    let (started, id) = place.split_once(' ').ok_or_else(invalid_token)?;
    let started = started.parse().map_err(|_| invalid_token())?;
    Ok((started, id.to_owned()))
}
