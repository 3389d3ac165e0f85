//! What are pages made of that is asked for again and again? It holds for one version of the lake.

use std::sync::Arc;
use std::time::Duration;

use trailwright_engine::time::TimeRange;
use trailwright_sql::{Error, PrincipalSummary, Session};

use super::kept::Kept;
use super::overview::{Figures, Part};
use super::trouble::Trouble;
use super::wizard::Case;
use crate::server::App;

/// How often is looked whether the lake has moved.
const LOOK: Duration = Duration::from_secs(5);

/// What pages were made of last.
pub(in crate::server) struct Memory {
    /// By the id of their job, so that all pages of one tell the same.
    pub(super) cases: Kept<String, Case>,
    overviews: Kept<(Version, Part), Figures>,
    principals: Kept<Version, Vec<PrincipalSummary>>,
}

/// A version of the lake, cut down to a time.
type Version = (u64, TimeRange);

impl Default for Memory {
    fn default() -> Self {
        Self {
            cases: Kept::most(4),
            overviews: Kept::most(8),
            principals: Kept::most(4),
        }
    }
}

impl Memory {
    /// The figures of the overview.
    pub(super) async fn overview(
        &self,
        session: &Session,
        part: Part,
    ) -> Result<Arc<Figures>, Trouble> {
        let work = Figures::of(session, &part);
        let key = (version(session), part.clone());
        self.overviews.get_or(key, work).await
    }

    /// Who is in the lake.
    pub(super) async fn principals(
        &self,
        session: &Session,
    ) -> Result<Arc<Vec<PrincipalSummary>>, Error> {
        let work = session.principals();
        self.principals.get_or(version(session), work).await
    }
}

fn version(session: &Session) -> Version {
    (session.version(), session.time_range())
}

/// Works out what the first pages need: when the server starts, and whenever the lake has moved.
/// Ends when the server stops.
pub(crate) async fn keep_warm(app: Arc<App>) {
    let mut stopping = app.stopping.clone();
    let work = async {
        let mut known = None;
        loop {
            match warm(&app, known).await {
                Ok(version) => known = Some(version),
                // Whoever asks for the page is told.
                Err(trouble) => tracing::debug!(message = trouble.message(), "not warm"),
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::select! {
        () = work => {}
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
}

/// Works out what the first pages need, unless the lake is as it was; its version.
async fn warm(app: &App, known: Option<u64>) -> Result<u64, Trouble> {
    let session = app.lake.session(TimeRange::default()).await?;
    if known != Some(session.version()) {
        app.memory.overview(&session, Part::default()).await?;
        app.memory.principals(&session).await?;
    }
    Ok(session.version())
}
