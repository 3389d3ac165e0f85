//! How do many small data files become few large ones, and how do old events leave?
//!
//! Both rewrite data files in their own order: sorted files are merged, so the result is sorted
//! too. An ingest at the same time is not disturbed, since it only adds files.

use std::collections::BTreeMap;
use std::ops::Range;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::TimestampMicrosecondType;
use deltalake::DeltaTableError;
use deltalake::datafusion::common::DataFusionError;
use deltalake::datafusion::execution::SendableRecordBatchStream;
use deltalake::datafusion::execution::memory_pool::{
    MemoryConsumer, MemoryPool, UnboundedMemoryPool,
};
use deltalake::datafusion::physical_expr::expressions::col;
use deltalake::datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use deltalake::datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet};
use deltalake::datafusion::physical_plan::sorts::streaming_merge::StreamingMergeBuilder;
use deltalake::datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use deltalake::kernel::{Action, Add, LogicalFileView};
use deltalake::protocol::DeltaOperation;
use futures::{StreamExt, TryStreamExt};
use serde::Serialize;
use std::sync::Arc;
use trailwright_engine::event::{self, COLUMNS, SORT_COLUMNS};

use super::write::{DataFile, DataFileWriter, PAGE_ROWS};
use super::{Lake, arrange, read, table};
use crate::Error;

/// Size that data files are brought to.
pub const TARGET_BYTES: u64 = 128 << 20;

/// Files that are merged at once.
const MERGED_FILES: usize = 64;

/// Rows of files that are merged at once and lie in memory: of each file a page of every column.
const OPEN_ROWS: usize = 32 * PAGE_ROWS;

/// Rows that are merged at once. Rows are large and so many files are open.
const MERGED_ROWS: usize = 1024;

/// What a change of the lake's files did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Rewritten {
    /// Data files that were taken out.
    pub files_removed: u64,
    /// Their bytes.
    pub bytes_removed: u64,
    /// Data files that took their place.
    pub files_added: u64,
    /// Their bytes.
    pub bytes_added: u64,
    /// Events that are gone.
    pub events_removed: u64,
}

impl Lake {
    /// Merges small data files of a month into files of about `target` bytes. What is large
    /// enough stays as it is, so that it costs as much as came since the last time.
    pub async fn optimize(&mut self, target: u64) -> Result<Rewritten, Error> {
        let mut done = Rewritten::default();
        // Of very many small files only so many are merged at once.
        while self.merge_neighbours(target, &mut done).await? {}
        let mut ledger = self.ledger().await?;
        ledger.optimize(&mut done).await?;
        Ok(done)
    }

    /// True if there was more to merge than could be merged at once.
    async fn merge_neighbours(&mut self, target: u64, done: &mut Rewritten) -> Result<bool, Error> {
        let mut more = false;
        let mut months: BTreeMap<String, Vec<LogicalFileView>> = BTreeMap::new();
        for file in self.events.snapshot()?.log_data().iter() {
            if size(&file) < target / 4 * 3 {
                let path = file.path();
                let month = path.split('/').next().unwrap_or_default().to_owned();
                months.entry(month).or_default().push(file);
            }
        }
        for mut files in months.into_values() {
            // Neighbours in time go together: who asks for a day, or brings one, then finds it
            // in few files.
            files.sort_by_cached_key(|file| super::seen::hours(file.stats().as_deref()));
            let sizes: Vec<Size> = files.iter().map(Size::of).collect();
            for group in together(&sizes, target) {
                let before = done.files_removed;
                let files = files.get(group.files).unwrap_or_default();
                self.rewrite(files, target, None, done).await?;
                more |= group.is_part && done.files_removed > before;
            }
        }
        Ok(more)
    }

    /// Removes the events before `cutoff`, in microseconds since the epoch. Events without a
    /// time stay.
    pub async fn retain(&mut self, cutoff: i64) -> Result<Rewritten, Error> {
        let mut done = Rewritten::default();
        let older = self.seen_span(cutoff)?;
        for file in older {
            self.rewrite(&[file], TARGET_BYTES, Some(cutoff), &mut done)
                .await?;
        }
        Ok(done)
    }

