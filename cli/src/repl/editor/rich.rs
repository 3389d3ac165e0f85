//! How is a line typed with history, completion and colors?

use std::borrow::Cow;
use std::path::PathBuf;

use miette::{IntoDiagnostic, Result};
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{ColorMode, CompletionType, Config, Context};

use super::{PROMPT, Typed};
use crate::repl::helper::{SqlHelper, colored};
use crate::repl::statements::is_finished;

pub(in crate::repl) struct Editor {
    lines: rustyline::Editor<Asked, DefaultHistory>,
    history: Option<PathBuf>,
}

impl Editor {
    /// An editor that keeps its history in a file.
    pub(in crate::repl) fn new(
        helper: SqlHelper,
        color: bool,
        history: Option<PathBuf>,
    ) -> Result<Self> {
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .color_mode(match color {
                true => ColorMode::Enabled,
                false => ColorMode::Disabled,
            })
            .history_ignore_dups(true)
            .into_diagnostic()?
            .history_ignore_space(true)
            .build();
        let mut lines = rustyline::Editor::with_config(config).into_diagnostic()?;
        lines.set_helper(Some(Asked { helper, color }));
        if let Some(file) = &history {
            // There may be none yet.
            let _ = lines.load_history(file);
        }
        Ok(Self { lines, history })
    }

    pub(in crate::repl) fn read(&mut self) -> Result<Typed> {
        match self.lines.readline(PROMPT) {
            Ok(line) => {
                if !line.trim().is_empty() {
                    // A history that cannot be kept is no reason to stop.
                    let _ = self.lines.add_history_entry(line.as_str());
                    if let Some(file) = &self.history {
                        let _ = self.lines.append_history(file);
                    }
                }
                Ok(Typed::Line(line))
            }
            Err(ReadlineError::Interrupted) => Ok(Typed::Dropped),
            Err(ReadlineError::Eof) => Ok(Typed::End),
            Err(error) => Err(error).into_diagnostic(),
        }
    }
}

/// What the line editor asks.
struct Asked {
    helper: SqlHelper,
    color: bool,
}

impl Completer for Asked {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, names) = self.helper.candidates(line.get(..pos).unwrap_or(line));
        let pairs = names.into_iter().map(|name| Pair {
            display: name.clone(),
            replacement: name,
        });
        Ok((start, pairs.collect()))
    }
}

impl Highlighter for Asked {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        match self.color {
            true => Cow::Owned(colored(line)),
            false => Cow::Borrowed(line),
        }
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        match self.color {
            true => Cow::Owned(format!("\x1b[1m{prompt}\x1b[0m")),
            false => Cow::Borrowed(prompt),
        }
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        self.color && kind != CmdKind::MoveCursor
    }
}

impl Hinter for Asked {
    type Hint = String;
}

impl Validator for Asked {
    fn validate(&self, ctx: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(match is_finished(ctx.input()) {
            true => ValidationResult::Valid(None),
            false => ValidationResult::Incomplete,
        })
    }
}

impl rustyline::Helper for Asked {}
