//! What do the requests of this API have in common?

use std::future::Future;

use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use trailwright_engine::PolicyDocument;
use trailwright_engine::time::TimeRange;

use crate::args::RangeArgs;
use crate::server::error::{ApiError, Reason, parse};

/// What the query of a request says. A name that is not known is an error: a range that is not
/// looked at would be taken for all of time.
pub(super) struct Asked<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Asked<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        let Query(asked) =
            query.map_err(|error| ApiError::validation(Reason::CannotParse, error.body_text()))?;
        Ok(Self(asked))
    }
}

/// What the body of a request says, as JSON.
pub(super) struct Sent<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Sent<T> {
    type Rejection = ApiError;

    fn from_request(
        request: Request,
        state: &S,
    ) -> impl Future<Output = Result<Self, ApiError>> + Send {
        let body = axum::body::Bytes::from_request(request, state);
        async move {
            let body = body.await;
            let body =
                body.map_err(|error| ApiError::validation(Reason::CannotParse, error.body_text()))?;
            parse(&body).map(Self)
        }
    }
}

/// The time range that somebody means, in the words of the command line.
pub(super) fn range(said: &RangeArgs) -> Result<TimeRange, ApiError> {
    if !said.is_said_once() {
        let message = "say it once: from and to, or last, or during";
        return Err(ApiError::field("range", message));
    }
    let range = said.range();
    range.map_err(|error| ApiError::field("range", format!("{error}; {}", error.hint())))
}

/// A policy document as text, whose mistakes have a place, or as JSON.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Document {
    Text(String),
    Json(serde_json::Value),
}

impl Document {
    pub(super) fn read(&self, field: &str) -> Result<PolicyDocument, ApiError> {
        let read = match self {
            Self::Text(text) => text.parse::<PolicyDocument>(),
            Self::Json(json) => json.to_string().parse(),
        };
        read.map_err(|error| ApiError::field(field, error.to_string()))
    }

    /// All of them. There must be one.
    pub(super) fn read_all(documents: &[Self]) -> Result<Vec<PolicyDocument>, ApiError> {
        if documents.is_empty() {
            return Err(ApiError::field("documents", "there must be one"));
        }
        let numbered = documents.iter().enumerate();
        numbered
            .map(|(at, document)| document.read(&format!("documents[{at}]")))
            .collect()
    }
}
