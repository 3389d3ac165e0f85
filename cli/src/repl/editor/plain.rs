//! How is a line typed on a bare terminal?

use std::io::{BufRead, Write};
use std::path::PathBuf;

use miette::{IntoDiagnostic, Result};

use super::{PROMPT, Typed};
use crate::repl::helper::SqlHelper;
use crate::repl::statements::is_finished;

/// The prompt when more is to be typed.
const MORE: &str = "        ...> ";

pub(in crate::repl) struct Editor;

impl Editor {
    pub(in crate::repl) fn new(_: SqlHelper, _: bool, _: Option<PathBuf>) -> Result<Self> {
        Ok(Self)
    }

    pub(in crate::repl) fn read(&mut self) -> Result<Typed> {
        let mut typed = String::new();
        loop {
            let prompt = if typed.is_empty() { PROMPT } else { MORE };
            let mut out = std::io::stdout().lock();
            out.write_all(prompt.as_bytes()).into_diagnostic()?;
            out.flush().into_diagnostic()?;
            let read = std::io::stdin().lock().read_line(&mut typed);
            if read.into_diagnostic()? == 0 {
                return Ok(match typed.trim().is_empty() {
                    true => Typed::End,
                    false => Typed::Line(typed),
                });
            }
            if is_finished(&typed) {
                return Ok(Typed::Line(typed));
            }
        }
    }
}
