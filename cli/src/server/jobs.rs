//! Which policy generations were asked for, and how far are they?
//!
//! A job is a file in the folder `jobs` of the lake, written whole or not at all, so that it
//! outlives the server. What a job found is a file beside it.

mod job;
mod run;
mod store;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Semaphore, broadcast};
use tokio::task::AbortHandle;

pub(crate) use job::{ErrorCode, Job, JobError, Order, Status, Trail};
pub(crate) use run::Found;
pub(crate) use store::{Store, StoreError};

use super::lake::Lake;

/// Times that a job is begun before it is given up: something in it may stop the server.
const MAX_ATTEMPTS: u32 = 3;

/// Notices that a slow listener may fall behind.
const NOTICES: usize = 256;

/// The jobs of a lake.
pub(crate) struct Jobs {
    lake: Lake,
    store: Store,
    known: Mutex<BTreeMap<String, Known>>,
    notices: broadcast::Sender<Job>,
    /// How many jobs run at once. The others wait.
    places: Arc<Semaphore>,
    /// How long a job that ended is kept.
    keep: Option<SignedDuration>,
}

struct Known {
    job: Job,
    /// Its task, which may wait for its turn.
    task: Option<AbortHandle>,
}

/// A job that cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoJob {
    #[error("the job does not exist, or is no longer kept")]
    Unknown,
    #[error("the job has ended: it is {0}")]
    Ended(Status),
    #[error("the client token was used for another request, of job {0}")]
    TokenUsed(String),
    #[error("cannot keep the job")]
    Store(#[from] StoreError),
}

/// Part of a list of jobs.
pub(crate) struct Page {
    pub(crate) jobs: Vec<Job>,
    pub(crate) next: Option<String>,
}

impl Jobs {
    /// The jobs of the lake. Those that a server left unfinished are begun again.
    pub(crate) fn open(
        lake: Lake,
        keep: Option<SignedDuration>,
        at_once: usize,
    ) -> Result<Arc<Self>, StoreError> {
        let store = Store::open(&Path::new(lake.location()).join("jobs"))?;
        let jobs = Arc::new(Self {
            lake,
            known: Mutex::default(),
            notices: broadcast::channel(NOTICES).0,
            places: Arc::new(Semaphore::new(at_once)),
            keep,
            store,
        });
        for job in jobs.store.jobs()? {
            let id = job.job_id.clone();
            jobs.lock().insert(id, Known { job, task: None });
        }
        let unfinished: Vec<Job> = jobs.select(|job| job.status == Status::InProgress);
        for job in unfinished {
            if job.attempts < MAX_ATTEMPTS {
                tracing::info!(job_id = job.job_id, "resumed");
                jobs.begin(&job);
            } else {
                let error = JobError {
                    code: ErrorCode::ServiceError,
                    message: format!("the server ended {MAX_ATTEMPTS} times while the job ran"),
                };
                jobs.end(&job.job_id, Err(error));
            }
        }
        jobs.forget_old();
        Ok(jobs)
    }

    /// Begins a job, or gives the one that was begun for the same client token.
    pub(crate) fn start(
        self: &Arc<Self>,
        order: Order,
        client_token: Option<String>,
    ) -> Result<Job, NoJob> {
        self.forget_old();
        let job = Job::new(order, client_token);
        {
            let mut known = self.lock();
            let same_token = |it: &&Known| {
                it.job.client_token.is_some() && it.job.client_token == job.client_token
            };
            if let Some(earlier) = known.values().find(same_token) {
                if earlier.job.order == job.order {
                    return Ok(earlier.job.clone());
                }
                return Err(NoJob::TokenUsed(earlier.job.job_id.clone()));
            }
            // In the list before it is on disk, so that a second request of one token finds it.
            let entry = Known {
                job: job.clone(),
                task: None,
            };
            known.insert(job.job_id.clone(), entry);
        }
        self.store.write(&job).inspect_err(|_| {
            self.lock().remove(&job.job_id);
        })?;
        // Nobody may listen.
        let _ = self.notices.send(job.clone());
        self.begin(&job);
        Ok(job)
    }

    /// Lets a job, which is on disk, run when it is its turn.
    fn begin(self: &Arc<Self>, job: &Job) {
        let (jobs, id, order) = (Arc::clone(self), job.job_id.clone(), job.order.clone());
        let task = tokio::spawn(async move {
            // Closed never: the semaphore lives as long as the jobs.
            let _place = jobs.places.clone().acquire_owned().await;
            tokio::task::block_in_place(|| jobs.update(&id, |job| job.attempts += 1));
            let tell = |stage: &'static str| jobs.update(&id, |job| job.stage = Some(stage));
            let found = run::run(&jobs.lake, &order, tell).await;
            let jobs_of_write = Arc::clone(&jobs);
            // Waiting for the disk is not for a thread that serves others.
            let written = tokio::task::spawn_blocking(move || jobs_of_write.end(&id, found)).await;
            if let Err(error) = written {
                tracing::error!(%error, "a job's end was not written");
            }
        });
        let mut known = self.lock();
        if let Some(entry) = known.get_mut(&job.job_id)
            && entry.job.status == Status::InProgress
        {
            entry.task = Some(task.abort_handle());
        } else {
            task.abort();
        }
    }

