//! Which accounts, regions and days does the lake have? A day that is not there is no day without
//! use.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, Value};

use super::range::Range;
use super::sql::rows;
use crate::server::App;
use crate::server::error::ApiError;

const QUERY: &str = include_str!("coverage.sql");

#[derive(Serialize)]
pub(super) struct Answer {
    coverage: Vec<Map<String, Value>>,
}

pub(super) async fn answer(
    State(app): State<Arc<App>>,
    Range(range): Range,
) -> Result<Json<Answer>, ApiError> {
    let batches = app.lake.session(range).await?.sql(QUERY).await?;
    Ok(Json(Answer {
        coverage: rows(&batches)?,
    }))
}
