//! How does a page ask the lake?

use datafusion::scalar::ScalarValue;
use futures::TryStreamExt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use trailwright_sql::{Error, Session};

use super::trouble::Trouble;
use crate::server::api::rows;
use crate::server::error::ApiError;

/// A value for a query.
pub(super) fn text(value: &str) -> ScalarValue {
    ScalarValue::Utf8(Some(value.to_owned()))
}

/// The rows that a query of ours answers with; `values` stand for the `$names` in it.
pub(super) async fn ask<T: DeserializeOwned>(
    session: &Session,
    query: &str,
    values: &[(&str, &str)],
) -> Result<Vec<T>, Trouble> {
    let values: Vec<(String, ScalarValue)> = values
        .iter()
        .map(|(name, value)| ((*name).to_owned(), text(value)))
        .collect();
    let answer = session.sql_with(query, None, &values).await?;
    let batches: Vec<_> = answer.try_collect().await.map_err(Error::from)?;
    let rows = rows(&batches)?.into_iter().map(Value::Object).collect();
    serde_json::from_value(Value::Array(rows)).map_err(|error| {
        tracing::error!(%error, "an answer is not of the shape that the page takes");
        ApiError::internal().into()
    })
}
