//! CheckNoNewAccess: whether a policy grants what another does not.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde::Deserialize;
use trailwright_engine::contain::{Check, check_no_new_access};

use super::wire::AccessCheckPolicyType;
use crate::server::App;
use crate::server::error::{ApiError, parse};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    existing_policy_document: String,
    new_policy_document: String,
    policy_type: AccessCheckPolicyType,
}

pub(super) async fn answer(
    State(_): State<Arc<App>>,
    body: Bytes,
) -> Result<Json<Check>, ApiError> {
    let request: Request = parse(&body)?;
    let policy = |field, text: &str| request.policy_type.document(field, text);
    let existing = policy("existingPolicyDocument", &request.existing_policy_document)?;
    let new = policy("newPolicyDocument", &request.new_policy_document)?;
    let check = tokio::task::spawn_blocking(move || check_no_new_access(&existing, &new));
    let check = check.await.map_err(|error| {
        tracing::error!(%error, "policies were not compared");
        ApiError::internal()
    })?;
    Ok(Json(check))
}
