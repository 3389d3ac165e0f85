//! What does the lake tell of the principal of a job?

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use tokio::sync::OnceCell;
use trailwright_engine::activity::Activity;
use trailwright_engine::coverage::Coverage;
use trailwright_engine::facts::Circumstance;
use trailwright_sql::Scope;

use super::super::trouble::Trouble;
use crate::server::App;
use crate::server::error::ApiError;
use crate::server::jobs::{Job, NoJob, Status};

/// Cases that are remembered: one is asked for by each page of the wizard.
const REMEMBERED: usize = 4;

/// A job, and what its policy is made of.
pub(in crate::server) struct Case {
    pub(super) job: Job,
    pub(super) activity: Vec<Activity>,
    pub(super) coverage: Coverage,
    circumstances: OnceCell<Vec<Circumstance>>,
    scopes: Vec<Scope>,
}

/// The cases that were looked at last, so that all pages of one tell the same.
#[derive(Default)]
pub(in crate::server) struct Cases(Mutex<VecDeque<Arc<Case>>>);

impl Cases {
    fn known(&self, id: &str) -> Option<Arc<Case>> {
        let cases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cases.iter().find(|it| it.job.job_id == id).cloned()
    }

    fn remember(&self, case: &Arc<Case>) {
        let mut cases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cases.truncate(REMEMBERED - 1);
        cases.push_front(Arc::clone(case));
    }
}

/// The job of this id.
pub(super) fn job(app: &App, id: &str) -> Result<Job, Trouble> {
    app.jobs.get(id).ok_or_else(|| {
        Trouble::not_found(NoJob::Unknown.to_string())
            .hint("the page of generations lists those that are kept")
    })
}

impl Case {
    /// The case of a job that succeeded.
    pub(super) async fn of(app: &App, id: &str) -> Result<Arc<Self>, Trouble> {
        let job = job(app, id)?;
        if job.status != Status::Succeeded {
            let message = format!("this generation has no policy: it is {}", job.status);
            return Err(Trouble::new(StatusCode::CONFLICT, message)
                .hint("start another one for the same principal"));
        }
        if let Some(known) = app.cases.known(id) {
            return Ok(known);
        }
        let order = &job.order;
        let session = app.lake.session(order.range()).await?;
        let scopes = app.lake.scopes_of(order).map_err(ApiError::from)?;
        let (activity, coverage) = futures::try_join!(
            session.activity_in(&order.principal_arn, &scopes),
            session.coverage_in(&scopes),
        )?;
        let case = Arc::new(Self {
            activity,
            coverage,
            circumstances: OnceCell::new(),
            scopes,
            job,
        });
        app.cases.remember(&case);
        Ok(case)
    }

    pub(super) fn principal(&self) -> &str {
        &self.job.order.principal_arn
    }

    /// Under which circumstances the principal called: for conditions only.
    pub(super) async fn circumstances(&self, app: &App) -> Result<&[Circumstance], Trouble> {
        let found = self.circumstances.get_or_try_init(async || {
            let session = app.lake.session(self.job.order.range()).await?;
            let principal = self.principal();
            session.circumstances_in(principal, &self.scopes).await
        });
        Ok(found.await?)
    }
}
