//! Who is in the lake?

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use trailwright_engine::principal::takes_policy;
use trailwright_engine::time::to_text;

use super::request::{Asked, range};
use crate::args::RangeArgs;
use crate::server::App;
use crate::server::error::ApiError;

#[derive(Serialize)]
pub(super) struct Answer {
    principals: Vec<Principal>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Principal {
    principal: String,
    principal_type: String,
    events: u64,
    denied: u64,
    first_seen: Option<String>,
    last_seen: Option<String>,
    /// Whether a policy can be written for it.
    takes_policy: bool,
}

pub(super) async fn answer(
    State(app): State<Arc<App>>,
    Asked(said): Asked<RangeArgs>,
) -> Result<Json<Answer>, ApiError> {
    let range = range(&said)?;
    let _place = app.query_place().await;
    let principals = app.lake.guarded(range).await?.principals().await?;
    let principals = principals.into_iter().map(|it| Principal {
        takes_policy: takes_policy(&it.principal).is_ok(),
        principal: it.principal,
        principal_type: it.principal_type,
        events: it.events,
        denied: it.denied,
        first_seen: it.first_seen.map(to_text),
        last_seen: it.last_seen.map(to_text),
    });
    Ok(Json(Answer {
        principals: principals.collect(),
    }))
}
