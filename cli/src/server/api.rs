//! Our own API: what Access Analyzer's has no words for. `openapi.json` describes it.

mod activity;
mod apply;
mod coverage;
mod events;
mod jobs;
mod openapi;
mod policies;
mod principals;
mod range;
mod sql;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::App;
pub(super) use events::answer as events;
pub(super) use sql::rows;

/// The routes below `/api/v1`.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/openapi.json", get(openapi::answer))
        .route("/principals", get(principals::answer))
        .route("/activity", get(activity::answer))
        .route("/coverage", get(coverage::answer))
        .route("/policies", post(policies::answer))
        .route("/apply", post(apply::answer))
        .route("/rollback", post(apply::undo))
        .route("/sql", post(sql::answer))
        .route("/jobs", get(jobs::list))
        .route("/jobs/{jobId}", get(jobs::one))
        .route("/events", get(events::answer))
}
