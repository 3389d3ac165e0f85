//! What does `trailwright serve` answer, and to whom?
//!
//! ```text
//! listen ──► guard            who asks, from where, how much at once
//!             ├─► access_analyzer   the API that AWS's clients speak
//!             ├─► api               our own, richer one
//!             └─► console           pages for a browser
//!                  all stand on jobs, which outlive the server
//! ```

mod access_analyzer;
mod api;
mod app;
mod auth;
mod console;
mod error;
mod guard;
mod jobs;
mod lake;
mod listen;
mod log;
mod notice;
mod policy;
mod webhook;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use tower_http::catch_panic::CatchPanicLayer;

pub(crate) use app::{App, Resources};
pub(crate) use auth::{Auth, Key, random};
pub(crate) use console::keep_warm;
pub(crate) use jobs::Jobs;
pub(crate) use lake::Lake;
pub(crate) use listen::{bind, serve};
pub(crate) use log::{LogFormat, start_log};
pub(crate) use notice::start_notices;
pub(crate) use webhook::start_webhook;

use error::ApiError;

/// All that is answered.
pub(crate) fn router(app: Arc<App>) -> Router {
    let apis = Router::new()
        .merge(access_analyzer::routes())
        .nest("/api/v1", api::routes())
        .fallback(async || ApiError::unknown_operation())
        .method_not_allowed_fallback(async || ApiError::wrong_method())
        .layer(from_fn_with_state(Arc::clone(&app), guard::signed));
    let console =
        console::routes().route_layer(from_fn_with_state(Arc::clone(&app), console::signed_in));
    apis.merge(console)
        .layer(CatchPanicLayer::custom(guard::panicked))
        .layer(from_fn_with_state(Arc::clone(&app), guard::guard))
        .with_state(app)
}
