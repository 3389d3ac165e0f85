//! What must not be answered, tried one by one.

use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use serde_json::json;
use trailwright_tests::{Response, Server};

use super::lab_of_reader;

const PATH: &str = "/api/v1/principals";

/// A request that is right but for one thing.
fn with(server: &Server, changed: &[(&str, &str)]) -> u16 {
    let host = server.address.to_string();
    let bearer = format!("Bearer {}", server.token);
    let mut headers = vec![("Host", host.as_str()), ("Authorization", bearer.as_str())];
    headers.retain(|(name, _)| changed.iter().all(|(other, _)| other != name));
    headers.extend(changed.iter().filter(|(_, value)| *value != "-"));
    server.raw("GET", PATH, &headers, "").status
}

#[test]
fn only_who_knows_the_secrets_is_answered() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &[]);
    assert_eq!(with(&server, &[]), 200);
    for wrong in [
        "-".to_owned(),
        "Bearer ".to_owned(),
        format!("Bearer {}x", server.token),
        format!("Bearer {}", &server.token[1..]),
        format!("Basic {}", server.token),
        "AWS4-HMAC-SHA256".to_owned(),
        "AWS4-HMAC-SHA256 Credential=, SignedHeaders=, Signature=".to_owned(),
        format!(
            "AWS4-HMAC-SHA256 Credential={}/20260101/us-east-1/access-analyzer/aws4_request, SignedHeaders=host, Signature=00",
            server.key.0
        ),
        "\u{7f}".to_owned(),
    ] {
        let status = with(&server, &[("Authorization", &wrong)]);
        assert!(
            status == 403 || (wrong == "\u{7f}" && status == 400),
            "{wrong}: {status}"
        );
    }
    // Nor does the token go into the log, or the secret.
    let log = std::fs::read_to_string(lab.path("server.log")).unwrap();
    assert!(
        !log.contains(&server.token) && !log.contains(&server.key.1),
        "{log}"
    );
    // Every path is behind it. Pages are behind a door of their own, see `console`.
    for path in ["/policy/generation", "/api/v1/openapi.json", "/nothing"] {
        let host = server.address.to_string();
        let answer = server.raw("GET", path, &[("Host", &host)], "");
        answer
            .status(403)
            .error("MissingAuthenticationTokenException");
    }
}

#[test]
fn a_name_that_is_not_ours_is_not_answered() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &["--allow-host", "trailwright.test:80"]);
    let port = server.address.port();
    for (host, status) in [
        (format!("127.0.0.1:{port}"), 200),
        (format!("localhost:{port}"), 200),
        (format!("LOCALHOST:{port}"), 200),
        ("trailwright.test:80".to_owned(), 200),
        // A name of the attacker's that was made to mean this address.
        (format!("rebind.example:{port}"), 403),
        (format!("localhost.example:{port}"), 403),
        ("127.0.0.1".to_owned(), 403),
        ("localhost:1".to_owned(), 403),
        (String::new(), 403),
        ("-".to_owned(), 403),
    ] {
        assert_eq!(with(&server, &[("Host", &host)]), status, "{host}");
    }
    let ours = format!("127.0.0.1:{port}");
    let two = with(&server, &[("Host", &ours), ("Host", "rebind.example")]);
    assert!(two == 400 || two == 403, "{two}");
}

#[test]
fn pages_of_other_sites_are_not_answered() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &[]);
    let port = server.address.port();
    for (name, value, status) in [
        ("Origin", format!("http://127.0.0.1:{port}"), 200),
        ("Origin", format!("http://localhost:{port}"), 200),
        ("Origin", "https://evil.example".to_owned(), 403),
        ("Origin", "null".to_owned(), 403),
        ("Origin", format!("https://127.0.0.1:{port}"), 403),
        ("Origin", format!("http://127.0.0.1:{}", port ^ 1), 403),
        ("Sec-Fetch-Site", "same-origin".to_owned(), 200),
        ("Sec-Fetch-Site", "none".to_owned(), 200),
        ("Sec-Fetch-Site", "cross-site".to_owned(), 403),
        ("Sec-Fetch-Site", "same-site".to_owned(), 403),
    ] {
        assert_eq!(with(&server, &[(name, &value)]), status, "{name}: {value}");
    }
    // Nor is a browser told that it may read what it sent for.
    let host = server.address.to_string();
    let origin = format!("http://{host}");
    let preflight = [
        ("Host", host.as_str()),
        ("Origin", &origin),
        ("Access-Control-Request-Method", "POST"),
    ];
    let answer = server.raw("OPTIONS", PATH, &preflight, "");
    assert_ne!(answer.status, 200);
    assert!(
        answer
            .headers
            .iter()
            .all(|(name, _)| !name.starts_with("access-control"))
    );
    let answer = server.ask("GET", PATH, "");
    assert!(
        answer
            .headers
            .iter()
            .all(|(name, _)| !name.starts_with("access-control"))
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert!(
        answer
            .header("content-security-policy")
            .unwrap()
            .contains("default-src 'none'")
    );
}

