//! What do the operations' requests have in common?

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use trailwright_engine::PolicyDocument;

use crate::server::error::{ApiError, Reason};

/// A policy in a field of a request.
pub(super) fn document(field: &str, text: &str) -> Result<PolicyDocument, ApiError> {
    text.parse()
        .map_err(|error| ApiError::invalid_parameter(format!("{field}: {error}")))
}

/// Types of policies that access can be checked of.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum AccessCheckPolicyType {
    IdentityPolicy,
    ResourcePolicy,
}

impl AccessCheckPolicyType {
    /// Only identity policies are compared here.
    pub(super) fn must_be_identity(self) -> Result<(), ApiError> {
        match self {
            Self::IdentityPolicy => Ok(()),
            Self::ResourcePolicy => Err(ApiError::validation(
                Reason::NotSupported,
                "policies of resources are not checked here: policyType must be IDENTITY_POLICY",
            )),
        }
    }
}

/// A token for the next page, which stands for `place`.
pub(super) fn token(place: &str) -> String {
    URL_SAFE_NO_PAD.encode(place)
}

/// The place that a token stands for.
pub(super) fn place(token: &str) -> Result<String, ApiError> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(invalid_token)
}

pub(super) fn invalid_token() -> ApiError {
    ApiError::field("nextToken", "this token was not given out here")
}
