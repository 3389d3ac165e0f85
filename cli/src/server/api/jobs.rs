//! How far are the policy generations?

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;

use crate::server::App;
use crate::server::error::ApiError;
use crate::server::jobs::{Found, Job, Status};

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
    let jobs = app.jobs.list(None, usize::MAX, None).jobs;
    Json(List { jobs })
}

pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(job_id): Path<String>,
) -> Result<Json<One>, ApiError> {
    let job = app.jobs.get(&job_id);
    let job =
        job.ok_or_else(|| ApiError::not_found("the job does not exist, or is no longer kept"))?;
    let found = match job.status {
        Status::Succeeded => Some(tokio::task::block_in_place(|| app.jobs.found(&job_id))?),
        _ => None,
    };
    Ok(Json(One { job, found }))
}
