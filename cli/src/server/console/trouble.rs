//! What does a browser show where there is no page?

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::html;
use miette::Diagnostic;
use trailwright_engine::time::TimeError;
use trailwright_sql::Error as SqlError;

use super::layout::{Page, Place};
use crate::server::error::ApiError;

/// Why there is no page, and what to do.
#[derive(Debug)]
pub(super) struct Trouble {
    status: StatusCode,
    message: String,
    hint: Option<String>,
}

impl Trouble {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            hint: None,
        }
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    pub(super) fn refused(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// What went wrong.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// What to do.
    pub(super) fn help(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let title = match self.status {
            StatusCode::NOT_FOUND => "Not found",
            status if status.is_client_error() => "That did not work",
            _ => "The server failed",
        };
        let body = html! {
            h1 { (title) }
            (super::text::alert(&self.message, self.hint.as_deref()))
            p { a href="/" { "Back to the overview" } }
        };
        let mut response = Page::new(title, Place::None, body).answer();
        *response.status_mut() = self.status;
        response
    }
}

impl From<ApiError> for Trouble {
    fn from(error: ApiError) -> Self {
        let (status, message) = error.told();
        Self::new(status, message)
    }
}

impl From<SqlError> for Trouble {
    fn from(error: SqlError) -> Self {
        let hint = error.help().map(|hint| hint.to_string());
        let message = error.to_string();
        if let SqlError::Named { .. } = &error {
            let trouble = Self::refused(message);
            return Self { hint, ..trouble };
        }
        let trouble = match ApiError::from(error).told() {
            // Of what is in the log only, a browser is told no more than any client.
            (status, message) if status.is_server_error() => return Self::new(status, message),
            (status, _) => Self::new(status, message),
        };
        Self { hint, ..trouble }
    }
}

impl From<TimeError> for Trouble {
    fn from(error: TimeError) -> Self {
        Self::refused(error.to_string()).hint(error.hint())
    }
}
