//! What becomes of the policy generations, as it happens? Server-sent events, each a job.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, Sse};
use futures::Stream;
use futures::stream::unfold;
use tokio::sync::broadcast::error::RecvError;

use crate::server::App;
use crate::server::listen::stopped;

/// Time after which a stream shows that it lives.
const ALIVE: Duration = Duration::from_secs(15);

pub(in crate::server) async fn answer(
    State(app): State<Arc<App>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let state = (app.jobs.notices(), app.stopping.clone());
    let events = unfold(state, async |(mut notices, mut stopping)| {
        let event = tokio::select! {
            notice = notices.recv() => match notice {
                Ok(job) => Event::default().event("job").json_data(job).ok()?,
                // Who listens asks for the list again.
                Err(RecvError::Lagged(_)) => Event::default().event("missed").data("{}"),
                Err(RecvError::Closed) => return None,
            },
            () = tokio::time::sleep(ALIVE) => Event::default().comment("alive"),
            () = stopped(&mut stopping) => return None,
        };
        Some((Ok(event), (notices, stopping)))
    });
    Sse::new(events)
}
