//! IAM Access Analyzer's API: policy generation, validation and checks, one operation a file.
//!
//! Names, types and errors are those of its model of 2019-11-01, so that AWS's own clients work
//! unmodified. What differs is told in the file of the operation.

mod cancel_policy_generation;
mod check_access_not_granted;
mod check_no_new_access;
mod get_generated_policy;
mod list_policy_generations;
mod start_policy_generation;
mod validate_policy;
mod wire;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post, put};

use super::App;

/// The routes of the operations.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route(
            "/policy/generation",
            put(start_policy_generation::answer).get(list_policy_generations::answer),
        )
        .route(
            "/policy/generation/{jobId}",
            get(get_generated_policy::answer).put(cancel_policy_generation::answer),
        )
        .route("/policy/validation", post(validate_policy::answer))
        .route(
            "/policy/check-no-new-access",
            post(check_no_new_access::answer),
        )
        .route(
            "/policy/check-access-not-granted",
            post(check_access_not_granted::answer),
        )
}
