//! Does the console show what is in the lake, and to its user alone?

mod apply;
mod sign_in;
mod sql;
mod wizard;

use serde_json::json;
use trailwright_tests::server::Response;
use trailwright_tests::trail::{Record, delivery, record};
use trailwright_tests::{Lab, Server};

use crate::lab;

/// A browser that signed in: it has the cookie and says where forms come from.
struct Visitor<'a> {
    server: &'a Server,
    cookie: String,
}

impl<'a> Visitor<'a> {
    fn of(server: &'a Server) -> Self {
        let host = server.address.to_string();
        let path = format!("/?token={}", server.token);
        let entered = server.raw("GET", &path, &[("Host", &host)], "").status(303);
        let cookie = entered.header("set-cookie").unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Self { server, cookie }
    }

    fn get(&self, path: &str) -> Response {
        let host = self.server.address.to_string();
        let headers = [("Host", host.as_str()), ("Cookie", self.cookie.as_str())];
        self.server.raw("GET", path, &headers, "")
    }

    /// Sends a form of a page.
    fn post(&self, path: &str, form: &str) -> Response {
        let (host, origin) = (self.server.address.to_string(), self.server.url());
        let headers = [
            ("Host", host.as_str()),
            ("Cookie", self.cookie.as_str()),
            ("Origin", origin.as_str()),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        self.server.raw("POST", path, &headers, form)
    }
}

/// A page must show `text`, which is markup as the page has it.
#[track_caller]
fn shows(page: &str, text: &str) {
    if !page.contains(text) {
        let main = page.split("<main").nth(1).unwrap_or(page);
        let words = main.split('<').filter_map(|it| it.split_once('>'));
        let words: Vec<&str> = words
            .map(|(_, text)| text.trim())
            .filter(|it| !it.is_empty())
            .collect();
        let words: String = words.join(" ").chars().rev().take(3_000).collect();
        panic!(
            "no `{text}` at the end of: {}",
            words.chars().rev().collect::<String>()
        );
    }
}

fn lab_of(records: &[Record]) -> Lab {
    let lab = lab();
    lab.write("logs/a.json", delivery(records));
    lab.ingest("logs");
    lab
}

/// What markup would look like that came from a log.
const MARKUP: &str = "\"><script>alert(1)</script><img src=x onerror=alert(2)>";

#[test]
fn what_a_log_says_is_text_on_every_page() {
    let role = format!("arn:aws:iam::111122223333:role/{MARKUP}");
    let hostile = record(1)
        .calls(MARKUP, MARKUP)
        .with("awsRegion", json!(MARKUP))
        .with("recipientAccountId", json!(MARKUP))
        .with(
            "userIdentity",
            json!({
                "type": MARKUP,
                "arn": role,
                "accountId": "111122223333",
            }),
        )
        .with("errorCode", json!("AccessDenied"));
    let lab = lab_of(&[hostile]);
    let server = Server::start(&lab, &[]);
    let visitor = Visitor::of(&server);
    let principals = lab.value("SELECT principal FROM principals");
    let principal: String =
        url::form_urlencoded::byte_serialize(principals.as_str().unwrap().as_bytes()).collect();
    for path in [
        "/".to_owned(),
        "/principals".to_owned(),
        format!("/principal?arn={principal}"),
    ] {
        let page = visitor.get(&path).status(200).body;
        assert!(page.contains("&lt;script&gt;"), "{path}");
        assert!(!page.contains("<script>"), "{path}");
        assert!(!page.contains("<img"), "{path}");
    }
}

#[test]
fn days_without_logs_are_shown_as_such() {
    let lab = lab_of(&[
        record(1).with("eventTime", json!("2026-01-01T10:00:00Z")),
        record(2).with("eventTime", json!("2026-01-09T10:00:00Z")),
    ]);
    let server = Server::start(&lab, &[]);
    let page = Visitor::of(&server).get("/").status(200).body;
    shows(&page, "2 of 9");
    shows(&page, "2026-01-02 to 2026-01-08");
}

#[test]
fn an_empty_range_is_no_sign_that_nothing_happened() {
    let lab = lab_of(&[record(1)]);
    let server = Server::start(&lab, &[]);
    let visitor = Visitor::of(&server);
    let page = visitor.get("/?from=1999&to=1999").status(200).body;
    shows(&page, "the logs may be missing");
    let page = visitor.get("/?from=soon").status(400).body;
    shows(&page, "got `soon`");
    shows(&page, "-90d");
    let page = visitor
        .get("/principal?arn=arn:aws:iam::1:role/nobody")
        .status(404)
        .body;
    shows(&page, "is not in the lake");
    visitor.get("/assets/none").status(404);
}
