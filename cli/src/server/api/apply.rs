//! What would the policy of a job change in the account, and, if confirmed, make it so.
//!
//! Only where the server was started with `--iam-endpoint-url`; it has the credentials of whoever
//! started it.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use trailwright_engine::PolicyDocument;

use crate::iam::{Account, Plan, Record, Wanted, Who, apply, rollback};
use crate::server::App;
use crate::server::error::{ApiError, Reason, parse};
use crate::server::jobs::{NoJob, Status};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    job_id: String,
    name: Option<String>,
    #[serde(default)]
    replace: bool,
    /// Whether to do it, and not only to say what would be done.
    #[serde(default)]
    confirm: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    plan: String,
    /// Name of the record to roll back to, if it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<String>,
}

pub(super) async fn answer(
    State(app): State<Arc<App>>,
    body: Bytes,
) -> Result<Json<Answer>, ApiError> {
    let request: Request = parse(&body)?;
    // To its end, also if the client does not wait for it.
    let running = tokio::spawn(async move { run(&app, request).await });
    running.await.map_err(|error| {
        tracing::error!(%error, "a policy was not applied");
        ApiError::internal()
    })?
}

async fn run(app: &App, request: Request) -> Result<Json<Answer>, ApiError> {
    let endpoint = endpoint(app)?;
    let job = app.jobs.get(&request.job_id).ok_or(NoJob::Unknown)?;
    if job.status != Status::Succeeded {
        let message = format!("the job has no policy: it is {}", job.status);
        return Err(ApiError::field("jobId", message));
    }
    let found = tokio::task::block_in_place(|| app.jobs.found(&request.job_id))?;
    let documents = found.exact.documents.iter();
    let documents: Result<Vec<PolicyDocument>, _> =
        documents.map(|it| it.to_string().parse()).collect();
    let documents = documents.map_err(|error| {
        tracing::error!(%error, "a kept policy is none");
        ApiError::internal()
    })?;
    let who = Who::parse(&job.order.principal_arn);
    let who = who.ok_or_else(|| ApiError::field("jobId", "its principal is no role or user"))?;
    let name = request
        .name
        .unwrap_or_else(|| format!("Trailwright-{}", who.name));
    let wanted = Wanted {
        name,
        documents,
        replace: request.replace,
    };
    let account = Account::connect(endpoint).await;
    let plan = Plan::make(&account, who, wanted).await?;
    let record = if request.confirm {
        let record = apply(&account, &plan, endpoint, &app.lake.records()).await?;
        record
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
    } else {
        None
    };
    Ok(Json(Answer {
        plan: plan.told(),
        record,
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Undo {
    /// As it was given when the policy was applied.
    record: String,
}

#[derive(Serialize)]
pub(super) struct Undone {
    done: Vec<String>,
}

/// Puts back what was there before a policy was applied.
pub(super) async fn undo(
    State(app): State<Arc<App>>,
    body: Bytes,
) -> Result<Json<Undone>, ApiError> {
    let request: Undo = parse(&body)?;
    let is_name = |sign: char| sign.is_ascii_alphanumeric() || "-_.+=,@".contains(sign);
    if !request.record.chars().all(is_name) || !request.record.starts_with("rollback-") {
        return Err(ApiError::field("record", "this is no name of a record"));
    }
    let running = tokio::spawn(async move {
        let endpoint = endpoint(&app)?;
        let record = Record::read(&app.lake.records().join(&request.record))
            .map_err(|error| ApiError::field("record", error.to_string()))?;
        let account = Account::connect(endpoint).await;
        let done = rollback(&account, &record).await?;
        Ok(Json(Undone { done }))
    });
    running.await.map_err(|error| {
        tracing::error!(%error, "a policy was not rolled back");
        ApiError::internal()
    })?
}

fn endpoint(app: &App) -> Result<&str, ApiError> {
    app.iam_endpoint.as_deref().ok_or_else(|| {
        ApiError::validation(
            Reason::NotSupported,
            "no account is touched here: start the server with --iam-endpoint-url",
        )
    })
}
