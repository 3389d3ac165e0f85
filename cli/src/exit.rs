//! How does the program end, and what does it say of an error?

use std::io;
use std::process::ExitCode;

use clap::error::ErrorKind;
use miette::Report;

/// Exit status of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All was done.
    Success = 0,
    /// Wrong usage, or nothing could be done.
    Failure = 1,
    /// Done, but some of the input was rejected.
    Rejects = 2,
    /// Of some logs nothing tells whether they are unaltered.
    Unproven = 3,
    /// Stopped by the user; what was whole is kept.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Prints an error, what caused it and what to do, one line each.
pub(crate) fn report(error: &Report) -> Exit {
    if is_broken_pipe(error) {
        // Whoever reads our output has seen enough.
        return Exit::Success;
    }
    eprintln!("error: {error}");
    let mut told = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Libraries often repeat a cause in their own text.
        if !told.contains(&cause) {
            eprintln!("  caused by: {cause}");
        }
        told = cause;
    }
    if let Some(help) = error.help() {
        eprintln!("hint: {help}");
    }
    Exit::Failure
}

/// Prints what clap has to say: help on stdout, wrong usage on stderr.
pub(crate) fn usage(message: &clap::Error) -> Exit {
    // Nothing can be done if the terminal is gone.
    let _ = message.print();
    match message.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Success,
        _ => Exit::Failure,
    }
}

fn is_broken_pipe(error: &Report) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}
