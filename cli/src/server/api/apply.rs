//! What would the policy of a job, or one that was made of it, change in the account; and, if
//! confirmed, make it so.
//!
//! Only where the server was started with `--iam-endpoint-url`; it has the credentials of whoever
//! started it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tracing::Instrument;
use trailwright_engine::dossier::proof_value;
use trailwright_engine::prove::{prove_in, reach};
use trailwright_engine::{PolicyDocument, Reference};

use super::request::{Document, Sent};
use crate::dossier::Known;
use crate::iam::{
    Account, Difference, Old, Plan, Record, Step, Wanted, Who, apply, fit_to_apply, rollback,
};
use crate::server::App;
use crate::server::error::{ApiError, Reason};
use crate::server::jobs::{Job, NoJob, Status};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Request {
    job_id: String,
    /// Other documents than those of the job. Their proof must hold, too.
    documents: Option<Vec<Document>>,
    name: Option<String>,
    description: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    /// Whether all other policies are taken away.
    #[serde(default)]
    replace: bool,
    /// Names or ARNs of other policies that are taken away.
    #[serde(default)]
    detach: Vec<String>,
    /// Whether to do it, and not only to say what would be done.
    #[serde(default)]
    confirm: bool,
}

#[derive(Serialize)]
pub(super) struct Answer {
    /// The plan in words.
    plan: String,
    steps: Vec<Step>,
    difference: Difference,
    /// What the change means, a sentence each.
    meaning: Vec<String>,
    proof: Value,
    /// Name of the record to roll back to, if it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<String>,
}

pub(super) async fn answer(
    State(app): State<Arc<App>>,
    Sent(request): Sent<Request>,
) -> Result<Json<Answer>, ApiError> {
    // To its end, also if the client does not wait for it.
    let running = tokio::spawn(async move { run(&app, request).await }.in_current_span());
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
    if request.replace && !request.detach.is_empty() {
        return Err(ApiError::field("detach", "replace takes all away"));
    }
    let who = Who::parse(&job.order.principal_arn);
    let who = who.ok_or_else(|| ApiError::field("jobId", "its principal is no role or user"))?;
    let documents = match &request.documents {
        Some(documents) => Document::read_all(documents)?,
        None => {
            let found = tokio::task::block_in_place(|| app.jobs.found(&request.job_id))?;
            found.policy.documents
        }
    };
    let proof = prove(app, &job, &documents).await?;
    let wanted = Wanted {
        name: request
            .name
            .unwrap_or_else(|| format!("Trailwright-{}", who.name)),
        description: request
            .description
            .unwrap_or_else(|| format!("What {} used, as CloudTrail shows it", who.arn)),
        tags: request.tags,
        documents,
        old: match request.replace {
            true => Old::Goes,
            false => Old::Stays {
                but: request.detach,
            },
        },
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
        steps: plan.steps(),
        meaning: plan.meaning(),
        difference: plan.difference,
        proof,
        record,
    }))
}

/// The proof of documents over what the job looked at, as the lake is now. It must hold.
async fn prove(app: &App, job: &Job, documents: &[PolicyDocument]) -> Result<Value, ApiError> {
    let order = &job.order;
    let options = order.writing.options()?;
    let scopes = app.lake.scopes_of(order)?;
    let session = app.lake.session(order.range()).await?;
    let known = Known::of(&session, &order.principal_arn, &scopes, &options).await?;
    let documents = documents.to_vec();
    let proven = tokio::task::spawn_blocking(move || {
        let proof = prove_in(&known.activity, &known.circumstances, &documents);
        fit_to_apply(&proof, &documents)?;
        let reach = reach(&known.activity, &documents, Reference::bundled());
        Ok(proof_value(&known.principal, &proof, &reach))
    });
    proven.await.map_err(|error| {
        tracing::error!(%error, "a policy was not proven");
        ApiError::internal()
    })?
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Undo {
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
    Sent(request): Sent<Undo>,
) -> Result<Json<Undone>, ApiError> {
    let done = roll_back(app, request.record).await?;
    Ok(Json(Undone { done }))
}

/// Puts back what was there before the policy of a record was applied; what was done.
pub(in crate::server) async fn roll_back(
    app: Arc<App>,
    name: String,
) -> Result<Vec<String>, ApiError> {
    let is_name = |sign: char| sign.is_ascii_alphanumeric() || "-_.+=,@".contains(sign);
    if !name.chars().all(is_name) || !name.starts_with("rollback-") {
        return Err(ApiError::field("record", "this is no name of a record"));
    }
    let running = async move {
        let endpoint = endpoint(&app)?;
        let folder = app.lake.records();
        let record = Record::read(&folder.join(&name))
            .map_err(|error| ApiError::field("record", error.to_string()))?;
        let account = Account::connect(endpoint).await;
        let done = rollback(&account, &record).await?;
        if let Err(error) = Record::mark_undone(&folder, &name) {
            tracing::warn!(%error, name, "the record stays listed");
        }
        Ok::<_, ApiError>(done)
    };
    let running = tokio::spawn(running.in_current_span());
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
