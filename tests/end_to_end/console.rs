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

#[test]
fn what_is_ingested_beside_the_server_is_on_the_next_page() {
    let lab = lab_of(&[record(1)]);
    let server = Server::start(&lab, &[]);
    let visitor = Visitor::of(&server);
    shows(&visitor.get("/").status(200).body, "1 of 1");
    shows(&visitor.get("/principals").status(200).body, "1 principal");
    let identity = json!({
        "type": "IAMUser",
        "arn": "arn:aws:iam::111122223333:user/ann",
        "accountId": "111122223333",
    });
    let later = record(2).at("2026-11-26T09:30:00Z");
    let elsewhere = record(3)
        .with("userIdentity", identity)
        .with("awsRegion", json!("eu-north-1"));
    lab.write("logs/b.json", delivery(&[later, elsewhere]));
    lab.ingest("logs");
    let page = visitor.get("/").status(200).body;
    shows(&page, "2 of 3");
    shows(&page, "eu-north-1");
    shows(&visitor.get("/principals").status(200).body, "user/ann");
    shows(&visitor.get("/generate").status(200).body, "eu-north-1");
}

#[test]
fn pages_say_that_they_are_slow_for_want_of_a_roll_up() {
    let lab = lab_of(&[record(1)]);
    let path = lab.path("lake/activity/_delta_log");
    // As another version would have made it, whose mapping nobody knows.
    for entry in std::fs::read_dir(&path).unwrap() {
        let file = entry.unwrap().path();
        let text = std::fs::read_to_string(&file).unwrap();
        if text.contains("mapping ") {
            std::fs::write(&file, text.replace("mapping ", "mapping of-old-")).unwrap();
        }
    }
    let server = Server::start(&lab, &[]);
    let visitor = Visitor::of(&server);
    let said = "trailwright lake refresh lake";
    let until = |told: bool| {
        let begun = std::time::Instant::now();
        while visitor.get("/").status(200).body.contains(said) != told {
            assert!(
                begun.elapsed() < std::time::Duration::from_secs(60),
                "{told}"
            );
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    };
    until(true);
    for path in [
        "/principals",
        "/principal?arn=arn:aws:iam::111122223333:role/reader",
    ] {
        shows(&visitor.get(path).status(200).body, said);
    }
    let log = std::fs::read_to_string(lab.path("server.log")).unwrap();
    assert!(log.contains("WARN") && log.contains(said), "{log}");
    lab.trailwright(["lake", "refresh", "lake"]).status(0);
    until(false);
}

/// The most bytes that a page may have, beside its style and script.
const LIGHT: usize = 150_000;

#[test]
fn an_organization_of_thousands_of_accounts_makes_no_heavy_page() {
    let records: Vec<Record> = (0..5_000)
        .map(|id| {
            let account = format!("{:012}", 100_000_000_000_u64 + u64::from(id));
            let arn = format!("arn:aws:iam::{account}:role/app");
            record(id)
                .with("recipientAccountId", json!(account))
                .with("awsRegion", json!(format!("xx-place-{}", id % 300)))
                .with(
                    "userIdentity",
                    json!({
                        "type": "AssumedRole",
                        "arn": format!("arn:aws:sts::{account}:assumed-role/app/s"),
                        "accountId": account,
                        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": arn}},
                    }),
                )
        })
        .collect();
    let lab = lab_of(&records);
    let server = Server::start(&lab, &[]);
    let visitor = Visitor::of(&server);
    let last = "100000004999";
    for path in ["/", "/principals", "/generate", "/sql?name=ip-ranges&run=1"] {
        let page = visitor.get(path).status(200).body;
        assert!(page.len() < LIGHT, "{path} has {} bytes", page.len());
    }
    // What cannot be chosen from a list is typed.
    let page = visitor.get("/").status(200).body;
    shows(&page, "placeholder=\"One of 5,000\"");
    shows(
        &visitor.get(&format!("/?account={last}")).status(200).body,
        "1 of 1",
    );
    shows(
        &visitor
            .get(&format!("/principals?account={last}"))
            .status(200)
            .body,
        "1 principal",
    );
    let form = format!(
        "principal=arn:aws:iam::{last}:role/app&account-list={last},+100000000000&region-list=xx-place-199"
    );
    let started = visitor.post("/generate", &form).status(303);
    let job = visitor
        .get(started.header("location").unwrap())
        .status(200)
        .body;
    shows(&job, &format!("100000000000, {last}"));
    shows(&job, "xx-place-199");
    let again = visitor
        .get(&format!("/generate?account={last}"))
        .status(200)
        .body;
    shows(&again, &format!("value=\"{last}\" checked"));
}

#[test]
fn names_as_long_as_iam_takes_them_make_no_heavy_page() {
    let records: Vec<Record> = (0..300)
        .map(|id| {
            let path = format!("{}/{id:03}{}", "p".repeat(508), "n".repeat(61));
            let arn = format!("arn:aws:iam::111122223333:role/{path}");
            record(id).with(
                "userIdentity",
                json!({
                    "type": "AssumedRole",
                    "arn": "arn:aws:sts::111122223333:assumed-role/x/s",
                    "accountId": "111122223333",
                    "sessionContext": {"sessionIssuer": {"type": "Role", "arn": arn}},
                }),
            )
        })
        .collect();
    let lab = lab_of(&records);
    let server = Server::start(&lab, &[]);
    let visitor = Visitor::of(&server);
    for path in ["/", "/principals", "/generate"] {
        let page = visitor.get(path).status(200).body;
        assert!(page.len() < LIGHT, "{path} has {} bytes", page.len());
    }
}

#[test]
fn an_address_with_wrong_values_shows_a_page_or_what_is_wrong() {
    let lab = lab_of(&[record(1)]);
    let server = Server::start(&lab, &[]);
    let visitor = Visitor::of(&server);
    let role = "arn:aws:iam::111122223333:role/reader";
    for (path, status) in [
        ("/?page=x&account=&region=nowhere", 200),
        ("/?from=2026-13-45", 400),
        ("/?from=2026&to=2025", 400),
        ("/?from=%00%ff", 400),
        ("/principals?page=99999999999999999999999", 200),
        ("/principals?page=-1&kind=nothing", 200),
        ("/principals?seen=never", 400),
        (&format!("/principal?arn={role}&from=soon"), 400),
        (&format!("/principal?arn={role}&all=nothing"), 200),
        ("/principal", 400),
        ("/principal?arn=%22%27--", 404),
        ("/jobs?page=0&principal=%00", 200),
        ("/jobs/%2e%2e%2flock", 404),
        ("/generate?principal=%ff&when=whenever&from=x", 200),
        ("/sql?q=", 200),
        ("/sql?name=nothing", 200),
        ("/sql?q=SELECT+1&page=0&row=99&x=no&y=no", 200),
        ("/sql?q=SELECT+1&page=99999999", 200),
        ("/sql/download", 400),
        ("/sql/download?q=SELECT+1&format=exe", 200),
    ] {
        let page = visitor.get(path);
        assert_eq!(page.status, status, "{path}: {}", page.body);
    }
}
