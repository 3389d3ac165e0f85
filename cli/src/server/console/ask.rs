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
    let mut all = Vec::new();
    each(session, query, values, |row| all.push(row)).await?;
    Ok(all)
}

/// The same, one row after the other: for answers that may be long.
pub(super) async fn each<T: DeserializeOwned>(
    session: &Session,
    query: &str,
    values: &[(&str, &str)],
    mut take: impl FnMut(T),
) -> Result<(), Trouble> {
    let values: Vec<(String, ScalarValue)> = values
        .iter()
        .map(|(name, value)| ((*name).to_owned(), text(value)))
        .collect();
    // Several are asked at once: each is kept off the stack of whoever waits.
    let mut answer = Box::pin(session.sql_with(query, None, &values)).await?;
    while let Some(batch) = answer.try_next().await.map_err(Error::from)? {
        for row in rows(&[batch])? {
            let row = serde_json::from_value(Value::Object(row)).map_err(|error| {
                tracing::error!(%error, "an answer is not of the shape that the page takes");
                ApiError::internal()
            })?;
            take(row);
        }
    }
    Ok(())
}
