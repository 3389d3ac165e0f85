//! CheckAccessNotGranted: whether a policy grants what it must not. Any number of accesses may be
//! named, with wildcards.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde::Deserialize;
use trailwright_engine::contain::{self, Check, check_access_not_granted};

use super::wire::AccessCheckPolicyType;
use crate::server::App;
use crate::server::error::{ApiError, parse};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    access: Vec<Access>,
    policy_document: String,
    policy_type: AccessCheckPolicyType,
}

#[derive(Deserialize)]
struct Access {
    #[serde(default)]
    actions: Vec<String>,
    #[serde(default)]
    resources: Vec<String>,
}

pub(super) async fn answer(
    State(_): State<Arc<App>>,
    body: Bytes,
) -> Result<Json<Check>, ApiError> {
    let request: Request = parse(&body)?;
    let policy = request.policy_type;
    let policy = policy.document("policyDocument", &request.policy_document)?;
    if request.access.is_empty() {
        return Err(ApiError::invalid_parameter("access: name at least one"));
    }
    let mut access = Vec::new();
    for (at, one) in request.access.into_iter().enumerate() {
        let one = contain::Access {
            actions: one.actions,
            resources: one.resources,
        };
        let checked = one
            .check()
            .map_err(|error| format!("access[{at}]: {error}"));
        checked.map_err(ApiError::invalid_parameter)?;
        access.push(one);
    }
    let check = tokio::task::spawn_blocking(move || check_access_not_granted(&access, &policy));
    let check = check.await.map_err(|error| {
        tracing::error!(%error, "a policy was not checked");
        ApiError::internal()
    })?;
    Ok(Json(check))
}
