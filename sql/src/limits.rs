//! How much may a query take?
//!
//! DataFusion counts the memory of sorting, grouping and joining, and writes to temporary files
//! what does not fit. It knows no limit of time or rows: the stream of the answer keeps to those.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream};
use futures::{Stream, StreamExt};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::threads::Threads;

/// What one session's queries may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory for sorting, grouping and joining, all queries of the session together.
    pub memory: usize,
    /// Bytes of temporary files for what does not fit into it.
    pub spill: u64,
    /// Time from the start of a query to its last row.
    pub time: Option<Duration>,
    /// Rows of an answer.
    pub rows: Option<usize>,
    /// Characters of a query.
    pub query: usize,
}

impl Default for Limits {
    /// For somebody at a prompt on a machine of their own.
    fn default() -> Self {
        Self {
            memory: 2 << 30,
            spill: 50 << 30,
            time: None,
            rows: None,
            query: 1 << 20,
        }
    }
}

impl Limits {
    /// For a query of somebody else, who waits on the other end of a connection.
    pub fn guarded() -> Self {
        Self {
            memory: 1 << 30,
            spill: 10 << 30,
            time: Some(Duration::from_secs(30)),
            rows: Some(100_000),
            query: 64 << 10,
        }
    }

    pub(crate) fn runtime(&self) -> Result<Arc<RuntimeEnv>> {
        let largest = std::num::NonZeroUsize::MIN.saturating_add(2);
        let pool = TrackConsumersPool::new(FairSpillPool::new(self.memory), largest);
        RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(pool))
            .with_disk_manager_builder(
                DiskManagerBuilder::default()
                    .with_mode(DiskManagerMode::OsTmpDirectory)
                    .with_max_temp_directory_size(self.spill),
            )
            .build_arc()
    }

    /// `answer`, which ends with an error when a limit is passed.
    pub(crate) fn watch(
        &self,
        answer: SendableRecordBatchStream,
        threads: Threads,
        started: Instant,
    ) -> SendableRecordBatchStream {
        let answer = threads.apart(answer);
        let late = self
            .time
            .and_then(|time| Some((started.checked_add(time)?, time)));
        Box::pin(Watched {
            schema: answer.schema(),
            answer,
            late: late.map(|(at, time)| (Box::pin(sleep_until(at)), time)),
            rows: self.rows,
            seen: 0,
            threads,
        })
    }
}

/// A limit that a query passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Passed {
    /// It took too long.
    #[error("the query took longer than {0:?} and was stopped")]
    Time(Duration),
    /// It has too many rows.
    #[error("the answer has more than {0} rows")]
    Rows(usize),
}

/// An answer under limits.
struct Watched {
    schema: SchemaRef,
    answer: SendableRecordBatchStream,
    late: Option<(Pin<Box<Sleep>>, Duration)>,
    rows: Option<usize>,
    seen: usize,
    threads: Threads,
}

impl Stream for Watched {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some((late, time)) = &mut self.late
            && late.as_mut().poll(cx).is_ready()
        {
            let passed = Passed::Time(*time);
            return Poll::Ready(Some(Err(DataFusionError::External(Box::new(passed)))));
        }
        let next = self.answer.poll_next_unpin(cx);
        if let Poll::Ready(None) = &next {
            self.threads.leave();
        }
        if let (Poll::Ready(Some(Ok(batch))), Some(rows)) = (&next, self.rows) {
            self.seen = self.seen.saturating_add(batch.num_rows());
            if self.seen > rows {
                let passed = Passed::Rows(rows);
                return Poll::Ready(Some(Err(DataFusionError::External(Box::new(passed)))));
            }
        }
        next
    }
}

impl RecordBatchStream for Watched {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}
