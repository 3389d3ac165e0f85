//! A server that is asked to stop finishes what it has begun, and begins nothing more.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;
use trailwright_tests::{Response, Server};

use super::lab_of_reader;

/// Waits until nobody listens there any more.
fn closed(server: &Server) {
    let begun = Instant::now();
    while TcpStream::connect(server.address).is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_request_that_has_begun_is_answered_after_the_server_was_asked_to_stop() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &["--requests", "1"]);
    let body = json!({"query": "SELECT count(*) AS n FROM events"}).to_string();
    let mut begun = server.hold("POST", "/api/v1/sql", body.len() as u64);
    server.ask_to_stop();
    closed(&server);
    begun.write_all(body.as_bytes()).unwrap();
    let answer = Response::read(begun).status(200).json();
    assert_eq!(answer["rows"], json!([{"n": 3}]));
    assert_eq!(server.ended(), Some(0));
    let log = std::fs::read_to_string(lab.path("server.log")).unwrap();
    assert!(
        log.contains("stopped; policy generations that ran go on"),
        "{log}"
    );
}

#[test]
fn who_asks_twice_does_not_wait() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &["--requests", "1"]);
    let begun = server.hold("POST", "/api/v1/sql", 100);
    server.ask_to_stop();
    closed(&server);
    server.ask_to_stop();
    assert_eq!(server.ended(), Some(130));
    drop(begun);
}
