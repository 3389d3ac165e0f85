//! How is a line typed?
//!
//! Keys come from the terminal one by one and change a [`Buffer`]; after each, what it holds is
//! drawn anew. The keys are those of a shell.

mod buffer;
mod history;
mod screen;

use std::path::PathBuf;

use console::{Key, Term};
use miette::{IntoDiagnostic, Result};

use super::helper::SqlHelper;
use super::statements::is_finished;
use buffer::Buffer;
use history::History;
use screen::Screen;

/// What was typed.
pub(super) enum Typed {
    /// A command, or queries up to a semicolon.
    Line(String),
    /// Ctrl-C: what was typed before it is dropped.
    Dropped,
    /// Ctrl-D.
    End,
}

/// Names that are listed for completion before they are only counted.
const SHOWN_NAMES: usize = 60;

/// A line editor with history, completion and colors.
pub(super) struct Editor {
    term: Term,
    helper: SqlHelper,
    history: History,
    color: bool,
    /// What Ctrl-K and its like took away.
    cut: String,
}

impl Editor {
    /// An editor that keeps its history in a file.
    pub(super) fn new(helper: SqlHelper, color: bool, file: Option<PathBuf>) -> Self {
        Self {
            term: Term::stdout(),
            helper,
            history: History::open(file),
            color,
            cut: String::new(),
        }
    }

    /// Lets somebody type until something is finished.
    pub(super) fn read(&mut self) -> Result<Typed> {
        let mut buffer = Buffer::default();
        let mut screen = Screen::new(self.term.clone(), self.color);
        self.history.rewind();
        screen.draw(&buffer).into_diagnostic()?;
        loop {
            let key = match self.term.read_key_raw() {
                Ok(key) => key,
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    return Ok(Typed::End);
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => Key::CtrlC,
                Err(error) => return Err(error).into_diagnostic(),
            };
            match key {
                Key::CtrlC => {
                    screen.leave(&buffer).into_diagnostic()?;
                    return Ok(Typed::Dropped);
                }
                // A terminal that was not listened to yet makes a zero of Ctrl-D.
                Key::Char(CTRL_D | '\0') if buffer.text().is_empty() => {
                    screen.leave(&buffer).into_diagnostic()?;
                    return Ok(Typed::End);
                }
                Key::Enter if is_finished(buffer.text()) => {
                    screen.leave(&buffer).into_diagnostic()?;
                    let line = buffer.text().to_owned();
                    self.history.add(&line);
                    return Ok(Typed::Line(line));
                }
                Key::Tab => self.complete(&mut buffer, &mut screen).into_diagnostic()?,
                Key::Char(CTRL_L) => screen.clear().into_diagnostic()?,
                key => self.change(&mut buffer, key),
            }
            screen.draw(&buffer).into_diagnostic()?;
        }
    }

    fn change(&mut self, buffer: &mut Buffer, key: Key) {
        match key {
            Key::Enter => buffer.insert("\n"),
            Key::ArrowLeft | Key::Char(CTRL_B) => buffer.left(),
            Key::ArrowRight | Key::Char(CTRL_F) => buffer.right(),
            Key::Home | Key::Char(CTRL_A) => buffer.line_start(),
            Key::End | Key::Char(CTRL_E) => buffer.line_end(),
            Key::Backspace | Key::Char(CTRL_H) => buffer.backspace(),
            Key::Del | Key::Char(CTRL_D) => buffer.delete(),
            Key::Char(CTRL_K) => self.cut = buffer.cut_to_line_end(),
            Key::Char(CTRL_U) => self.cut = buffer.cut_to_line_start(),
            Key::Char(CTRL_W) => self.cut = buffer.cut_word(),
            Key::Char(CTRL_Y) => buffer.insert(&self.cut),
            Key::ArrowUp | Key::Char(CTRL_P) => {
                if !buffer.up()
                    && let Some(older) = self.history.older(buffer.text())
                {
                    buffer.set(older);
                }
            }
            Key::ArrowDown | Key::Char(CTRL_N) => {
                if !buffer.down()
                    && let Some(newer) = self.history.newer()
                {
                    buffer.set(newer);
                }
            }
            Key::Char(CTRL_R) => {
                if let Some(found) = self.history.older_with(buffer.text()) {
                    buffer.set(found);
                }
            }
            Key::UnknownEscSeq(keys) => match keys.as_slice() {
                ['b'] => buffer.word_left(),
                ['f'] => buffer.word_right(),
                _ => {}
            },
            Key::Char(c) if !c.is_control() => buffer.insert(c.encode_utf8(&mut [0; 4])),
            _ => {}
        }
    }

    /// Writes as much of a name as is certain, and lists the names if there are several.
    fn complete(&self, buffer: &mut Buffer, screen: &mut Screen) -> std::io::Result<()> {
        let before = buffer.before_cursor().to_owned();
        let (start, names) = self.helper.candidates(&before);
        let Some(first) = names.first() else {
            return Ok(());
        };
        let common = names.iter().skip(1).fold(first.as_str(), |common, name| {
            let same = common.char_indices().zip(name.chars());
            let end = same.take_while(|((_, a), b)| a == b).last();
            let end = end.map_or(0, |((at, c), _)| at + c.len_utf8());
            common.get(..end).unwrap_or_default()
        });
        let typed = before.get(start..).unwrap_or_default();
        if common.len() > typed.len() || names.len() == 1 {
            buffer.replace_before_cursor(start, common);
            return Ok(());
        }
        let mut shown: Vec<&str> = names.iter().map(String::as_str).take(SHOWN_NAMES).collect();
        let more = format!("and {} more", names.len().saturating_sub(SHOWN_NAMES));
        if names.len() > SHOWN_NAMES {
            shown.push(&more);
        }
        screen.list(buffer, &shown)
    }
}

const CTRL_A: char = '\u{1}';
const CTRL_B: char = '\u{2}';
const CTRL_D: char = '\u{4}';
const CTRL_E: char = '\u{5}';
const CTRL_F: char = '\u{6}';
const CTRL_H: char = '\u{8}';
const CTRL_K: char = '\u{b}';
const CTRL_L: char = '\u{c}';
const CTRL_N: char = '\u{e}';
const CTRL_P: char = '\u{10}';
const CTRL_R: char = '\u{12}';
const CTRL_U: char = '\u{15}';
const CTRL_W: char = '\u{17}';
const CTRL_Y: char = '\u{19}';
