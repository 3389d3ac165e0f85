//! What do all answers stand on?

use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use tokio::sync::{Semaphore, SemaphorePermit, watch};

use super::auth::Auth;
use super::console::Memory;
use super::jobs::Jobs;
use super::lake::Lake;

/// A request has at most this many bytes. Two policies of the size that is looked into fit, also if
/// each of their characters is escaped.
pub(super) const MAX_BODY: usize = 2 * 1024 * 1024;

/// Time for a request to arrive whole.
pub(super) const BODY_TIME: Duration = Duration::from_secs(20);

/// Time for an answer.
pub(super) const ANSWER_TIME: Duration = Duration::from_secs(120);

/// Queries that run at once. More wait, and count as requests meanwhile.
const QUERIES: usize = 2;

/// Requests without a secret that are answered at once.
const STRANGERS: usize = 8;

/// What GetGeneratedPolicy names as resources where no placeholders are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Resources {
    /// The ARNs that were seen, which is the least
    #[default]
    Seen,
    /// `*` for all of them, as AWS answers
    Any,
}

/// What the answers of a server stand on.
pub(crate) struct App {
    pub(crate) lake: Lake,
    pub(crate) jobs: Arc<Jobs>,
    pub(crate) auth: Auth,
    /// IAM to speak to, if policies may be applied from here.
    pub(crate) iam_endpoint: Option<String>,
    pub(crate) resources: Resources,
    /// Names by which clients may call the server, with their port.
    pub(crate) hosts: Vec<String>,
    /// Requests that are answered at once.
    pub(super) requests: Semaphore,
    /// Those of whoever has not shown a secret.
    pub(super) strangers: Semaphore,
    pub(super) queries: Semaphore,
    /// What pages of the console were made of.
    pub(super) memory: Memory,
    /// Turns true when the server stops.
    pub(crate) stopping: watch::Receiver<bool>,
}

impl App {
    /// `at_once` is the number of requests that are answered at the same time.
    pub(crate) fn new(
        (lake, jobs): (Lake, Arc<Jobs>),
        (auth, iam_endpoint): (Auth, Option<String>),
        (hosts, resources): (Vec<String>, Resources),
        at_once: usize,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        Self {
            lake,
            jobs,
            auth,
            iam_endpoint,
            resources,
            hosts,
            requests: Semaphore::new(at_once),
            strangers: Semaphore::new(STRANGERS),
            queries: Semaphore::new(QUERIES),
            memory: Memory::default(),
            stopping,
        }
    }

    /// Waits for the turn of a query.
    pub(super) async fn query_place(&self) -> Option<SemaphorePermit<'_>> {
        // Closed never: the semaphore lives as long as the server.
        self.queries.acquire().await.ok()
    }
}
