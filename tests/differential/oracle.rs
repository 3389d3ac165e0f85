//! The outside evaluator, in a process of its own.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::case::{Answer, Case};

/// What the outside evaluator has to say of a case.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Reply {
    Answered {
        answer: Answer,
        /// Keys of the context that it left out of account.
        ignored: Vec<String>,
    },
    /// It does not take the case, and says why.
    Refused { refused: String },
}

pub(crate) struct Oracle {
    folder: OsString,
}

/// The outside evaluator, if it is installed.
pub(crate) fn installed() -> Option<Oracle> {
    let folder = std::env::var_os("TRAILWRIGHT_TEST_ORACLE").filter(|it| !it.is_empty())?;
    Some(Oracle { folder })
}

impl Oracle {
    pub(crate) fn replies(&self, cases: &[Case]) -> Vec<Reply> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/oracle/simulate.mjs");
        let mut process = Command::new("node")
            .arg(script)
            .env("TRAILWRIGHT_TEST_ORACLE", &self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = process.stdin.take().unwrap();
        let lines: String = cases.iter().map(|case| format!("{case}\n")).collect();
        let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
        let output = process.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        assert!(output.status.success(), "the oracle failed");
        let text = String::from_utf8(output.stdout).unwrap();
        let replies: Vec<Reply> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(replies.len(), cases.len());
        replies
    }
}
