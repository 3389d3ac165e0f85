//! What do the operations' requests have in common?

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use trailwright_engine::PolicyDocument;
use trailwright_engine::policy::Statement;

use crate::server::error::ApiError;

/// Types of policies that access can be checked of.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum AccessCheckPolicyType {
    IdentityPolicy,
    ResourcePolicy,
}

impl AccessCheckPolicyType {
    /// A policy of this type in a field of a request.
    pub(super) fn document(self, field: &str, text: &str) -> Result<PolicyDocument, ApiError> {
        let wrong = |message: String| ApiError::invalid_parameter(format!("{field}: {message}"));
        let parsed = text.parse::<PolicyDocument>();
        let document = parsed.map_err(|error| wrong(error.to_string()))?;
        let names = |it: &Statement| it.principals.is_some();
        let (strange, what) = match self {
            Self::IdentityPolicy => (
                document.statement.iter().position(names),
                "names a principal: a policy of an identity has none",
            ),
            Self::ResourcePolicy => (
                document.statement.iter().position(|it| !names(it)),
                "names no principal: a policy of a resource says whom it is about",
            ),
        };
        match strange {
            None => Ok(document),
            Some(at) => Err(wrong(format!("the statement with index {at} {what}"))),
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
