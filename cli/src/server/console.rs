//! What does a browser see? Pages written on the server, for people.
//!
//! ```text
//! sign_in ──► overview ──► principals ──► principal
//!                └─► policies: generate ──► progress ──► review ──► customize ──► proof ──► finish ──► apply
//!                └─► sql
//! ```
//!
//! What a page shows is in its URL. Nothing needs a script: scripts make it quicker only.

mod ask;
mod assets;
mod chart;
mod fields;
mod kept;
mod layout;
mod memory;
mod over_time;
mod overview;
mod paging;
mod principal;
mod principals;
mod sign_in;
mod span;
mod sql;
mod text;
mod trouble;
mod wizard;

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_DISPOSITION;
use axum::response::Response;
use axum::routing::{get, post};

use super::App;
use trouble::Trouble;

pub(super) use memory::Memory;
pub(crate) use memory::keep_warm;
pub(super) use sign_in::{has_cookie, signed_in};

/// An answer for a browser.
type Answer = Result<Response, Trouble>;

/// Makes a browser save an answer under a name, which is ours.
fn attachment(response: &mut Response, name: &str) {
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
}

/// The pages.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(overview::page))
        .route("/assets/{name}", get(assets::answer))
        .route("/principals", get(principals::page))
        .route("/principal", get(principal::page))
        .route("/sign-in", post(sign_in::enter))
        .route("/sign-out", post(sign_in::leave))
        .route("/sql", get(sql::page))
        .route("/sql/download", get(sql::download))
        .merge(wizard::routes())
}
