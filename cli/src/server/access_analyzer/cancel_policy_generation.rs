//! CancelPolicyGeneration: ends a job that runs.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;

use crate::server::App;
use crate::server::error::ApiError;

#[derive(Serialize)]
pub(super) struct Answer {}

pub(super) async fn answer(
    State(app): State<Arc<App>>,
    Path(job_id): Path<String>,
) -> Result<Json<Answer>, ApiError> {
    tokio::task::block_in_place(|| app.jobs.cancel(&job_id))?;
    Ok(Json(Answer {}))
}
