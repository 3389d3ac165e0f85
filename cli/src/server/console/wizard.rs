//! How does somebody get from a principal to a policy that they attach?
//!
//! ```text
//! generate ──► progress ──► review ──► customize ──► proof ──► finish ──► apply
//!                             └─► menu, evidence
//! ```
//!
//! What is chosen is in the URL, and only texts that somebody edits are kept: as drafts, beside the
//! job, under a name that is in the URL.

mod apply;
mod case;
mod choice;
mod customize;
mod draft;
mod evidence;
mod finish;
mod generate;
mod generations;
mod menu;
mod naming;
mod present;
mod progress;
mod proof;
mod review;
mod steps;
mod written;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::server::{App, api};

pub(super) use case::Case;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/generate", get(generate::page).post(generate::start))
        .route("/jobs", get(generations::page))
        .route("/jobs/events", get(api::events))
        .route("/jobs/{id}", get(progress::page))
        .route("/jobs/{id}/cancel", post(generations::cancel))
        .route("/jobs/{id}/review", get(review::page))
        .route("/jobs/{id}/actions", get(menu::page))
        .route("/jobs/{id}/evidence", get(evidence::page))
        .route(
            "/jobs/{id}/customize",
            get(customize::page).post(customize::keep),
        )
        .route("/jobs/{id}/findings", post(customize::findings))
        .route("/jobs/{id}/proof", get(proof::page))
        .route("/jobs/{id}/present", post(present::keep))
        .route("/jobs/{id}/finish", get(finish::page))
        .route("/jobs/{id}/download", get(finish::download))
        .route("/jobs/{id}/apply", get(apply::page).post(apply::confirm))
        .route("/jobs/{id}/rollback", post(apply::undo))
}