#[test]
fn too_much_is_refused_and_the_server_lives() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &["--requests", "2"]);
    let large = "x".repeat(3 * 1024 * 1024);
    server.ask("POST", "/policy/validation", &large).status(413);
    // A head without end, bytes that are no HTTP.
    let host = server.address;
    let head = format!(
        "GET {PATH} HTTP/1.1\r\nHost: {host}\r\nX: {}",
        "y".repeat(200_000)
    );
    for bytes in [head.as_bytes(), b"\x00\x01\x02\r\n\r\n"] {
        let answer = server.send(bytes);
        let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 4");
        assert!(refused, "{answer}");
    }
    let log = std::fs::read_to_string(lab.path("server.log")).unwrap();
    assert!(log.contains("what came was no HTTP request"), "{log}");
    // A length that is a lie is believed, and is too much.
    let lie = server.begin("POST", "/policy/validation", 99_999_999_999);
    Response::read(lie).status(413);
    // Requests that do not end take all places: one more is told to come again.
    let mut endless = Vec::new();
    let answer = loop {
        endless.push(server.begin("POST", "/policy/validation", 1_000_000));
        let answer = server.ask("GET", PATH, "");
        if answer.status == 429 {
            break answer;
        }
        assert!(endless.len() < 500, "{answer:?}");
    };
    let answer = answer.error("ThrottlingException");
    assert_eq!(answer.header("retry-after"), Some("1"));
    // Who knows no secret takes no place, and is not told to come again either.
    let stranger = server.raw("GET", PATH, &[("Host", &host.to_string())], "");
    stranger.status(403);
    drop(endless);
    server.until_status(PATH, 200);
    // Deep JSON is refused, not a crash.
    let deep = "[".repeat(500_000);
    server.ask("POST", "/policy/validation", &deep).status(400);
    let document = json!({"policyDocument": deep, "policyType": "IDENTITY_POLICY"});
    server
        .ask("POST", "/policy/validation", &document.to_string())
        .status(400);
    let document = json!({"policyDocument": "[".repeat(200_000), "policyType": "IDENTITY_POLICY"});
    let answer = server.ask("POST", "/policy/validation", &document.to_string());
    assert_eq!(
        answer.json()["findings"][0]["issueCode"],
        "JSON_SYNTAX_ERROR"
    );
}

#[test]
fn two_hundred_requests_a_second_are_answered_beside_running_jobs() {
    const A_SECOND: u32 = 200;
    const SECONDS: u32 = 3;
    const CLIENTS: u32 = 8;
    let lab = lab_of_reader();
    let server = Server::start(&lab, &["--jobs", "1"]);
    let document = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}"#;
    let body = json!({"policyDocument": document, "policyType": "IDENTITY_POLICY"}).to_string();
    let begun = Instant::now();
    // Each client sends its share of requests at its times, however long others take.
    let client = |number: u32| {
        let times = (number..A_SECOND * SECONDS).step_by(CLIENTS as usize);
        let ask = |at: u32| {
            let at = begun + Duration::from_secs(1) * at / A_SECOND;
            std::thread::sleep(at.saturating_duration_since(Instant::now()));
            if number == 0 {
                super::start(&server);
            }
            let sent = Instant::now();
            server.ask("POST", "/policy/validation", &body).status(200);
            sent.elapsed()
        };
        times.map(ask).collect::<Vec<Duration>>()
    };
    let mut times: Vec<Duration> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| scope.spawn(move || client(number)))
            .collect();
        let each = clients.into_iter().flat_map(|it| it.join().unwrap());
        each.collect()
    });
    times.sort();
    assert_eq!(times.len(), (A_SECOND * SECONDS) as usize);
    let at = |share: usize| times[(times.len() - 1) * share / 100];
    eprintln!(
        "answered within {:?} (half), {:?} (99 of 100), {:?} (all), {:?} in all",
        at(50),
        at(99),
        at(100),
        begun.elapsed()
    );
    let jobs = server.ask("GET", "/api/v1/jobs", "").status(200).json();
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 75);
}

