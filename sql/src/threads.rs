//! On which threads does a query work?
//!
//! On some for it alone. A query may work for long without a pause; on threads that others
//! share it would hold up the clock that is to stop it, the next query, and a server with them.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::prelude::DataFrame;
use futures::StreamExt;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

/// How long a thread that reads files stays when there is nothing to read: memory that it asked
/// for stays with it as long.
pub const READER_IDLE: Duration = Duration::from_millis(10);

/// As deep as the deepest query needs, see [`depth`](crate::depth).
const STACK_BYTES: usize = 32 << 20;

/// Threads of queries that ended, for the next ones: to start some takes as long as a short query.
static LEFT: Mutex<Vec<Runtime>> = Mutex::new(Vec::new());

/// Queries whose threads are kept.
const MOST_LEFT: usize = 4;

/// Threads for one query.
pub(crate) struct Threads(Option<Runtime>);

impl Threads {
    pub(crate) fn new() -> Self {
        let mut left = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(threads) = left.pop() {
            // Some of the last query may not know yet that nobody listens.
            match threads.metrics().num_alive_tasks() {
                0 => return Self(Some(threads)),
                _ => threads.shutdown_background(),
            }
        }
        let threads = Builder::new_multi_thread()
            .thread_name("query")
            .thread_stack_size(STACK_BYTES)
            .thread_keep_alive(READER_IDLE)
            .enable_all()
            .build();
        Self(threads.ok())
    }

    /// Starts a query: much of it begins to work at once.
    pub(crate) async fn start(&self, plan: DataFrame) -> Result<SendableRecordBatchStream> {
        let Some(threads) = &self.0 else {
            return plan.execute_stream().await;
        };
        let mut tasks = JoinSet::new();
        tasks.spawn_on(plan.execute_stream(), threads.handle());
        match tasks.join_next().await {
            Some(started) => started.map_err(|error| DataFusionError::External(Box::new(error)))?,
            None => datafusion::common::internal_err!("no task"),
        }
    }

    /// The same answer, worked out on these threads, until nobody listens any more.
    pub(crate) fn apart(&self, mut answer: SendableRecordBatchStream) -> SendableRecordBatchStream {
        let Some(threads) = &self.0 else {
            return answer;
        };
        let mut builder = RecordBatchReceiverStreamBuilder::new(answer.schema(), 2);
        let sender = builder.tx();
        let work = async move {
            while let Some(batch) = answer.next().await {
                if sender.send(batch).await.is_err() {
                    break;
                }
            }
            Ok(())
        };
        builder.spawn_on(work, threads.handle());
        builder.build()
    }

    /// Leaves the threads to another query, since the answer is complete.
    pub(crate) fn leave(&mut self) {
        let mut left = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
        if left.len() < MOST_LEFT {
            left.extend(self.0.take());
        }
    }
}

impl Drop for Threads {
    /// Nobody waits for a query that was stopped and works on until its next pause.
    fn drop(&mut self) {
        if let Some(threads) = self.0.take() {
            threads.shutdown_background();
        }
    }
}
