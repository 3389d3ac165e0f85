//! How is this API described?

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

pub(super) const DOCUMENT: &str = include_str!("openapi.json");

pub(super) async fn answer() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT)
}
