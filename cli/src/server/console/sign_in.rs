//! Whose browser is it?
//!
//! The address that the server prints holds the token. Whoever opens it gets a cookie in its place
//! and an address without the token, which therefore stays in no history, log or bookmark. The
//! cookie holds a secret of this run of the server and opens the console only, not the APIs.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header::{COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use maud::html;

use super::Answer;
use super::fields::Fields;
use super::layout::{Page, Place};
use super::text::alert;
use super::trouble::Trouble;
use crate::server::App;

/// Lets a request for a page through, or answers what to do instead.
pub(in crate::server) async fn signed_in(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    match stop(&app, &parts) {
        Some(answer) => answer,
        None => next.run(Request::from_parts(parts, body)).await,
    }
}

/// What to answer instead of a page, if whoever asks may not have it.
fn stop(app: &App, parts: &Parts) -> Option<Response> {
    let path = parts.uri.path();
    if path.starts_with("/assets/") {
        return None;
    }
    // Browsers send it with every form. A request without one is of no page of ours.
    if parts.method != Method::GET && !parts.headers.contains_key(ORIGIN) {
        let message = "the request does not say which page it comes from";
        return Some(Trouble::new(StatusCode::FORBIDDEN, message).into_response());
    }
    if path == "/sign-in" {
        return None;
    }
    let query = Fields::parse(parts.uri.query().unwrap_or_default().as_bytes());
    if parts.method == Method::GET
        && let Some(token) = query.get("token").map(str::to_owned)
    {
        return Some(match app.auth.is_token(token.as_bytes()) {
            true => {
                let clean = query.without("token").link(path);
                entered(app, &parts.headers, &clean)
            }
            false => door(Some("This token is not the server's.")),
        });
    }
    (!has_cookie(app, &parts.headers)).then(|| door(None))
}

/// The form of somebody who has the token.
pub(super) async fn enter(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = Fields::parse(&body);
    match form.get("token") {
        Some(token) if app.auth.is_token(token.as_bytes()) => entered(&app, &headers, "/"),
        _ => door(Some("This token is not the server's.")),
    }
}

/// Takes the cookie away.
pub(super) async fn leave(headers: HeaderMap) -> Answer {
    let cookie = format!(
        "{}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0",
        name(&headers)
    );
    Ok(redirect("/", Some(&cookie)))
}

/// On to `path`, with a cookie.
fn entered(app: &App, headers: &HeaderMap, path: &str) -> Response {
    let session = app.auth.session();
    let cookie = format!(
        "{}={session}; Path=/; HttpOnly; SameSite=Strict",
        name(headers)
    );
    redirect(path, Some(&cookie))
}

/// Sends a browser on by a GET.
pub(super) fn redirect(path: &str, cookie: Option<&str>) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    if let Ok(path) = HeaderValue::from_str(path) {
        headers.insert(LOCATION, path);
    }
    if let Some(Ok(cookie)) = cookie.map(HeaderValue::from_str) {
        headers.insert(SET_COOKIE, cookie);
    }
    response
}

/// Cookies do not tell ports apart: two servers of one machine have two names.
fn name(headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let port = host.and_then(|host| host.rsplit(':').next());
    let port = port.filter(|port| port.bytes().all(|it| it.is_ascii_digit()));
    format!("trailwright-{}", port.unwrap_or("console"))
}

/// Whether a browser showed the token before.
pub(in crate::server) fn has_cookie(app: &App, headers: &HeaderMap) -> bool {
    let wanted = name(headers);
    let cookies = headers.get_all(COOKIE).iter();
    cookies
        .filter_map(|it| it.to_str().ok())
        .flat_map(|it| it.split(';'))
        .filter_map(|it| it.trim().split_once('='))
        .any(|(name, value)| name == wanted && app.auth.is_session(value.as_bytes()))
}

/// The page for whoever is not known.
fn door(wrong: Option<&str>) -> Response {
    let body = html! {
        section.door {
            h1 { "Sign in" }
            p { "Open the address that " code { "trailwright serve" } " printed, or type its token." }
            @if let Some(wrong) = wrong {
                (alert(wrong, Some("It is printed when the server starts, unless TRAILWRIGHT_TOKEN was set.")))
            }
            form.stack method="post" action="/sign-in" {
                label for="token" { "Token" }
                input #token name="token" type="password" autocomplete="off" required;
                button.primary type="submit" { "Sign in" }
            }
        }
    };
    let page = Page::new("Sign in", Place::None, body).for_strangers();
    let mut response = page.answer();
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    response
}
