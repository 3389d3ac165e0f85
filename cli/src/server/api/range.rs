//! Which time range does a request mean?

use axum::extract::FromRequestParts;
use axum::extract::Query;
use axum::http::request::Parts;
use serde::Deserialize;
use trailwright_engine::time::TimeRange;

use crate::server::error::{ApiError, Reason};

#[derive(Deserialize)]
struct Bounds {
    from: Option<String>,
    to: Option<String>,
}

/// The range of `from` and `to`, as people write them.
pub(super) fn parse(from: Option<&str>, to: Option<&str>) -> Result<TimeRange, ApiError> {
    TimeRange::parse(from, to).map_err(|error| {
        let message = format!("{error}; {}", error.hint());
        ApiError::validation(Reason::FieldValidationFailed, message)
    })
}

/// The range in the query of a request.
pub(super) struct Range(pub(super) TimeRange);

impl<S: Send + Sync> FromRequestParts<S> for Range {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Query(bounds) = Query::<Bounds>::from_request_parts(parts, state)
            .await
            .map_err(|error| ApiError::validation(Reason::CannotParse, error.body_text()))?;
        parse(bounds.from.as_deref(), bounds.to.as_deref()).map(Self)
    }
}
