//! How fast does our own session answer, in a process of its own?
//!
//! Speaks as the peers in `benchmarks/peers` do: a line of JSON.

use std::time::Instant;

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use serde_json::{Value, json};
use trailwright_sql::Session;

use super::process;

/// Runs each query `repeat` times on one session, and tells how long it took and what came.
pub async fn answer(
    lake: &str,
    queries: &[(String, String)],
    repeat: usize,
) -> anyhow::Result<Value> {
    let session = Session::open(lake).await?;
    let mut told = serde_json::Map::new();
    for (name, sql) in queries {
        let mut seconds = Vec::new();
        let mut rows = Vec::new();
        for _ in 0..repeat {
            let started = Instant::now();
            let batches = session.sql(sql).await?;
            seconds.push(started.elapsed().as_secs_f64());
            rows = self::rows(&batches)?;
        }
        told.insert(name.clone(), json!({"seconds": seconds, "answer": rows}));
    }
    Ok(json!({
        "engine": "Trailwright",
        "version": env!("CARGO_PKG_VERSION"),
        "queries": told,
        "memory": process::highest_memory(std::process::id()),
    }))
}

fn rows(batches: &[RecordBatch]) -> anyhow::Result<Vec<Vec<String>>> {
    let options = FormatOptions::default();
    let mut rows = Vec::new();
    for batch in batches {
        let columns = batch.columns().iter();
        let columns: Result<Vec<_>, _> = columns
            .map(|column| ArrayFormatter::try_new(column, &options))
            .collect();
        let columns = columns?;
        for row in 0..batch.num_rows() {
            rows.push(
                columns
                    .iter()
                    .map(|column| column.value(row).to_string())
                    .collect(),
            );
        }
    }
    rows.sort();
    Ok(rows)
}
