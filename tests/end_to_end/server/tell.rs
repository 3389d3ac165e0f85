//! Who is told when a job ends: a webhook, and the desktop.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;

use serde_json::Value;
use trailwright_tests::Server;
use trailwright_tests::trail::ROLE;

use super::{ended, lab_of_reader, order, start};

/// What comes to a webhook, which it answers with a status and headers.
fn told(listener: &TcpListener, answer: &str) -> Value {
    let (mut stream, _) = listener.accept().unwrap();
    let mut request = BufReader::new(stream.try_clone().unwrap());
    let mut length = 0;
    loop {
        let mut line = String::new();
        request.read_line(&mut line).unwrap();
        let line = line.trim().to_lowercase();
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        }
        assert!(!line.starts_with("authorization"), "{line}");
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    request.read_exact(&mut body).unwrap();
    let answer = format!("HTTP/1.1 {answer}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(answer.as_bytes()).unwrap();
    serde_json::from_slice(&body).unwrap()
}

fn webhook() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/ended", listener.local_addr().unwrap());
    (listener, url)
}

#[test]
fn a_webhook_is_told_of_each_end_until_it_listens() {
    let lab = lab_of_reader();
    let (listener, url) = webhook();
    let server = Server::start(&lab, &["--webhook", &url]);
    let id = start(&server);
    let first = told(&listener, "503 Not Now");
    assert_eq!(first["jobId"], id.as_str());
    assert_eq!(first["status"], "SUCCEEDED");
    assert_eq!(first["principalArn"], ROLE);
    assert!(first.get("found").is_none());
    assert_eq!(told(&listener, "204 Thanks"), first);
}

#[test]
fn a_webhook_sends_nobody_elsewhere() {
    let lab = lab_of_reader();
    let (listener, url) = webhook();
    let (elsewhere, other) = webhook();
    elsewhere.set_nonblocking(true).unwrap();
    let server = Server::start(&lab, &["--webhook", &url]);
    let id = start(&server);
    // A redirect is followed by nobody: the notice counts as not taken, and comes again.
    let redirect = format!("307 Elsewhere\r\nLocation: {other}");
    assert_eq!(told(&listener, &redirect)["jobId"], id.as_str());
    assert_eq!(told(&listener, "200 OK")["jobId"], id.as_str());
    assert!(elsewhere.accept().is_err());
}

#[test]
fn a_webhook_that_hangs_holds_up_nothing() {
    let lab = lab_of_reader();
    // Nobody accepts what comes there.
    let (_listener, url) = webhook();
    let server = Server::start(&lab, &["--webhook", &url]);
    for _ in 0..12 {
        let id = start(&server);
        server.until(&format!("/api/v1/jobs/{id}"), ended);
    }
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_webhook_is_an_http_url() {
    let lab = lab_of_reader();
    for url in ["file:///etc/passwd", "ftp://127.0.0.1/x"] {
        lab.trailwright(["serve", "lake", "--port", "0", "--webhook", url])
            .status(1)
            .says("expected an http or https URL of a webhook");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_desktop_is_told_of_each_end() {
    use std::os::unix::fs::PermissionsExt;

    let lab = lab_of_reader();
    // In place of the desktop's program: it writes down with what it was called.
    let program = "#!/bin/sh\nfor word in \"$@\"; do printf '%s\\n' \"$word\" >> shown; done\n";
    let path = lab.write("bin/notify-send", program);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let place = format!("{}:/usr/bin:/bin", lab.path("bin").display());
    let server = Server::start_in(&lab, &["--notify", "--jobs", "1"], &[("PATH", &place)]);
    let hostile = "arn:aws:iam::111122223333:role/--help <b>$(id)";
    let wait = |body: &str| {
        let answer = server.ask("PUT", "/policy/generation", body).status(200);
        let id = answer.json()["jobId"].as_str().unwrap().to_owned();
        server.until(&format!("/api/v1/jobs/{id}"), ended);
    };
    wait(&order(ROLE));
    wait(&order(hostile));
    let begun = std::time::Instant::now();
    let lines = loop {
        let shown = std::fs::read_to_string(lab.path("shown")).unwrap_or_default();
        let lines: Vec<String> = shown.lines().map(ToOwned::to_owned).collect();
        if lines.len() >= 9 {
            break lines;
        }
        assert!(
            begun.elapsed() < std::time::Duration::from_secs(60),
            "{lines:?}"
        );
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    let expected = [
        "--app-name=Trailwright",
        "--",
        "Policy generated",
        ROLE,
        "--app-name=Trailwright",
        "--",
        "Policy generation failed",
        "arn:aws:iam::111122223333:role/--help &lt;b&gt;$(id)",
    ];
    assert_eq!(lines[..8], expected);
    assert!(lines[8].starts_with("principal `"), "{lines:?}");
}
