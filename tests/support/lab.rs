//! How does a test run the program, and look at what it did?

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder that goes away with the test, and the program that runs in it. Its lake is called
/// `lake`.
pub struct Lab {
    folder: TempDir,
    program: PathBuf,
}

impl Lab {
    /// A new, empty folder for `program`.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            program: program.into(),
        }
    }

    /// The place of `name` in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, with the folders above it.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Runs `trailwright` in the folder to its end.
    pub fn trailwright<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Outcome {
        Outcome::of(self.command(args).output().unwrap())
    }

    /// The command that [`trailwright`](Self::trailwright) runs.
    pub fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(args)
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// Ingests a folder or file into the lake, all of it.
    pub fn ingest(&self, source: impl AsRef<Path>) -> Outcome {
        let lake = OsStr::new("lake");
        self.trailwright([OsStr::new("ingest"), lake, source.as_ref().as_os_str()])
            .status(0)
    }

    /// The rows that a query of the lake answers with.
    pub fn sql(&self, query: &str) -> Vec<Value> {
        self.trailwright(["sql", "lake", query, "--output", "ndjson"])
            .status(0)
            .ndjson()
    }

    /// The one value that a query of the lake answers with.
    pub fn value(&self, query: &str) -> Value {
        let rows = self.sql(query);
        let [Value::Object(row)] = rows.as_slice() else {
            panic!("expected one row from {query}, got {rows:?}");
        };
        row.values().next().unwrap().clone()
    }
}

/// How a run ended and what it said.
#[derive(Debug)]
pub struct Outcome {
    code: Option<i32>,
    /// The data.
    pub stdout: String,
    /// Everything else.
    pub stderr: String,
}

impl Outcome {
    /// Of a run that is over.
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Stdout must hold `text`.
    #[track_caller]
    pub fn stdout_has(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no `{text}` in:\n{self}");
        self
    }

    /// The exit status must be `expected`.
    #[track_caller]
    pub fn status(self, expected: i32) -> Self {
        assert_eq!(self.code, Some(expected), "{self}");
        self
    }

    /// Stderr must hold `text`.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no `{text}` in:\n{self}");
        self
    }

    /// Stderr must not hold `text`.
    #[track_caller]
    pub fn never_says(self, text: &str) -> Self {
        assert!(!self.stderr.contains(text), "`{text}` in:\n{self}");
        self
    }

    /// Stderr must be empty.
    #[track_caller]
    pub fn says_nothing(self) -> Self {
        assert_eq!(self.stderr, "", "{self}");
        self
    }

    /// Stdout must be exactly `text`.
    #[track_caller]
    pub fn stdout(self, text: &str) -> Self {
        assert_eq!(self.stdout, text, "{self}");
        self
    }

    /// Stdout, which must be JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    /// The lines of stdout, which must each be JSON.
    #[track_caller]
    pub fn ndjson(&self) -> Vec<Value> {
        let lines = self.stdout.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect()
    }

    /// The number that the summary of an ingest gives behind `name`.
    #[track_caller]
    pub fn tally(&self, name: &str) -> usize {
        let line = self.stderr.lines().find_map(|line| {
            let rest = line.strip_prefix("  ")?.strip_prefix(name)?;
            rest.split_whitespace().next().map(ToOwned::to_owned)
        });
        let number = line.unwrap_or_else(|| panic!("no `{name}` in:\n{self}"));
        number.replace(',', "").parse().unwrap()
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            code,
            stdout,
            stderr,
        } = self;
        let shown: String = stdout.chars().take(2_000).collect();
        write!(f, "status {code:?}\nstdout:\n{shown}\nstderr:\n{stderr}")
    }
}