    /// Deletes files that no version of the last `days` days consists of. Gives their paths.
    pub async fn vacuum(&mut self, days: u32, dry_run: bool) -> Result<Vec<String>, Error> {
        let mut deleted = table::vacuum(&mut self.events, days, dry_run).await?;
        let mut ledger = self.ledger().await?;
        deleted.extend(ledger.vacuum(days, dry_run).await?);
        Ok(deleted)
    }

    /// Data files that may hold events before `cutoff`.
    fn seen_span(&self, cutoff: i64) -> Result<Vec<LogicalFileView>, Error> {
        let files = self.events.snapshot()?.log_data();
        let hour = super::seen::hour(Some(cutoff));
        Ok(files
            .iter()
            .filter(|file| super::seen::hours(file.stats().as_deref()).0 <= hour)
            .collect())
    }

    async fn rewrite(
        &mut self,
        files: &[LogicalFileView],
        target: u64,
        cutoff: Option<i64>,
        done: &mut Rewritten,
    ) -> Result<(), Error> {
        let Some(first) = files.first() else {
            return Ok(());
        };
        let partition = first.partition_values_map();
        let partition = partition.get(event::PARTITION_COLUMN).cloned().flatten();
        let mut before = 0;
        let mut kept = 0;
        let mut adds: Vec<Add> = Vec::new();
        let store = self.events.object_store();
        let mut merged = self.merged(files).await?;
        let mut writer: Option<DataFileWriter> = None;
        while let Some(batch) = merged.next().await {
            let batch = batch.map_err(DeltaTableError::from)?;
            before += batch.num_rows() as u64;
            let batch = match cutoff {
                Some(cutoff) => since(&batch, cutoff)?,
                None => batch,
            };
            kept += batch.num_rows() as u64;
            let file = match &mut writer {
                Some(file) => file,
                None => writer.insert(DataFile::writer(event::PARTITION_COLUMN, partition.clone())),
            };
            file.write(&batch)?;
            // What is a little larger is better than one large file and a tiny one.
            if file.bytes() as u64 >= target.saturating_mul(2)
                && let Some(file) = writer.take()
            {
                adds.push(file.finish()?.put(&store).await?);
            }
        }
        if let Some(file) = writer {
            let file = file.finish()?;
            if file.rows() > 0 {
                adds.push(file.put(&store).await?);
            }
        }
        if kept == before && cutoff.is_some() {
            // The statistics were too coarse: nothing in it is old.
            self.discard(&adds).await;
            return Ok(());
        }
        let data_change = kept < before;
        let operation = match cutoff {
            Some(cutoff) => DeltaOperation::Delete {
                predicate: Some(format!(
                    "event_time < '{}'",
                    trailwright_engine::time::to_text(cutoff)
                )),
            },
            None => table::merging(target),
        };
        let removes = files.iter().map(|file| file.remove_action(data_change));
        let mut actions: Vec<Action> = removes.map(Action::Remove).collect();
        actions.extend(
            adds.iter()
                .cloned()
                .map(|add| Action::Add(Add { data_change, ..add })),
        );
        // After an error nobody knows whether the new files belong to the table: they stay.
        if !table::replace(&mut self.events, actions, operation).await? {
            // Somebody else rewrites the same files: they do our work.
            self.discard(&adds).await;
            return Ok(());
        }
        done.files_removed += files.len() as u64;
        done.bytes_removed += files.iter().map(size).sum::<u64>();
        done.files_added += adds.len() as u64;
        done.bytes_added += adds.iter().map(|add| add.size.unsigned_abs()).sum::<u64>();
        done.events_removed += before - kept;
        Ok(())
    }

