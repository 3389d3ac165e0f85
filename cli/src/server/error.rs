//! What is a client told that gets no answer?
//!
//! Errors have the names, statuses and bodies of IAM Access Analyzer's, so that AWS's clients
//! raise the exceptions that they know. A client is told one sentence, the log the rest.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use miette::Diagnostic;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use trailwright_sql::Error as SqlError;

use crate::dossier::NoPolicy;
use crate::iam::{AccountError, ApplyError, NotApplied};
use crate::writing::WrongWriting;

use super::jobs::{NoJob, StoreError};
use super::lake::UnknownTrail;

/// A request that is refused or failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    status: StatusCode,
    /// The name of the exception.
    code: &'static str,
    message: String,
    more: Value,
    retry_after: Option<u32>,
}

/// Why a request is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    CannotParse,
    FieldValidationFailed,
    NotSupported,
    Other,
}

impl Reason {
    fn as_str(self) -> &'static str {
        match self {
            Self::CannotParse => "cannotParse",
            Self::FieldValidationFailed => "fieldValidationFailed",
            Self::NotSupported => "notSupported",
            Self::Other => "other",
        }
    }
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            more: json!({}),
            retry_after: None,
        }
    }

    /// The request as a whole is not as it should be.
    pub(crate) fn validation(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            more: json!({"reason": reason.as_str()}),
            ..Self::new(StatusCode::BAD_REQUEST, "ValidationException", message)
        }
    }

    /// A field of the request is not as it should be.
    pub(crate) fn field(name: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            more: json!({
                "reason": Reason::FieldValidationFailed.as_str(),
                "fieldList": [{"name": name, "message": message}],
            }),
            ..Self::new(
                StatusCode::BAD_REQUEST,
                "ValidationException",
                format!("{name}: {message}"),
            )
        }
    }

    pub(crate) fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "InvalidParameterException",
            message,
        )
    }

    pub(crate) fn conflict(message: impl Into<String>, resource_id: &str) -> Self {
        Self {
            more: json!({"resourceId": resource_id, "resourceType": "PolicyGeneration"}),
            ..Self::new(StatusCode::CONFLICT, "ConflictException", message)
        }
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
    }

    pub(crate) fn unknown_operation() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "UnknownOperationException",
            "there is no such operation",
        )
    }

    pub(crate) fn wrong_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "UnknownOperationException",
            "the operation has another method",
        )
    }

    /// Who asks has not proven to be allowed to. `code` says what is wrong with the proof.
    pub(crate) fn forbidden(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "ValidationException",
            format!("a request has at most {limit} bytes"),
        )
    }

    pub(crate) fn too_slow(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "RequestTimeoutException",
            message,
        )
    }

    /// Too much at once; the client is to come again.
    pub(crate) fn throttled() -> Self {
        Self {
            retry_after: Some(1),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "ThrottlingException",
                "the server is answering as many requests as it may at once",
            )
        }
    }

    /// What the client is told, with the status.
    pub(crate) fn told(self) -> (StatusCode, String) {
        (self.status, self.message)
    }

    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalServerException",
            "the server failed; its log tells more",
        )
    }
}

/// The request in a body.
pub(crate) fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, ApiError> {
    let mut json = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner();
        if !cause.is_data() {
            let message = format!("the body is no JSON: {cause}");
            return ApiError::validation(Reason::CannotParse, message);
        }
        match (path.as_str(), cause.to_string()) {
            (".", message) => ApiError::validation(Reason::FieldValidationFailed, message),
            (path, message) => ApiError::field(path, message),
        }
    })
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut body = self.more;
        if let Some(body) = body.as_object_mut() {
            body.insert("message".to_owned(), self.message.into());
        }
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        headers.insert("x-amzn-errortype", HeaderValue::from_static(self.code));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<AccountError> for ApiError {
    fn from(error: AccountError) -> Self {
        Self::new(
            StatusCode::BAD_GATEWAY,
            "DependencyFailedException",
            error.to_string(),
        )
    }
}

impl From<NotApplied> for ApiError {
    fn from(error: NotApplied) -> Self {
        let message = with_hint(&error);
        Self::validation(Reason::Other, message)
    }
}

impl From<ApplyError> for ApiError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Account { record, source } => {
                let name = record.file_name().unwrap_or_default().to_string_lossy();
                let message = format!("stopped half-way: {source}; roll back {name}");
                Self::new(
                    StatusCode::BAD_GATEWAY,
                    "DependencyFailedException",
                    message,
                )
            }
            ApplyError::Record(error) => {
                tracing::error!(error = %Causes(&error), "nothing was applied");
                Self::internal()
            }
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        tracing::error!(error = %Causes(&error), "jobs");
        Self::internal()
    }
}

impl From<NoJob> for ApiError {
    fn from(error: NoJob) -> Self {
        match &error {
            NoJob::Unknown => Self::field("jobId", error.to_string()),
            NoJob::Ended(_) => Self::validation(Reason::Other, error.to_string()),
            NoJob::TokenUsed(job) => Self::conflict(error.to_string(), job),
            NoJob::Store(source) => {
                tracing::error!(error = %Causes(source), "jobs");
                Self::internal()
            }
        }
    }
}

impl From<NoPolicy> for ApiError {
    fn from(error: NoPolicy) -> Self {
        let message = with_hint(&error);
        match error {
            NoPolicy::Lake(error) => error.into(),
            NoPolicy::EmptyRange { .. } | NoPolicy::NothingUsed { .. } => Self::not_found(message),
            NoPolicy::TakesNone { .. } => Self::validation(Reason::NotSupported, message),
            NoPolicy::TooLarge(_) => Self::validation(Reason::Other, message),
        }
    }
}

impl From<WrongWriting> for ApiError {
    fn from(error: WrongWriting) -> Self {
        let message = with_hint(&error);
        Self::field("writing", message)
    }
}

impl From<UnknownTrail> for ApiError {
    fn from(error: UnknownTrail) -> Self {
        Self::field("trails", error.to_string())
    }
}

impl From<SqlError> for ApiError {
    fn from(error: SqlError) -> Self {
        match &error {
            SqlError::UnknownPrincipal { hint, .. } => Self::not_found(format!("{error}; {hint}")),
            SqlError::Query(_) => Self::validation(Reason::Other, error.to_string()),
            SqlError::NotAQuery
            | SqlError::Limit(_)
            | SqlError::Memory(_)
            | SqlError::LongQuery { .. }
            | SqlError::DeepQuery { .. } => Self::validation(Reason::Other, with_hint(&error)),
            SqlError::Mistake { hint, .. } => {
                Self::validation(Reason::Other, format!("{error}\n{hint}"))
            }
            SqlError::Named { hint, .. } => {
                Self::validation(Reason::Other, format!("{error}; {hint}"))
            }
            _ => {
                tracing::error!(error = %Causes(&error), "the lake");
                Self::internal()
            }
        }
    }
}

/// An error with what to do, in one line.
pub(crate) fn with_hint(error: &impl Diagnostic) -> String {
    match error.help() {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    }
}

/// An error with what caused it, for the log.
pub(crate) struct Causes<'a>(pub(crate) &'a dyn std::error::Error);

impl std::fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
