//! Which policy does a principal need? At once, without a job; and what is to be said of documents
//! that somebody changed.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trailwright_engine::dossier::{Dossier, proof_value};
use trailwright_engine::format::{AttachTo, Attachment, Format, Naming};
use trailwright_engine::generate::Options;
use trailwright_engine::prove::{prove_in, reach};
use trailwright_engine::{PolicyDocument, Reference};

use super::request::{Document, Sent, range};
use crate::args::RangeArgs;
use crate::dossier::{Known, NoPolicy};
use crate::report;
use crate::server::App;
use crate::server::error::{ApiError, Reason};
use crate::server::jobs::Trail;
use crate::server::policy::{Policy, Size};
use crate::writing::{Attach, FormatName, Writing};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    principal: String,
    #[serde(default)]
    range: RangeArgs,
    /// None are all.
    #[serde(default)]
    trails: Vec<Trail>,
    #[serde(default)]
    writing: Writing,
    #[serde(default)]
    format: FormatName,
}

#[derive(Serialize)]
pub(super) struct Answer {
    #[serde(flatten)]
    policy: Policy,
    /// The documents in the form that was asked for. None where nothing was used.
    files: Vec<File>,
}

#[derive(Serialize)]
struct File {
    name: String,
    text: String,
}

pub(super) async fn answer(
    State(app): State<Arc<App>>,
    Sent(request): Sent<Request>,
) -> Result<Json<Answer>, ApiError> {
    let options = request.writing.options()?;
    let known = known(
        &app,
        &request.principal,
        &request.range,
        &request.trails,
        &options,
    )
    .await?;
    at_work(move || {
        let writing = &request.writing;
        let dossier = known.dossier(&options, writing.target.into(), writing.threshold);
        let dossier = dossier.map_err(NoPolicy::from)?;
        let policy = Policy::of(&dossier, request.writing);
        let attachment = Attachment {
            target: dossier.target,
            to: attach_to(&dossier),
            description: report::description(&dossier),
            naming: Naming::default(),
        };
        let files = files(request.format, &policy.documents, &attachment)?;
        Ok(Answer { policy, files })
    })
    .await
}

fn attach_to(dossier: &Dossier) -> AttachTo {
    AttachTo::of(&dossier.principal)
}

/// What the lake knows, in the part of it that is asked for.
pub(super) async fn known(
    app: &App,
    principal: &str,
    said: &RangeArgs,
    trails: &[Trail],
    options: &Options,
) -> Result<Known, ApiError> {
    let range = range(said)?;
    let scopes = app.lake.scopes(trails)?;
    let _place = app.query_place().await;
    let session = app.lake.guarded(range).await?;
    Ok(Known::of(&session, principal, &scopes, options).await?)
}

/// Runs work that takes long on a thread of its own.
pub(super) async fn at_work<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<Json<T>, ApiError> {
    let span = tracing::Span::current();
    let done = tokio::task::spawn_blocking(move || span.in_scope(work)).await;
    let done = done.map_err(|error| {
        tracing::error!(%error, "work on a policy was broken off");
        ApiError::internal()
    })?;
    done.map(Json)
}

fn files(
    format: FormatName,
    documents: &[PolicyDocument],
    attachment: &Attachment,
) -> Result<Vec<File>, ApiError> {
    if documents.is_empty() {
        return Ok(Vec::new());
    }
    let files = Format::from(format).write(documents, attachment);
    let files = files.map_err(|error| ApiError::validation(Reason::Other, error.to_string()))?;
    let file = |file: trailwright_engine::format::File| File {
        name: file.name,
        text: file.text,
    };
    Ok(files.into_iter().map(file).collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProofRequest {
    principal: String,
    #[serde(default)]
    range: RangeArgs,
    #[serde(default)]
    trails: Vec<Trail>,
    /// Whose size and conditions count.
    #[serde(default)]
    writing: Writing,
    documents: Vec<Document>,
}

#[derive(Serialize)]
pub(super) struct ProofAnswer {
    proof: Value,
    size: Size,
}

/// Whether documents, perhaps changed by hand, allow what was seen, and what else they allow.
pub(super) async fn prove(
    State(app): State<Arc<App>>,
    Sent(request): Sent<ProofRequest>,
) -> Result<Json<ProofAnswer>, ApiError> {
    let options = request.writing.options()?;
    let documents = Document::read_all(&request.documents)?;
    let known = known(
        &app,
        &request.principal,
        &request.range,
        &request.trails,
        &options,
    )
    .await?;
    at_work(move || {
        let activity = &known.activity;
        let proof = prove_in(activity, &known.circumstances, &documents);
        let reach = reach(activity, &documents, Reference::bundled());
        Ok(ProofAnswer {
            proof: proof_value(&known.principal, &proof, &reach),
            size: Size::of(&documents, request.writing.target.into()),
        })
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FilesRequest {
    principal: String,
    documents: Vec<Document>,
    #[serde(default)]
    target: Attach,
    #[serde(default)]
    format: FormatName,
    description: Option<String>,
}

#[derive(Serialize)]
pub(super) struct FilesAnswer {
    files: Vec<File>,
}

/// Documents, perhaps changed by hand, in another form.
pub(super) async fn write(
    Sent(request): Sent<FilesRequest>,
) -> Result<Json<FilesAnswer>, ApiError> {
    let documents = Document::read_all(&request.documents)?;
    at_work(move || {
        let attachment = Attachment {
            target: request.target.into(),
            to: AttachTo::of(&request.principal),
            description: request.description.unwrap_or_default(),
            naming: Naming::default(),
        };
        let files = files(request.format, &documents, &attachment)?;
        Ok(FilesAnswer { files })
    })
    .await
}
