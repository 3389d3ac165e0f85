//! What becomes of the policy generations, as it happens? Server-sent events, each a job.
//!
//! Who was away for a while is told so, and asks for the list.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use futures::stream::{iter, unfold};
use futures::{Stream, StreamExt};
use tokio::sync::broadcast::error::RecvError;

use crate::server::App;
use crate::server::listen::stopped;

/// Time after which a stream shows that it lives.
const ALIVE: Duration = Duration::from_secs(15);

pub(in crate::server) async fn answer(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let state = (app.jobs.notices(), app.stopping.clone());
    // Clients send it when they come again after a connection broke.
    let again = headers.contains_key("last-event-id").then(|| Ok(missed()));
    let events = unfold(state, async |(mut notices, mut stopping)| {
        let event = tokio::select! {
            notice = notices.recv() => match notice {
                Ok(job) => {
                    let event = Event::default().event("job").id(&job.job_id);
                    event.json_data(job).ok()?
                }
                Err(RecvError::Lagged(_)) => missed(),
                Err(RecvError::Closed) => return None,
            },
            () = tokio::time::sleep(ALIVE) => Event::default().comment("alive"),
            () = stopped(&mut stopping) => return None,
        };
        Some((Ok(event), (notices, stopping)))
    });
    Sse::new(iter(again).chain(events))
}

/// Who listens asks for the list again.
fn missed() -> Event {
    Event::default().event("missed").data("{}")
}
