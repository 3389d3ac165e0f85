//! How do requests come in, and how does the server stop?

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use tower::ServiceExt;

/// Connections at once. One more is closed.
const CONNECTIONS: u32 = 256;

/// Time for the head of a request to arrive. It also ends connections that are idle.
const HEAD_TIME: Duration = Duration::from_secs(15);

/// Bytes of the head of a request.
const HEAD_BYTES: usize = 32 * 1024;

/// Time for what is being answered when the server stops; the longest query fits.
const LAST_TIME: Duration = Duration::from_secs(35);

/// An address that cannot be listened at.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(crate) enum CannotListen {
    #[error("cannot listen at {address}")]
    #[diagnostic(help("another program may be there: choose another --port, or 0 for any"))]
    Bind {
        address: SocketAddr,
        #[source]
        source: std::io::Error,
    },
    #[error("{0} is no address of this machine alone")]
    #[diagnostic(help(
        "the server has no TLS: keep it on 127.0.0.1 or ::1, behind a proxy or a tunnel of yours"
    ))]
    NotLoopback(IpAddr),
}

/// Listens on loopback, and nowhere else.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, CannotListen> {
    if !address.ip().is_loopback() {
        return Err(CannotListen::NotLoopback(address.ip()));
    }
    TcpListener::bind(address)
        .await
        .map_err(|source| CannotListen::Bind { address, source })
}

/// Answers until `stopping` turns true, and what has begun by then.
pub(crate) async fn serve(listener: TcpListener, router: Router, stopping: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS as usize));
    let mut stop = stopping.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stop) => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Such as too many open files: it passes, and must not spin meanwhile.
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            tracing::warn!("too many connections: one was closed");
            continue;
        };
        let (router, stopping) = (router.clone(), stopping.clone());
        tokio::spawn(async move {
            connection(stream, router, stopping).await;
            drop(place);
        });
    }
    drop(listener);
    if timeout(LAST_TIME, places.acquire_many(CONNECTIONS))
        .await
        .is_err()
    {
        tracing::warn!("stopped with requests unanswered");
    }
}

/// Waits until the server stops.
pub(super) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // Nobody is there who could stop it any more: it has stopped.
    let _ = stopping.wait_for(|stop| *stop).await;
}

async fn connection(stream: TcpStream, router: Router, mut stopping: watch::Receiver<bool>) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let answer = router.clone().oneshot(request.map(Body::new));
        async move { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service)
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    match ended {
        // The answer is hyper's own, before there is a request that could have an id.
        Err(error) if error.is_parse() => {
            tracing::info!(%error, "what came was no HTTP request, and was refused");
        }
        // Clients come and go.
        Err(error) => tracing::debug!(%error, "a connection ended"),
        Ok(()) => {}
    }
}