    /// The events of sorted files, sorted.
    async fn merged(&self, files: &[LogicalFileView]) -> Result<SendableRecordBatchStream, Error> {
        let names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
        let store = self.events.object_store();
        let schema = event::file_schema();
        let mut streams: Vec<SendableRecordBatchStream> = Vec::with_capacity(files.len());
        for file in files {
            let batches = read::columns(&store, &file.path(), &names, MERGED_ROWS).await?;
            let target = Arc::clone(&schema);
            let batches = batches
                .map_err(|error| DataFusionError::External(Box::new(error)))
                .map(move |batch| Ok(arrange(&batch?, &target)?));
            streams.push(Box::pin(RecordBatchStreamAdapter::new(
                Arc::clone(&schema),
                batches,
            )));
        }
        if streams.len() == 1
            && let Some(only) = streams.pop()
        {
            return Ok(only);
        }
        let order = SORT_COLUMNS
            .iter()
            .map(|name| Ok(PhysicalSortExpr::new_default(col(name, &schema)?)))
            .collect::<Result<Vec<_>, DataFusionError>>()
            .map_err(DeltaTableError::from)?;
        let Some(order) = LexOrdering::new(order) else {
            return Err(DeltaTableError::generic("no sort order").into());
        };
        // What is merged is bounded by the number of files and rows, not by a pool.
        let pool: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());
        let merged = StreamingMergeBuilder::new()
            .with_streams(streams)
            .with_schema(schema)
            .with_expressions(&order)
            .with_metrics(BaselineMetrics::new(&ExecutionPlanMetricsSet::new(), 0))
            .with_batch_size(MERGED_ROWS)
            .with_reservation(MemoryConsumer::new("optimize").register(&pool))
            .build()
            .map_err(DeltaTableError::from)?;
        Ok(merged)
    }
}

/// What a data file takes, on its disk and while it is merged.
#[derive(Debug, Clone, Copy)]
struct Size {
    bytes: u64,
    rows: usize,
}

impl Size {
    fn of(file: &LogicalFileView) -> Self {
        Self {
            bytes: size(file),
            rows: file.num_records().unwrap_or(PAGE_ROWS).min(PAGE_ROWS),
        }
    }
}

/// Files to be merged.
#[derive(Debug, PartialEq, Eq)]
struct Group {
    files: Range<usize>,
    /// More would go into the same file than can be merged at once.
    is_part: bool,
}

/// Neighbours that make a file of about `target` bytes together. One alone gains nothing.
fn together(files: &[Size], target: u64) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut start = 0;
    while start < files.len() {
        let (mut bytes, mut rows, mut end) = (0, 0, start);
        let mut is_part = false;
        for file in files.iter().skip(start) {
            bytes += file.bytes;
            rows += file.rows;
            if bytes > target / 4 * 5 {
                break;
            }
            is_part = end - start == MERGED_FILES || rows > OPEN_ROWS;
            if is_part {
                break;
            }
            end += 1;
        }
        if end - start > 1 {
            let files = start..end;
            groups.push(Group { files, is_part });
        }
        start = end.max(start + 1);
    }
    groups
}

fn since(batch: &RecordBatch, cutoff: i64) -> Result<RecordBatch, Error> {
    let times = batch.column(batch.schema().index_of("event_time")?);
    let times = times.as_primitive::<TimestampMicrosecondType>();
    let kept: BooleanArray = times
        .iter()
        .map(|time| Some(time.is_none_or(|time| time >= cutoff)))
        .collect();
    Ok(filter_record_batch(batch, &kept)?)
}

fn size(file: &LogicalFileView) -> u64 {
    file.size().unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(files: &[(u64, usize)]) -> Vec<(Range<usize>, bool)> {
        let files = files.iter().map(|&(bytes, rows)| Size { bytes, rows });
        let groups = together(&files.collect::<Vec<_>>(), 100).into_iter();
        groups.map(|it| (it.files, it.is_part)).collect()
    }

    #[test]
    fn neighbours_are_merged_up_to_the_size_that_is_wanted() {
        assert_eq!(
            groups(&[(60, 1), (60, 1), (70, 1), (70, 1), (20, 1)]),
            [(0..2, false), (3..5, false)]
        );
        assert_eq!(groups(&[(200, 1), (200, 1)]), []);
    }

    #[test]
    fn no_more_is_open_at_once_than_memory_has_room_for() {
        let small = [(1, 1); MERGED_FILES + 2];
        assert_eq!(groups(&small), [(0..64, true), (64..66, false)]);
        let pages = [(1, PAGE_ROWS); 40];
        assert_eq!(groups(&pages), [(0..32, true), (32..40, false)]);
    }
}
