//! How far are the policy generations? They may also be started and canceled here, with all that a
//! policy can be asked to be.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::request::{Sent, range};
use crate::args::RangeArgs;
use crate::server::App;
use crate::server::error::ApiError;
use crate::server::jobs::{Found, Job, NoJob, Order, Status, Trail};
use crate::writing::Writing;

#[derive(Serialize)]
pub(super) struct List {
    jobs: Vec<Job>,
}

#[derive(Serialize)]
pub(super) struct One {
    #[serde(flatten)]
    job: Job,
    /// What it found, if it succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<Found>,
}

pub(super) async fn list(State(app): State<Arc<App>>) -> Json<List> {
    let jobs = tokio::task::block_in_place(|| app.jobs.list(None, usize::MAX, None).jobs);
    Json(List { jobs })
}

pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(job_id): Path<String>,
) -> Result<Json<One>, ApiError> {
    let job = app.jobs.get(&job_id);
    let job = job.ok_or_else(|| ApiError::not_found(NoJob::Unknown.to_string()))?;
    let found = match job.status {
        Status::Succeeded => Some(tokio::task::block_in_place(|| app.jobs.found(&job_id))?),
        _ => None,
    };
    Ok(Json(One { job, found }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Request {
    principal: String,
    #[serde(default)]
    range: RangeArgs,
    /// None are all.
    #[serde(default)]
    trails: Vec<Trail>,
    #[serde(default)]
    writing: Writing,
    client_token: Option<String>,
}

/// Starts a policy generation.
pub(super) async fn start(
    State(app): State<Arc<App>>,
    Sent(request): Sent<Request>,
) -> Result<Json<Job>, ApiError> {
    let range = range(&request.range)?;
    // What cannot be is told now.
    request.writing.options()?;
    app.lake.scopes(&request.trails)?;
    let time = |micros: i64| {
        Timestamp::from_microsecond(micros)
            .map_err(|error| ApiError::field("range", error.to_string()))
    };
    let order = Order {
        principal_arn: request.principal,
        trails: request.trails,
        accounts: Vec::new(),
        regions: Vec::new(),
        start_time: range.from.map(time).transpose()?,
        end_time: range.to.map(time).transpose()?,
        writing: request.writing,
    };
    let token = request.client_token;
    let job = tokio::task::block_in_place(|| app.jobs.start(order, token))?;
    Ok(Json(job))
}

/// Cancels a policy generation.
pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    Path(job_id): Path<String>,
) -> Result<Json<Job>, ApiError> {
    match tokio::task::block_in_place(|| app.jobs.cancel(&job_id)) {
        Err(NoJob::Unknown) => return Err(ApiError::not_found(NoJob::Unknown.to_string())),
        canceled => canceled?,
    }
    let job = app.jobs.get(&job_id);
    job.map(Json)
        .ok_or_else(|| ApiError::not_found(NoJob::Unknown.to_string()))
}
