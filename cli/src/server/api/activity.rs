//! Which permissions did a principal use?

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};

use super::range::Range;
use crate::server::App;
use crate::server::error::{ApiError, Reason};
use crate::server::jobs::{Evidence, evidence};

#[derive(Deserialize)]
pub(super) struct Request {
    principal: String,
}

#[derive(Serialize)]
pub(super) struct Answer {
    activity: Vec<Evidence>,
}

pub(super) async fn answer(
    State(app): State<Arc<App>>,
    Range(range): Range,
    query: Result<Query<Request>, QueryRejection>,
) -> Result<Json<Answer>, ApiError> {
    let Query(request) =
        query.map_err(|error| ApiError::validation(Reason::CannotParse, error.body_text()))?;
    let session = app.lake.session(range).await?;
    let activity = session.activity(&request.principal).await?;
    Ok(Json(Answer {
        activity: activity.iter().map(evidence).collect(),
    }))
}
