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
mod layout;
mod over_time;
mod overview;
mod principal;
mod principals;
mod sign_in;
mod span;
mod text;
mod trouble;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};

use super::App;
use trouble::Trouble;

pub(super) use sign_in::stop;

/// First parts of the paths that are pages. All others belong to the APIs.
const PAGES: [&str; 6] = [
    "",
    "assets",
    "principal",
    "principals",
    "sign-in",
    "sign-out",
];

/// An answer for a browser.
type Answer = Result<Response, Trouble>;

/// Whether a path is one of the console's.
pub(super) fn is_page(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next();
    PAGES.contains(&first.unwrap_or_default())
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
}
