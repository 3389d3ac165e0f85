//! What does the lake tell of the principal of a job?

use std::sync::Arc;

use axum::http::StatusCode;
use tokio::sync::OnceCell;
use trailwright_engine::Reference;
use trailwright_engine::activity::Activity;
use trailwright_engine::coverage::Coverage;
use trailwright_engine::dossier::{Dossier, Seen};
use trailwright_engine::facts::Circumstance;
use trailwright_engine::generate::DoesNotFit;
use trailwright_sql::Scope;

use super::super::kept::Kept;
use super::super::trouble::Trouble;
use super::choice::Choice;
use super::written::at_work;
use crate::server::App;
use crate::server::error::ApiError;
use crate::server::jobs::{Job, NoJob, Status};

/// Dossiers that are remembered of a case: one for each style, and those of the choice before.
const DOSSIERS: usize = 8;

/// A job, and what its policy is made of.
pub(in crate::server) struct Case {
    pub(super) job: Job,
    pub(super) activity: Vec<Activity>,
    pub(super) coverage: Coverage,
    circumstances: OnceCell<Vec<Circumstance>>,
    scopes: Vec<Scope>,
    /// By the text of the choices that they are written by.
    dossiers: Kept<String, Result<Arc<Dossier>, DoesNotFit>>,
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
        let found = app
            .memory
            .cases
            .get_or(id.to_owned(), Self::found(app, job));
        found.await
    }

    async fn found(app: &App, job: Job) -> Result<Self, Trouble> {
        let order = &job.order;
        let session = app.lake.session(order.range()).await?;
        let scopes = app.lake.scopes_of(order).map_err(ApiError::from)?;
        let (activity, coverage) = futures::try_join!(
            session.activity_in(&order.principal_arn, &scopes),
            session.coverage_in(&scopes),
        )?;
        Ok(Self {
            activity,
            coverage,
            circumstances: OnceCell::new(),
            scopes,
            dossiers: Kept::most(DOSSIERS),
            job,
        })
    }

    pub(super) fn principal(&self) -> &str {
        &self.job.order.principal_arn
    }

    /// Under which circumstances the principal called: for conditions only.
    async fn circumstances(&self, app: &App) -> Result<&[Circumstance], Trouble> {
        let found = self.circumstances.get_or_try_init(async || {
            let session = app.lake.session(self.job.order.range()).await?;
            let principal = self.principal();
            session.circumstances_in(principal, &self.scopes).await
        });
        Ok(found.await?)
    }

    /// The dossier by a choice, or why there is none.
    pub(super) async fn dossier(
        self: &Arc<Self>,
        app: &App,
        choice: Choice,
    ) -> Result<Result<Arc<Dossier>, DoesNotFit>, Trouble> {
        let key = format!("{choice:?}");
        let work = async {
            let narrows = choice.options.needs_circumstances();
            if narrows {
                self.circumstances(app).await?;
            }
            let case = Arc::clone(self);
            at_work(move || {
                let seen = Seen {
                    principal: case.principal(),
                    activity: &case.activity,
                    circumstances: case.known_circumstances(narrows),
                    coverage: &case.coverage,
                };
                let reference = Reference::bundled();
                let dossier = Dossier::of(&seen, &choice.options, choice.target, reference);
                dossier.map(Arc::new)
            })
            .await
        };
        let dossier = self.dossiers.get_or(key, work).await?;
        Ok(dossier.as_ref().clone())
    }

    /// The circumstances, if they count and were asked for.
    pub(super) fn known_circumstances(&self, count: bool) -> &[Circumstance] {
        match self.circumstances.get() {
            Some(known) if count => known,
            _ => &[],
        }
    }
}