#[test]
fn a_request_that_drips_is_given_up() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &[]);
    let mut slow = server.connect();
    slow.write_all(b"GET / HTTP/1.1\r\nHost: x").unwrap();
    let error = slow.read_to_end(&mut Vec::new()).err();
    // It hung up; nobody waited in vain.
    let waited = error.is_some_and(|it| it.kind() != ErrorKind::ConnectionReset);
    assert!(!waited);
    server.ask("GET", PATH, "").status(200);
}

#[test]
fn a_body_that_never_comes_is_given_up() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &["--requests", "1"]);
    let slow = server.hold("POST", "/policy/validation", 10);
    let answer = Response::read(slow).status(408);
    answer.error("RequestTimeoutException");
    server.until_status(PATH, 200);
}

#[test]
fn connections_without_end_do_not_keep_others_out_for_long() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &[]);
    let flood: Vec<_> = (0..400).map(|_| server.connect()).collect();
    // Idle ones are closed after a while, and one too many at once.
    for mut stream in flood {
        let error = stream.read_to_end(&mut Vec::new()).err();
        let waited = error.is_some_and(|it| it.kind() != ErrorKind::ConnectionReset);
        assert!(!waited);
    }
    server.ask("GET", PATH, "").status(200);
}

#[test]
fn strangers_cannot_keep_others_out() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &["--requests", "1"]);
    let host = server.address;
    let mut strangers = Vec::new();
    for given in [
        "",
        "Authorization: Bearer guess\r\n",
        "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/r/s/aws4_request\r\n",
    ] {
        let mut stream = server.connect();
        let head = format!(
            "POST /policy/validation HTTP/1.1\r\nHost: {host}\r\n{given}Content-Length: 100\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        // The answer comes before the body does.
        let mut line = [0; 12];
        stream.read_exact(&mut line).unwrap();
        assert_eq!(&line, b"HTTP/1.1 403", "{given}");
        strangers.push(stream);
    }
    server.ask("GET", PATH, "").status(200);
}

#[test]
fn sql_cannot_change_or_read_what_is_no_lake() {
    let lab = lab_of_reader();
    lab.write("secret.csv", "a\n1\n");
    let server = Server::start(&lab, &[]);
    let ask = |query: &str| server.ask("POST", "/api/v1/sql", &json!({"query": query}).to_string());
    ask("SELECT count(*) AS n FROM events").status(200);
    for query in [
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 'secret.csv'",
        "COPY (SELECT 1) TO 'out.csv'",
        "SET datafusion.execution.batch_size = 1",
        "DROP TABLE events",
        "INSERT INTO events SELECT * FROM events",
        "SELECT * FROM 'secret.csv'",
        "SELECT 1; DROP TABLE events",
        "SELECT",
        "",
    ] {
        let answer = ask(query);
        assert_eq!(answer.status, 400, "{query}: {answer:?}");
    }
    assert!(!lab.path("out.csv").exists());
    assert_eq!(
        ask("SELECT count(*) AS n FROM events").json()["rows"][0]["n"],
        3
    );
}

#[test]
fn only_loopback_is_listened_at() {
    let lab = lab_of_reader();
    for address in ["0.0.0.0", "::", "192.0.2.1"] {
        lab.trailwright(["serve", "lake", "--port", "0", "--address", address])
            .status(1)
            .stdout("")
            .says("is no address of this machine alone")
            .says("hint: the server has no TLS");
    }
}

#[test]
fn weak_secrets_are_refused() {
    let lab = lab_of_reader();
    let run = |name: &str, value: &str| {
        let mut command = lab.command(["serve", "lake", "--port", "0"]);
        let output = command.env(name, value).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(run("TRAILWRIGHT_TOKEN", "short").contains("error: the token has 5 characters"));
    let half = run("TRAILWRIGHT_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
    assert!(half.contains("only one is given"), "{half}");
}
