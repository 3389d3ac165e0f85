//! Which policy does a principal need? At once, without a job.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use trailwright_engine::generate::Style;
use trailwright_engine::principal::takes_policy;

use super::range;
use crate::server::App;
use crate::server::error::{ApiError, Reason, parse};
use crate::server::jobs::{Evidence, Generation, evidence, generate};

/// Siblings that become a pattern, if the client does not say.
const THRESHOLD: usize = 5;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    principal: String,
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    style: WireStyle,
    threshold: Option<usize>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WireStyle {
    #[default]
    Exact,
    AccessAnalyzer,
    Compact,
}

#[derive(Serialize)]
pub(super) struct Answer {
    #[serde(flatten)]
    generation: Generation,
    evidence: Vec<Evidence>,
}

pub(super) async fn answer(
    State(app): State<Arc<App>>,
    body: Bytes,
) -> Result<Json<Answer>, ApiError> {
    let request: Request = parse(&body)?;
    let range = range::parse(request.from.as_deref(), request.to.as_deref())?;
    let activity = app
        .lake
        .session(range)
        .await?
        .activity(&request.principal)
        .await?;
    if let Err(reason) = takes_policy(&request.principal) {
        return Err(ApiError::validation(Reason::NotSupported, reason));
    }
    let style = match request.style {
        WireStyle::Exact => Style::Exact,
        WireStyle::AccessAnalyzer => Style::AccessAnalyzer,
        WireStyle::Compact => Style::Compact {
            threshold: request.threshold.unwrap_or(THRESHOLD),
        },
    };
    let written = tokio::task::spawn_blocking(move || {
        let generation = generate(style, &activity)?;
        let evidence = activity.iter().map(evidence).collect();
        Ok(Answer {
            generation,
            evidence,
        })
    });
    let written = written.await.map_err(|error| {
        tracing::error!(%error, "a policy was not written");
        ApiError::internal()
    })?;
    written.map(Json)
}
