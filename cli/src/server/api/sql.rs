//! What does a query answer? Queries only, with limits on time and rows.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::json::ArrayWriter;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::range;
use crate::server::App;
use crate::server::error::{ApiError, parse};

/// Rows of an answer; what is beyond is left out and told.
const MAX_ROWS: usize = 10_000;

/// Time for a query.
const QUERY_TIME: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    query: String,
    from: Option<String>,
    to: Option<String>,
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
    body: Bytes,
) -> Result<Json<Answer>, ApiError> {
    let request: Request = parse(&body)?;
    let range = range::parse(request.from.as_deref(), request.to.as_deref())?;
    let run = async {
        let _place = app.queries.acquire().await;
        let session = app.lake.session(range).await?;
        let mut stream = session.sql_stream(&request.query).await?;
        let schema = stream.schema();
        let mut batches = Vec::new();
        let mut count = 0;
        let mut truncated = false;
        while let Some(batch) = stream
            .try_next()
            .await
            .map_err(trailwright_sql::Error::from)?
        {
            let room = MAX_ROWS - count;
            truncated = batch.num_rows() > room;
            let batch = batch.slice(0, batch.num_rows().min(room));
            count += batch.num_rows();
            batches.push(batch);
            if truncated {
                break;
            }
        }
        Ok(Json(Answer {
            columns: schema.fields().iter().map(|it| it.name().clone()).collect(),
            rows: rows(&batches)?,
            truncated,
        }))
    };
    timeout(QUERY_TIME, run)
        .await
        .map_err(|_| ApiError::too_slow("the query took longer than 30 seconds"))?
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
