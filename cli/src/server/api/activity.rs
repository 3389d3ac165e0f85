//! Which permissions did a principal use?

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::request::{Asked, range};
use crate::args::RangeArgs;
use crate::server::App;
use crate::server::error::ApiError;
use crate::server::policy::Used;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    principal: String,
    from: Option<String>,
    to: Option<String>,
    last: Option<String>,
    during: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Answer {
    activity: Vec<Used>,
}

pub(super) async fn answer(
    State(app): State<Arc<App>>,
    Asked(request): Asked<Request>,
) -> Result<Json<Answer>, ApiError> {
    let range = range(&RangeArgs {
        from: request.from,
        to: request.to,
        last: request.last,
        during: request.during,
    })?;
    let _place = app.query_place().await;
    let session = app.lake.guarded(range).await?;
    let activity = session.activity(&request.principal).await?;
    Ok(Json(Answer {
        activity: activity.iter().map(Used::from).collect(),
    }))
}
