//! How does the program end, and what does it say of an error?

use std::process::ExitCode;

use clap::error::ErrorKind;
use miette::Report;

use crate::output::Stdout;
use crate::report;

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
    /// What was checked is not as it should be.
    Found = 4,
    /// Stopped by the user; what was whole is kept.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Says an error, what caused it and what to do, one line each.
pub(crate) fn report(error: &Report) -> Exit {
    if Stdout::reader_gone() {
        // Whoever reads our output has seen enough.
        return Exit::Success;
    }
    let mut text = format!("error: {error}\n");
    let mut told = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Libraries often repeat a cause in their own text.
        if !told.contains(&cause) {
            text.push_str(&format!("  caused by: {cause}\n"));
        }
        told = cause;
    }
    if let Some(help) = error.help() {
        text.push_str(&format!("hint: {help}\n"));
    }
    report::say(&text);
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
