//! What must hold before a request is answered?
//!
//! A page of another site can make a browser send requests here, and can make its own name mean
//! this address. So the name that a client calls must be ours, and what a browser sends must come
//! from our own pages. There is no CORS: no other origin may read an answer.

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;
use tracing::Instrument;
use uuid::Uuid;

use super::app::{ANSWER_TIME, BODY_TIME, MAX_BODY};
use super::error::ApiError;
use super::{App, console};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// How the paths of the APIs begin.
const APIS: [&str; 2] = ["/policy/", "/api/"];

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Lets a request through to its answer, or refuses it. Both are logged.
pub(super) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = Uuid::new_v4().to_string();
    // What is logged on the way has the id, too.
    let span = tracing::info_span!("request", request_id = id);
    let method = request.method().clone();
    // Not the query: it may name what is nobody's business.
    let path = request.uri().path().to_owned();
    let passed = pass(&app, request, next).instrument(span.clone()).await;
    let mut response = passed.unwrap_or_else(IntoResponse::into_response);
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
        .entry(REFERRER_POLICY)
        .or_insert(HeaderValue::from_static("no-referrer"));
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'",
        ));
    span.in_scope(|| {
        tracing::info!(
            %method,
            path,
            status = response.status().as_u16(),
            milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            "answered"
        );
    });
    response
}

async fn pass(app: &App, request: Request, next: Next) -> Result<Response, ApiError> {
    let headers = request.headers();
    from_here(app, headers)?;
    // Who knows no secret must not keep others waiting: the APIs do not answer at all, and for the
    // door of the console there are places of its own.
    let head = app.auth.check_head(headers);
    let is_known = head.is_ok() || console::has_cookie(app, headers);
    if APIS.iter().any(|it| request.uri().path().starts_with(it)) {
        head?;
    }
    let places = match is_known {
        true => &app.requests,
        false => &app.strangers,
    };
    let _place = places.try_acquire().map_err(|_| ApiError::throttled())?;
    let (parts, body) = request.into_parts();
    // A length that is told is believed.
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Err(ApiError::too_large(MAX_BODY));
    }
    let body = timeout(BODY_TIME, to_bytes(body, MAX_BODY)).await;
    let body = body
        .map_err(|_| ApiError::too_slow("the request did not arrive in time"))?
        .map_err(|_| ApiError::too_large(MAX_BODY))?;
    let answer = next.run(Request::from_parts(parts, Body::from(body)));
    timeout(ANSWER_TIME, answer)
        .await
        .map_err(|_| ApiError::too_slow("the answer took too long"))
}

/// Lets a request of the APIs through if it is signed or has the token.
pub(super) async fn signed(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let check = async {
        // It is here already, as the guard read it.
        let body = to_bytes(body, MAX_BODY).await;
        let body = body.map_err(|_| ApiError::too_large(MAX_BODY))?;
        app.auth.check(&parts, &body).await?;
        Ok::<_, ApiError>(body)
    };
    match check.await {
        Ok(body) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Err(error) => error.into_response(),
    }
}

/// Whether a request calls us by a name of ours and is of no other site's page.
fn from_here(app: &App, headers: &HeaderMap) -> Result<(), ApiError> {
    let refuse = |message: &str| Err(ApiError::forbidden("AccessDeniedException", message));
    let mut hosts = headers.get_all(HOST).iter();
    let (host, second) = (hosts.next(), hosts.next());
    let host = host.and_then(|host| host.to_str().ok());
    let is_ours = |name: &str| app.hosts.iter().any(|own| own.eq_ignore_ascii_case(name));
    if second.is_some() || !host.is_some_and(is_ours) {
        return refuse("the server is not known by this Host");
    }
    if let Some(origin) = headers.get(ORIGIN) {
        let origin = origin
            .to_str()
            .ok()
            .and_then(|it| it.strip_prefix("http://"));
        if !origin.is_some_and(is_ours) {
            return refuse("pages of other origins are not answered");
        }
    }
    if let Some(site) = headers.get(SEC_FETCH_SITE)
        && !["same-origin", "none"].iter().any(|own| site == *own)
    {
        return refuse("pages of other sites are not answered");
    }
    Ok(())
}

/// The answer where an operation panicked, which is a bug.
pub(super) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(
        panic = text.unwrap_or("of no text"),
        "an operation panicked"
    );
    ApiError::internal().into_response()
}
