//! Who gets in?

use trailwright_tests::Server;
use trailwright_tests::trail::record;

use super::{Visitor, lab_of};

#[test]
fn the_printed_address_signs_a_browser_in_and_is_gone() {
    let lab = lab_of(&[record(1)]);
    let server = Server::start(&lab, &[]);
    assert_eq!(
        server.console,
        format!("{}/?token={}", server.url(), server.token)
    );

    let host = server.address.to_string();
    let path = format!("/principals?q=app&token={}", server.token);
    let entered = server.raw("GET", &path, &[("Host", &host)], "").status(303);
    assert_eq!(entered.header("location"), Some("/principals?q=app"));
    let cookie = entered.header("set-cookie").unwrap();
    assert!(
        cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"),
        "{cookie}"
    );
    assert!(!cookie.contains(&server.token), "{cookie}");
    Visitor::of(&server).get("/principals").status(200);
}

#[test]
fn strangers_see_a_door_and_nothing_behind_it() {
    let lab = lab_of(&[record(1)]);
    let server = Server::start(&lab, &[]);
    let host = server.address.to_string();
    let host = ("Host", host.as_str());
    for path in [
        "/",
        "/principals",
        "/principal?arn=x",
        "/?token=wrong",
        "/nothing",
    ] {
        let status = if path == "/nothing" { 403 } else { 401 };
        let page = server.raw("GET", path, &[host], "").status(status).body;
        assert!(!page.contains("reader"));
    }
    let wrong = ("Cookie", "trailwright-0=x; trailwright-console=");
    server.raw("GET", "/", &[host, wrong], "").status(401);
    server
        .raw("GET", "/assets/style.css", &[host], "")
        .status(200);
}

#[test]
fn a_cookie_opens_the_console_only() {
    let lab = lab_of(&[record(1)]);
    let server = Server::start(&lab, &[]);
    let visitor = Visitor::of(&server);
    visitor.get("/api/v1/principals").status(403);
    visitor.get("/policy/generation").status(403);
}

#[test]
fn a_form_must_be_of_a_page_of_ours() {
    let lab = lab_of(&[record(1)]);
    let server = Server::start(&lab, &[]);
    let host = server.address.to_string();
    let own = server.url();
    let host = ("Host", host.as_str());
    let form = format!("token={}", server.token);
    for (origin, status) in [
        (None, 403),
        (Some("null"), 403),
        (Some("http://127.0.0.1:1"), 403),
        (Some("https://evil.example"), 403),
        (Some(own.as_str()), 303),
    ] {
        let mut headers = vec![host];
        headers.extend(origin.map(|origin| ("Origin", origin)));
        server
            .raw("POST", "/sign-in", &headers, &form)
            .status(status);
    }
    let headers = [host, ("Origin", own.as_str())];
    let page = server
        .raw("POST", "/sign-in", &headers, "token=guess")
        .status(401);
    assert!(
        page.body.contains("not the server&#39;s") || page.body.contains("not the server's"),
        "{page:?}"
    );
}

#[test]
fn pages_run_nothing_and_ask_nobody_else() {
    let lab = lab_of(&[record(1)]);
    let server = Server::start(&lab, &[]);
    let visitor = Visitor::of(&server);
    for path in ["/", "/principals", "/assets/style.css", "/principal"] {
        let page = visitor.get(path);
        let policy = page.header("content-security-policy").unwrap();
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.header("referrer-policy"), Some("same-origin"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
    }
}
