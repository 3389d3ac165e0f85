//! What does a query answer? Queries only, with limits on time, memory and rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::json::ArrayWriter;
use axum::Json;
use axum::extract::{Path, State};
use datafusion::scalar::ScalarValue;
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use trailwright_engine::time::TimeRange;
use trailwright_sql::{NamedQuery, named_queries, named_query};

use super::request::{Sent, range};
use crate::args::RangeArgs;
use crate::command::query::own_folder;
use crate::server::App;
use crate::server::error::{ApiError, with_hint};

/// Rows of an answer; what is beyond is left out and told.
const MAX_ROWS: usize = 10_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    query: String,
    #[serde(default)]
    range: RangeArgs,
}

#[derive(Serialize)]
pub(super) struct Answer {
    columns: Vec<String>,
    rows: Vec<Map<String, Value>>,
    /// Whether there are more rows.
    truncated: bool,
}

pub(super) async fn answer(
    State(app): State<Arc<App>>,
    Sent(request): Sent<Request>,
) -> Result<Json<Answer>, ApiError> {
    let range = range(&request.range)?;
    run(&app, &request.query, &[], range).await
}

#[derive(Serialize)]
pub(super) struct List {
    queries: Vec<Named>,
}

#[derive(Serialize)]
struct Named {
    name: String,
    /// What it answers.
    question: String,
    parameters: Vec<Parameter>,
    /// Its text.
    query: String,
}

#[derive(Serialize)]
struct Parameter {
    name: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    description: String,
}

impl From<NamedQuery> for Named {
    fn from(query: NamedQuery) -> Self {
        let parameters = query.parameters.into_iter().map(|it| Parameter {
            name: it.name,
            kind: it.kind.as_str(),
            default: it.default,
            description: it.doc,
        });
        Self {
            name: query.name,
            question: query.doc,
            parameters: parameters.collect(),
            query: query.text,
        }
    }
}

/// The questions that have a name, the user's own before ours.
pub(super) async fn list() -> Result<Json<List>, ApiError> {
    let queries = tokio::task::block_in_place(|| {
        named_queries(own_folder().as_deref()).map_err(ApiError::from)
    })?;
    Ok(Json(List {
        queries: queries.into_iter().map(Named::from).collect(),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub(super) struct NamedRequest {
    parameters: BTreeMap<String, Given>,
    range: RangeArgs,
}

/// A value, as it would be typed or as JSON.
#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    Text(String),
    Integer(i64),
}

/// Asks one of them.
pub(super) async fn named(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Sent(request): Sent<NamedRequest>,
) -> Result<Json<Answer>, ApiError> {
    let range = range(&request.range)?;
    let query = tokio::task::block_in_place(|| {
        let query = named_query(&name, own_folder().as_deref());
        query.map_err(|error| ApiError::not_found(with_hint(&error)))
    })?;
    let given: Vec<(String, String)> = request
        .parameters
        .into_iter()
        .map(|(name, given)| match given {
            Given::Text(text) => (name, text),
            Given::Integer(number) => (name, number.to_string()),
        })
        .collect();
    let now = jiff::Timestamp::now().as_microsecond();
    let values = query.bind(&given, now)?;
    run(&app, &query.text, &values, range).await
}

async fn run(
    app: &App,
    query: &str,
    values: &[(String, ScalarValue)],
    range: TimeRange,
) -> Result<Json<Answer>, ApiError> {
    let _place = app.query_place().await;
    let session = app.lake.guarded(range).await?;
    // One more, to see whether there are more.
    let stream = session.sql_with(query, Some(MAX_ROWS + 1), values).await?;
    let columns = stream
        .schema()
        .fields()
        .iter()
        .map(|it| it.name().clone())
        .collect();
    let batches: Vec<RecordBatch> = stream
        .try_collect()
        .await
        .map_err(trailwright_sql::Error::from)?;
    let mut rows = rows(&batches)?;
    let truncated = rows.len() > MAX_ROWS;
    rows.truncate(MAX_ROWS);
    Ok(Json(Answer {
        columns,
        rows,
        truncated,
    }))
}

/// Rows as JSON objects.
pub(in crate::server) fn rows(
    batches: &[RecordBatch],
) -> Result<Vec<Map<String, Value>>, ApiError> {
    let mut writer = ArrayWriter::new(Vec::new());
    let batches: Vec<&RecordBatch> = batches.iter().collect();
    let written = writer
        .write_batches(&batches)
        .and_then(|()| writer.finish());
    let failed = |error: &dyn std::error::Error| {
        tracing::error!(%error, "rows were not written");
        ApiError::internal()
    };
    written.map_err(|error| failed(&error))?;
    let text = writer.into_inner();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_slice(&text).map_err(|error| failed(&error))
}
