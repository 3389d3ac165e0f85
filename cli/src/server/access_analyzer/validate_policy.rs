//! ValidatePolicy: what is wrong with a policy. The wording of findings is ours, in English.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use trailwright_engine::Reference;
use trailwright_engine::validate::{Finding, MAX_BYTES, PolicyType, ResourceType, validate};

use super::wire::{invalid_token, place, token};
use crate::server::App;
use crate::server::error::{ApiError, Reason, parse};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    max_results: Option<usize>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    policy_document: String,
    policy_type: WirePolicyType,
    locale: Option<Locale>,
    validate_policy_resource_type: Option<String>,
}

/// Languages that clients may ask for.
#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Locale {
    De,
    En,
    Es,
    Fr,
    It,
    Ja,
    Ko,
    PtBr,
    ZhCn,
    ZhTw,
}

#[derive(Deserialize)]
enum WirePolicyType {
    #[serde(rename = "IDENTITY_POLICY")]
    Identity,
    #[serde(rename = "RESOURCE_POLICY")]
    Resource,
    #[serde(rename = "SERVICE_CONTROL_POLICY")]
    ServiceControl,
    #[serde(rename = "RESOURCE_CONTROL_POLICY")]
    ResourceControl,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    findings: Vec<Finding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) async fn answer(
    State(_): State<Arc<App>>,
    page: Result<Query<Page>, QueryRejection>,
    body: Bytes,
) -> Result<Json<Answer>, ApiError> {
    let Query(page) =
        page.map_err(|error| ApiError::validation(Reason::CannotParse, error.body_text()))?;
    let request: Request = parse(&body)?;
    let policy_type = policy_type(&request)?;
    // Known, and English all the same.
    let _ = request.locale;
    if request.policy_document.len() > MAX_BYTES {
        let message = format!("a policy has at most {MAX_BYTES} bytes");
        return Err(ApiError::field("policyDocument", message));
    }
    let from = match page.next_token {
        None => 0,
        Some(token) => place(&token)?.parse().map_err(|_| invalid_token())?,
    };
    if page.max_results == Some(0) {
        return Err(ApiError::field("maxResults", "must be 1 or more"));
    }
    let text = request.policy_document;
    let findings =
        tokio::task::spawn_blocking(move || validate(&text, policy_type, Reference::bundled()));
    let findings = findings.await.map_err(|error| {
        tracing::error!(%error, "a policy was not validated");
        ApiError::internal()
    })?;
    let to = page.max_results.map_or(findings.len(), |most| from + most);
    Ok(Json(Answer {
        next_token: (to < findings.len()).then(|| token(&to.to_string())),
        findings: findings.into_iter().take(to).skip(from).collect(),
    }))
}

/// What the policy of a request is meant to be.
fn policy_type(request: &Request) -> Result<PolicyType, ApiError> {
    let field = "validatePolicyResourceType";
    let named = request.validate_policy_resource_type.as_deref();
    let known = named.map(|name| {
        ResourceType::find(name).ok_or_else(|| {
            let known = ResourceType::ALL.map(ResourceType::name).join(", ");
            ApiError::field(field, format!("expected one of {known}, got `{name}`"))
        })
    });
    let known = known.transpose()?;
    let policy_type = match request.policy_type {
        WirePolicyType::Resource => return Ok(PolicyType::Resource(known)),
        WirePolicyType::Identity => PolicyType::Identity,
        WirePolicyType::ServiceControl => PolicyType::ServiceControl,
        WirePolicyType::ResourceControl => PolicyType::ResourceControl,
    };
    match known {
        None => Ok(policy_type),
        Some(_) => Err(ApiError::field(
            field,
            "is for a policyType of RESOURCE_POLICY only",
        )),
    }
}
