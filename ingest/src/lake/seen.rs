//! Which events does the lake have already?
//!
//! The ids of a data file are read only when a batch overlaps the file in time: what a day
//! costs does not grow with the years in the lake.

use std::collections::HashSet;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::DataType;
use deltalake::DeltaTable;
use deltalake::kernel::LogicalFileView;
use deltalake::logstore::ObjectStoreRef;
use deltalake::logstore::parquet_reader::ParquetObjectReader;
use futures::TryStreamExt;
use parquet::arrow::ProjectionMask;
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;
use serde::Deserialize;
use trailwright_engine::time;

use crate::Error;
use crate::batch::{Batch, id_number};

/// Ids of the events that are in the lake, as far as anybody asked, and of those on their way.
#[derive(Default)]
pub(super) struct SeenIds {
    ids: HashSet<u128>,
    files: HashSet<String>,
}

/// The part of a data file's statistics that tells when its events happened.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct FileStats {
    min_values: TimeValue,
    max_values: TimeValue,
    null_count: NullCount,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TimeValue {
    event_time: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct NullCount {
    event_time: Option<u64>,
}

impl SeenIds {
    /// Reads the ids of all data files that may hold an event of one of these times.
    pub(super) async fn cover(
        &mut self,
        table: &DeltaTable,
        times: &[Option<i64>],
    ) -> Result<(), Error> {
        let known: Vec<i64> = times.iter().flatten().copied().collect();
        let range = known.iter().min().zip(known.iter().max());
        let untimed = times.iter().any(Option::is_none);

        let overlapping: Vec<LogicalFileView> = table
            .snapshot()?
            .log_data()
            .iter()
            .filter(|file| !self.files.contains(file.path().as_ref()))
            .filter(|file| may_hold(file, range, untimed))
            .collect();
        for file in overlapping {
            self.read(&table.object_store(), &file).await?;
            self.files.insert(file.path().into_owned());
        }
        Ok(())
    }

    /// A data file whose events were all given to [`filter`](Self::filter) before.
    pub(super) fn known(&mut self, path: &str) {
        self.files.insert(path.to_owned());
    }

    /// The events of `batch` that were never seen, the first of each id.
    pub(super) fn filter(&mut self, batch: Batch) -> Result<RecordBatch, Error> {
        let new: BooleanArray = batch
            .ids
            .iter()
            .map(|id| Some(self.ids.insert(*id)))
            .collect();
        if new.true_count() == new.len() {
            return Ok(batch.events);
        }
        Ok(filter_record_batch(&batch.events, &new)?)
    }

    async fn read(&mut self, store: &ObjectStoreRef, file: &LogicalFileView) -> Result<(), Error> {
        let failed = |source: parquet::errors::ParquetError| Error::Parquet {
            file: file.path().into_owned(),
            source,
        };
        let reader = ParquetObjectReader::new(store.clone(), file.object_store_path())
            .with_file_size(u64::try_from(file.size()).unwrap_or_default());
        let builder = ParquetRecordBatchStreamBuilder::new(reader)
            .await
            .map_err(failed)?;
        let only_ids = ProjectionMask::columns(builder.parquet_schema(), ["event_id"]);
        let mut batches = builder.with_projection(only_ids).build().map_err(failed)?;
        while let Some(batch) = batches.try_next().await.map_err(failed)? {
            let ids = arrow::compute::cast(batch.column(0), &DataType::Utf8)?;
            let ids = ids.as_string::<i32>();
            self.ids.extend(ids.iter().flatten().map(id_number));
        }
        Ok(())
    }
}

/// Whether a data file may hold events of a time in `range`, or events without a time.
fn may_hold(file: &LogicalFileView, range: Option<(&i64, &i64)>, untimed: bool) -> bool {
    let stats = file
        .stats()
        .as_deref()
        .and_then(|text| serde_json::from_str::<FileStats>(text).ok())
        .unwrap_or_default();
    if untimed && stats.null_count.event_time != Some(0) {
        return true;
    }
    let Some((&first, &last)) = range else {
        return false;
    };
    let bound = |value: Option<String>| value.as_deref().and_then(time::from_text);
    match (
        bound(stats.min_values.event_time),
        bound(stats.max_values.event_time),
    ) {
        // Statistics give milliseconds, rounded down: allow one more at the end.
        (Some(min), Some(max)) => min <= last && max.saturating_add(1_000) >= first,
        // A file without statistics may hold anything.
        _ => true,
    }
}
