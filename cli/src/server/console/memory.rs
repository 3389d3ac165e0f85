//! What are pages made of that is asked for again and again? It holds for one version of the lake.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use maud::{Markup, html};
use trailwright_engine::location::Storage;
use trailwright_engine::time::TimeRange;
use trailwright_sql::{Error, PrincipalSummary, Standing, standing};

use super::kept::Kept;
use super::overview::{Figures, Part};
use super::trouble::Trouble;
use super::wizard::{Case, Place};
use crate::server::App;

/// How often is looked whether the lake has moved.
const LOOK: Duration = Duration::from_secs(5);

/// What pages were made of last.
pub(in crate::server) struct Memory {
    /// By the id of their job, so that all pages of one tell the same.
    pub(super) cases: Kept<String, Case>,
    overviews: Kept<(Version, Part), Figures>,
    principals: Kept<Version, Vec<PrincipalSummary>>,
    places: Kept<u64, Vec<Place>>,
    /// Whether pages are slow as the roll-up is of no use.
    slow: AtomicBool,
}

/// A version of the lake, cut down to a time.
type Version = (u64, TimeRange);

impl Default for Memory {
    fn default() -> Self {
        Self {
            cases: Kept::most(4),
            overviews: Kept::most(8),
            principals: Kept::most(4),
            places: Kept::most(2),
            slow: AtomicBool::new(false),
        }
    }
}

impl Memory {
    /// The figures of the overview.
    pub(super) async fn overview(
        &self,
        app: &App,
        range: TimeRange,
        part: Part,
    ) -> Result<Arc<Figures>, Trouble> {
        let version = (app.lake.version().await?, range);
        let work = async {
            let session = app.lake.session(range).await?;
            Figures::of(&session, &part).await
        };
        self.overviews.get_or((version, part.clone()), work).await
    }

    /// Who is in the lake.
    pub(super) async fn principals(
        &self,
        app: &App,
        range: TimeRange,
    ) -> Result<Arc<Vec<PrincipalSummary>>, Error> {
        let version = (app.lake.version().await?, range);
        let work = async { app.lake.session(range).await?.principals().await };
        self.principals.get_or(version, work).await
    }

    /// Which accounts and regions the lake has.
    pub(super) async fn places(&self, app: &App) -> Result<Arc<Vec<Place>>, Trouble> {
        let version = app.lake.version().await?;
        let work = async {
            let session = app.lake.session(TimeRange::default()).await?;
            Place::all(&session).await
        };
        self.places.get_or(version, work).await
    }

    /// What a page says that is slow for want of a roll-up.
    pub(super) fn notice(&self, app: &App) -> Markup {
        html! {
            @if self.slow.load(Ordering::Relaxed) {
                div.notice.warn {
                    p { (SLOW) ". " code { (refresh(app)) } " makes it." }
                }
            }
        }
    }
}

/// Why pages are slow.
const SLOW: &str =
    "There is no roll-up of the activity that this version can use, so that pages count all events";

/// The command that makes them quick.
fn refresh(app: &App) -> String {
    format!("trailwright lake refresh {}", app.lake.location())
}

/// Events of a lake whose pages are there at once: below that nothing is worked out beforehand.
const SMALL: u64 = 20_000;

/// How many events the lake has.
async fn events(app: &App) -> Option<u64> {
    let session = app.lake.session(TimeRange::default()).await.ok()?;
    session.events().ok()
}

/// Works out what the first pages need: when the server starts, and whenever the lake has moved.
/// Ends when the server stops.
pub(crate) async fn keep_warm(app: Arc<App>) {
    let mut stopping = app.stopping.clone();
    let work = async {
        let mut version = None;
        let mut is_small = true;
        loop {
            let now = app.lake.version().await.ok();
            let has_moved = now != version;
            version = now;
            let was_slow = app.memory.slow.load(Ordering::Relaxed);
            // A roll-up that is good stays so until the lake moves; another may be made any time.
            if was_slow || has_moved {
                let slow = look_at_rollup(&app).await;
                app.memory.slow.store(slow, Ordering::Relaxed);
                if slow && !was_slow {
                    tracing::warn!("{SLOW}; run `{}`", refresh(&app));
                }
            }
            if has_moved {
                is_small = events(&app).await.is_some_and(|it| it < SMALL);
            }
            // Whoever asks for the page is told.
            if !is_small && let Err(trouble) = warm(&app).await {
                tracing::debug!(message = trouble.message(), "not warm");
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::select! {
        () = work => {}
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
}

/// Whether pages are slow as the roll-up is of no use.
async fn look_at_rollup(app: &App) -> bool {
    match standing(app.lake.location(), &Storage::default()).await {
        Ok(standing) => standing != Standing::Good,
        Err(error) => {
            tracing::debug!(%error, "the roll-up was not looked at");
            false
        }
    }
}

/// Works out what the first pages need, as far as it is not known.
async fn warm(app: &App) -> Result<(), Trouble> {
    let all = TimeRange::default();
    app.memory.overview(app, all, Part::default()).await?;
    app.memory.principals(app, all).await?;
    app.memory.places(app).await?;
    Ok(())
}