    /// Stops all jobs that run or wait, so that the next server begins them anew. That they were
    /// broken off is not held against them.
    pub(crate) fn stop(&self) {
        let mut known = self.lock();
        for entry in known.values_mut() {
            let Some(task) = entry.task.take() else {
                continue;
            };
            task.abort();
            if entry.job.status == Status::InProgress && entry.job.attempts > 0 {
                entry.job.attempts -= 1;
                if let Err(error) = self.store.write(&entry.job) {
                    tracing::error!(job_id = entry.job.job_id, %error, "a job's state was not written");
                }
            }
        }
    }

    /// Ends a job that runs. The first end counts.
    fn end(&self, id: &str, result: Result<Found, JobError>) {
        if self
            .get(id)
            .is_none_or(|job| job.status != Status::InProgress)
        {
            return;
        }
        let error = match result {
            Ok(found) => match self.store.write_found(id, &found) {
                Ok(()) => None,
                Err(error) => Some(JobError {
                    code: ErrorCode::ServiceError,
                    message: format!("cannot keep the policy: {error}"),
                }),
            },
            Err(error) => Some(error),
        };
        self.update(id, |job| {
            if job.status == Status::InProgress {
                job.end(match error {
                    None => Status::Succeeded,
                    Some(_) => Status::Failed,
                });
                job.job_error = error;
            }
        });
    }

    /// Cancels a job. One that is canceled already stays so.
    pub(crate) fn cancel(&self, id: &str) -> Result<(), NoJob> {
        match self.get(id).ok_or(NoJob::Unknown)?.status {
            Status::InProgress => {}
            Status::Canceled => return Ok(()),
            ended => return Err(NoJob::Ended(ended)),
        }
        self.update(id, |job| {
            if job.status == Status::InProgress {
                job.end(Status::Canceled);
            }
        });
        let task = self.lock().get_mut(id).and_then(|it| it.task.take());
        if let Some(task) = task {
            task.abort();
        }
        Ok(())
    }

    /// Changes a job, keeps it if it ended and tells who listens.
    fn update(&self, id: &str, change: impl FnOnce(&mut Job)) {
        let changed = {
            let mut known = self.lock();
            let Some(entry) = known.get_mut(id) else {
                return;
            };
            let of = |job: &Job| (job.status, job.attempts);
            let before = of(&entry.job);
            change(&mut entry.job);
            // Written under the lock: of two ends the first one is on disk, too.
            if of(&entry.job) != before
                && let Err(error) = self.store.write(&entry.job)
            {
                tracing::error!(job_id = id, %error, "a job's state was not written");
            }
            entry.job.clone()
        };
        if changed.status != Status::InProgress {
            tracing::info!(job_id = id, status = %changed.status, "job ended");
        }
        // Nobody may listen.
        let _ = self.notices.send(changed);
    }

    pub(crate) fn get(&self, id: &str) -> Option<Job> {
        let job = self.lock().get(id).map(|known| known.job.clone());
        job.filter(|job| !self.is_old(job))
    }

    /// What a job found, if it succeeded.
    pub(crate) fn found(&self, id: &str) -> Result<Found, StoreError> {
        self.store.found(id)
    }

    /// Keeps something beside a job, under a name, as long as the job is kept.
    pub(crate) fn keep_draft(
        &self,
        id: &str,
        name: &str,
        draft: &impl Serialize,
    ) -> Result<(), NoJob> {
        self.get(id).ok_or(NoJob::Unknown)?;
        Ok(self.store.write_draft(id, name, draft)?)
    }

    /// What was kept beside a job under a name.
    pub(crate) fn draft<T: DeserializeOwned>(&self, id: &str, name: &str) -> Result<T, StoreError> {
        self.store.draft(id, name)
    }

    /// Jobs, the newest first: `most` of those behind the job that `after` names.
    pub(crate) fn list(
        &self,
        principal: Option<&str>,
        most: usize,
        after: Option<&(Timestamp, String)>,
    ) -> Page {
        self.forget_old();
        let mut jobs = self.select(|job| principal.is_none_or(|it| it == job.order.principal_arn));
        jobs.sort_by(|one, other| place(other).cmp(&place(one)));
        if let Some((started, id)) = after {
            jobs.retain(|job| place(job) < (*started, id.as_str()));
        }
        let more = jobs.len() > most;
        jobs.truncate(most);
        let next = jobs.last().filter(|_| more);
        let next = next.map(|job| format!("{} {}", job.started_on, job.job_id));
        Page { jobs, next }
    }

    /// Changes of jobs from now on.
    pub(crate) fn notices(&self) -> broadcast::Receiver<Job> {
        self.notices.subscribe()
    }

    fn select(&self, wanted: impl Fn(&Job) -> bool) -> Vec<Job> {
        let known = self.lock();
        let jobs = known.values().map(|it| &it.job);
        jobs.filter(|job| wanted(job)).cloned().collect()
    }

    /// Takes away what ended too long ago.
    fn forget_old(&self) {
        for job in self.select(|job| self.is_old(job)) {
            self.lock().remove(&job.job_id);
            self.store.remove(&job.job_id);
        }
    }

    /// Whether a job ended so long ago that it is no longer kept.
    fn is_old(&self, job: &Job) -> bool {
        let age = job
            .completed_on
            .map(|ended| Timestamp::now().duration_since(ended));
        age.zip(self.keep).is_some_and(|(age, keep)| age > keep)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        // Whoever panicked with the lock left a map that is whole.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place(job: &Job) -> (Timestamp, &str) {
    (job.started_on, &job.job_id)
}
