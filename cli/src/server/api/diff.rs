//! What do policies grant that was not used, and what was used that they do not grant?

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use trailwright_engine::diff::{ActionDiff, Attached, NamedPolicy, diff};
use trailwright_engine::generate::Options;
use trailwright_engine::{PolicyDocument, Reference};

use super::policies::{at_work, known};
use super::request::{Document, Sent};
use crate::args::RangeArgs;
use crate::server::App;
use crate::server::error::ApiError;
use crate::server::jobs::Trail;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    principal: String,
    #[serde(default)]
    range: RangeArgs,
    #[serde(default)]
    trails: Vec<Trail>,
    policies: Vec<Policy>,
    boundary: Option<Document>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    name: String,
    document: Document,
}

#[derive(Serialize)]
pub(super) struct Answer {
    actions: Vec<ActionDiff>,
    /// The policies without what was not used.
    tightened: PolicyDocument,
}

pub(super) async fn answer(
    State(app): State<Arc<App>>,
    Sent(request): Sent<Request>,
) -> Result<Json<Answer>, ApiError> {
    let named = request.policies.iter().enumerate().map(|(at, policy)| {
        Ok(NamedPolicy {
            name: policy.name.clone(),
            document: policy.document.read(&format!("policies[{at}].document"))?,
        })
    });
    let boundary = request.boundary.as_ref();
    let attached = Attached {
        policies: named.collect::<Result<_, ApiError>>()?,
        boundary: boundary.map(|it| it.read("boundary")).transpose()?,
    };
    let options = Options::default();
    let known = known(
        &app,
        &request.principal,
        &request.range,
        &request.trails,
        &options,
    )
    .await?;
    at_work(move || {
        let data = &known.coverage.data_events_of;
        let found = diff(&known.activity, &attached, data, Reference::bundled());
        Ok(Answer {
            actions: found.actions,
            tightened: found.tightened,
        })
    })
    .await
}
