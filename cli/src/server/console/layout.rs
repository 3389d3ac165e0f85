//! What is around every page?

use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

/// Nothing but what this server sends is run, shown or asked. Nothing inline is run.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Where a page is, for the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Overview,
    Principals,
    Policies,
    Sql,
    None,
}

const PLACES: [(Place, &str, &str); 4] = [
    (Place::Overview, "/", "Overview"),
    (Place::Principals, "/principals", "Principals"),
    (Place::Policies, "/jobs", "Policies"),
    (Place::Sql, "/sql", "SQL"),
];

/// A page.
pub(super) struct Page {
    title: String,
    place: Place,
    body: Markup,
    /// Seconds after which a browser without scripts asks again.
    refresh: Option<u32>,
    signed_in: bool,
}

impl Page {
    pub(super) fn new(title: impl Into<String>, place: Place, body: Markup) -> Self {
        Self {
            title: title.into(),
            place,
            body,
            refresh: None,
            signed_in: true,
        }
    }

    /// A page that a browser without scripts asks for again, after some seconds.
    pub(super) fn refresh(self, seconds: u32) -> Self {
        Self {
            refresh: Some(seconds),
            ..self
        }
    }

    /// For somebody of whom is not known who it is.
    pub(super) fn for_strangers(self) -> Self {
        Self {
            signed_in: false,
            ..self
        }
    }

    /// The page as an answer.
    pub(super) fn answer(self) -> Response {
        answer(self.markup())
    }

    fn markup(&self) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " · Trailwright" }
                    link rel="icon" type="image/svg+xml" href="/assets/icon.svg";
                    link rel="stylesheet" href="/assets/style.css";
                    script src="/assets/console.js" defer {}
                    @if let Some(seconds) = self.refresh {
                        noscript { meta http-equiv="refresh" content=(seconds); }
                    }
                }
                body {
                    a.skip href="#main" { "Skip to content" }
                    header.top {
                        a.brand href="/" { (mark()) "Trailwright" }
                        @if self.signed_in {
                            nav aria-label="Main" {
                                @for (place, href, name) in PLACES {
                                    a href=(href) aria-current=[(place == self.place).then_some("page")] {
                                        (name)
                                    }
                                }
                            }
                            form.leave method="post" action="/sign-out" {
                                button.quiet type="submit" { "Sign out" }
                            }
                        }
                    }
                    main id="main" tabindex="-1" { (self.body) }
                }
            }
        }
    }
}

/// A piece of HTML as an answer to a browser.
pub(super) fn answer(markup: Markup) -> Response {
    let mut response = markup.into_string().into_response();
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    protect(&mut response);
    response
}

/// The headers that keep a page to itself.
pub(super) fn protect(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    // Not `no-referrer`: with it browsers send forms with the origin `null`, and the guard would
    // have to take that. No other site is told anything either way.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
}

/// A path between two places.
fn mark() -> Markup {
    html! {
        svg.mark viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false" {
            path d="M4 19c6 0 3-8 8-8s2-6 8-6" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round" {}
            circle cx="4" cy="19" r="2.6" fill="currentColor" {}
            circle cx="20" cy="5" r="2.6" fill="currentColor" {}
        }
    }
}
