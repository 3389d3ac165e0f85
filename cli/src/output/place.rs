//! Where does an answer go: to stdout, a file, or a pager?

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use miette::Diagnostic;

use super::{Form, Output, Stdout};

/// A place for an answer, open for writing.
pub(crate) enum Place {
    Stdout(BufWriter<Stdout>),
    /// The file appears under its name when it is whole.
    File {
        out: BufWriter<File>,
        path: PathBuf,
        part: PathBuf,
    },
    Pager(Child),
}

/// A place that cannot be written to.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub(crate) enum NoPlace {
    #[error("cannot write `{}`", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("a terminal cannot show a file of this form")]
    #[diagnostic(help("name a file: --out answer.parquet"))]
    Terminal,
    #[error("cannot run the pager `{pager}`")]
    #[diagnostic(help("PAGER names another one"))]
    Pager {
        pager: String,
        #[source]
        source: io::Error,
    },
}

/// The pager where nobody names one: it leaves what fits on the screen, and cuts no colors.
const PAGER: &str = "less -FRSX";

impl Place {
    /// Stdout, or the file at `path`, if `output` can go there.
    pub(crate) fn open(output: Output, path: Option<&Path>) -> Result<Self, NoPlace> {
        let Some(path) = path else {
            if !output.is_text() && io::stdout().is_terminal() {
                return Err(NoPlace::Terminal);
            }
            return Ok(Self::Stdout(BufWriter::new(Stdout::new())));
        };
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let file = File::create(&part).map_err(|source| NoPlace::File {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self::File {
            out: BufWriter::new(file),
            path: path.to_owned(),
            part,
        })
    }

    /// The user's pager.
    pub(crate) fn pager() -> Result<Self, NoPlace> {
        let named = std::env::var("PAGER")
            .ok()
            .filter(|pager| !pager.trim().is_empty());
        let pager = named.unwrap_or_else(|| PAGER.to_owned());
        let failed = |source| NoPlace::Pager {
            pager: pager.clone(),
            source,
        };
        let mut words = pager.split_whitespace();
        let program = words.next().unwrap_or_default();
        let child = Command::new(program)
            .args(words)
            .stdin(Stdio::piped())
            .spawn();
        Ok(Self::Pager(child.map_err(failed)?))
    }

    /// How an answer is shown there.
    pub(crate) fn form(&self) -> Form {
        match self {
            Self::File { .. } => Form::of_file(),
            Self::Stdout(_) => Form::of_stdout(),
            // It scrolls sideways.
            Self::Pager(_) => Form {
                width: None,
                ..Form::of_stdout()
            },
        }
    }

    /// All is written.
    pub(crate) fn finish(mut self) -> Result<(), NoPlace> {
        let flushed = self.flush();
        match self {
            Self::Stdout(_) => flushed.map_err(|source| NoPlace::File {
                path: "stdout".into(),
                source,
            }),
            Self::File { out, path, part } => {
                let failed = |source| NoPlace::File {
                    path: path.clone(),
                    source,
                };
                flushed.map_err(failed)?;
                drop(out);
                std::fs::rename(&part, &path).map_err(failed)
            }
            Self::Pager(mut child) => {
                drop(child.stdin.take());
                // Whoever leaves the pager early has seen enough.
                let _ = child.wait();
                Ok(())
            }
        }
    }

    /// Nothing more comes: what was written of a file goes.
    pub(crate) fn give_up(self) {
        match self {
            Self::Stdout(_) => {}
            Self::File { part, .. } => {
                let _ = std::fs::remove_file(part);
            }
            Self::Pager(mut child) => {
                drop(child.stdin.take());
                let _ = child.wait();
            }
        }
    }
}

impl Write for Place {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::File { out, .. } => out.write(bytes),
            Self::Pager(child) => match &mut child.stdin {
                Some(stdin) => quietly(stdin.write(bytes), bytes.len()),
                None => Ok(bytes.len()),
            },
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::File { out, .. } => out.flush(),
            Self::Pager(child) => match &mut child.stdin {
                Some(stdin) => quietly(stdin.flush(), ()),
                None => Ok(()),
            },
        }
    }
}

/// A pager that was left reads no more, and that is no error.
fn quietly<T>(done: io::Result<T>, all: T) -> io::Result<T> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(all),
        done => done,
    }
}
