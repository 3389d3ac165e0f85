//! How does a test ask the program's server, also in ways that no client would?

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Lab;

/// A server on the lake of a lab. It is killed with the test.
pub struct Server {
    process: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// Id and secret of the access key that it printed.
    pub key: (String, String),
    /// The token that it printed.
    pub token: String,
    /// The address of the console that it printed, which signs a browser in.
    pub console: String,
}

/// An answer of the server.
#[derive(Debug)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Server {
    /// Starts `trailwright serve lake` with further arguments.
    pub fn start(lab: &Lab, more: &[&str]) -> Self {
        Self::start_in(lab, more, &[])
    }

    /// The same, with more in its environment.
    pub fn start_in(lab: &Lab, more: &[&str], environment: &[(&str, &str)]) -> Self {
        let args = ["serve", "lake", "--port", "0"];
        let mut command = lab.command(args.iter().chain(more));
        let mut process = command
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(lab.path("server.log")).unwrap())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut next = |name: &str| {
            let line = lines.next().map(Result::unwrap);
            let line = line.unwrap_or_else(|| {
                let log = std::fs::read_to_string(lab.path("server.log")).unwrap();
                panic!("no {name}: {log}")
            });
            let value = line.strip_prefix(name);
            value.unwrap_or_else(|| panic!("{line}")).to_owned()
        };
        Self {
            address: next("http://").parse().unwrap(),
            key: (next("AWS_ACCESS_KEY_ID="), next("AWS_SECRET_ACCESS_KEY=")),
            token: next("TRAILWRIGHT_TOKEN="),
            console: next("TRAILWRIGHT_CONSOLE="),
            process,
        }
    }

    /// The URL of the server.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sends these bytes and reads all that comes.
    pub fn send(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // It may hang up before it has read all.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    }

    /// A new connection.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        stream
    }

    /// A request with these headers and no others but the body's length.
    pub fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        let headers: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let length = body.len();
        let text = self.send(
            format!(
                "{method} {path} HTTP/1.1\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"
            )
            .as_bytes(),
        );
        Response::parse(&text)
    }

    /// A request as our own clients send it, with the token.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> Response {
        let host = self.address.to_string();
        let bearer = format!("Bearer {}", self.token);
        let headers = [
            ("Host", host.as_str()),
            ("Authorization", bearer.as_str()),
            ("Content-Type", "application/json"),
        ];
        self.raw(method, path, &headers, body)
    }

    /// Asks until an answer is as wanted, for a minute at most.
    pub fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let answer = self.ask("GET", path, "").json();
            if wanted(&answer) {
                return answer;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{answer}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Asks until the status is this one, for a minute at most.
    #[track_caller]
    pub fn until_status(&self, path: &str, status: u16) -> Response {
        let begun = Instant::now();
        loop {
            let answer = self.ask("GET", path, "");
            if answer.status == status {
                return answer;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{answer:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Begins a request with a body of `length` bytes, none of which is sent.
    pub fn begin(&self, method: &str, path: &str, length: u64) -> TcpStream {
        let mut stream = self.connect();
        let (host, token) = (self.address, &self.token);
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream
    }

    /// The same, when it has taken the one place that a server with `--requests 1` has.
    pub fn hold(&self, method: &str, path: &str, length: u64) -> TcpStream {
        let begun = Instant::now();
        loop {
            let stream = self.begin(method, path, length);
            stream.set_nonblocking(true).unwrap();
            loop {
                if self.ask("GET", "/api/v1/jobs", "").status == 429 {
                    stream.set_nonblocking(false).unwrap();
                    return stream;
                }
                assert!(begun.elapsed() < Duration::from_secs(60));
                // What was asked just now was quicker, and this one was refused.
                if stream.peek(&mut [0]).is_ok() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }

    /// The id of its process.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Ends it as a crash would.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Asks it to end, and waits until it did; its exit status.
    pub fn stop(mut self) -> Option<i32> {
        self.ask_to_stop();
        self.process.wait().unwrap().code()
    }

    /// Asks it to end.
    pub fn ask_to_stop(&self) {
        let id = self.process.id().to_string();
        let asked = std::process::Command::new("kill")
            .arg(&id)
            .status()
            .unwrap();
        assert!(asked.success());
    }

    /// Waits until it has ended; its exit status.
    pub fn ended(mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Response {
    /// Reads all that comes.
    pub fn read(mut stream: TcpStream) -> Self {
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        Self::parse(&String::from_utf8(answer).unwrap())
    }

    fn parse(text: &str) -> Self {
        let (head, body) = text
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("no response: {text}"));
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        Self {
            status: status.parse().unwrap(),
            headers: lines
                .map(|line| {
                    let (name, value) = line.split_once(": ").unwrap();
                    (name.to_lowercase(), value.to_owned())
                })
                .collect(),
            body: body.to_owned(),
        }
    }

    /// The status must be `expected`.
    #[track_caller]
    pub fn status(self, expected: u16) -> Self {
        assert_eq!(self.status, expected, "{self:?}");
        self
    }

    /// The exception must have this name.
    #[track_caller]
    pub fn error(self, name: &str) -> Self {
        assert_eq!(self.header("x-amzn-errortype"), Some(name), "{self:?}");
        self
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The body, which must be JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}
