//! How does a test get an account with IAM in it? It is moto's, in a Python that
//! `TRAILWRIGHT_TEST_PYTHON` names (`.ci/run` sees to that).

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::trail::ROLE;
use crate::{Lab, Outcome, Server, fixture};

/// What its clients sign with.
const CREDENTIALS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "test"),
    ("AWS_SECRET_ACCESS_KEY", "test"),
    ("AWS_EC2_METADATA_DISABLED", "true"),
];

/// IAM of an account of its own. It ends with the test, since its standard input does.
pub struct Iam {
    /// Where it listens.
    pub url: String,
    process: Child,
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
}

impl Iam {
    /// Starts it, if there is a Python for it here.
    pub fn start() -> Option<Self> {
        let Some(python) = std::env::var_os("TRAILWRIGHT_TEST_PYTHON") else {
            eprintln!("skipped: TRAILWRIGHT_TEST_PYTHON is not set");
            return None;
        };
        let mut process = Command::new(python)
            .arg(fixture::root().join("tests/python/moto_server.py"))
            .env("MOTO_ACCOUNT_ID", "111122223333")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap()).lines();
        Some(Self {
            url: stdout.next().unwrap().unwrap(),
            stdin: process.stdin.take().unwrap(),
            process,
            stdout,
        })
    }

    /// Asks `tests/python/moto_server.py`.
    pub fn ask(&mut self, line: &str) -> Value {
        writeln!(self.stdin, "{line}").unwrap();
        serde_json::from_str(&self.stdout.next().unwrap().unwrap()).unwrap()
    }

    /// What a role and a user have, and all policies.
    pub fn state(&mut self) -> Value {
        self.ask("state")
    }

    /// Runs the program with credentials for it.
    pub fn run(&self, lab: &Lab, args: &[&str]) -> Outcome {
        let mut command = lab.command(args);
        command.env_clear().envs(CREDENTIALS);
        Outcome::of(command.output().unwrap())
    }

    /// Serves the lake of a lab, from where policies can be applied.
    pub fn server(&self, lab: &Lab) -> Server {
        Server::start_in(lab, &["--iam-endpoint-url", &self.url], &CREDENTIALS)
    }

    /// Applies the policy of [`ROLE`].
    pub fn apply(&self, lab: &Lab, more: &[&str]) -> Outcome {
        let args = [
            "apply",
            "lake",
            "--principal",
            ROLE,
            "--endpoint-url",
            &self.url,
        ];
        self.run(lab, &[&args[..], more].concat())
    }
}

impl Drop for Iam {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
