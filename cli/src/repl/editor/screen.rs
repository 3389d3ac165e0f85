//! How is what is typed drawn?
//!
//! Everything from the prompt on is drawn anew after each key. Behind each line stands a space,
//! so that the terminal has wrapped a full line before the cursor goes there.

use std::io;

use console::{Term, measure_text_width};

use super::buffer::Buffer;
use crate::repl::helper::colored;

const PROMPT: &str = "trailwright> ";

/// The prompt of the lines behind the first.
const MORE: &str = "        ...> ";

/// Columns of a terminal that does not tell.
const WIDTH: usize = 80;

pub(super) struct Screen {
    term: Term,
    color: bool,
    /// The row of the cursor, from the row of the prompt.
    row: usize,
}

impl Screen {
    pub(super) fn new(term: Term, color: bool) -> Self {
        Self {
            term,
            color,
            row: 0,
        }
    }

    fn width(&self) -> usize {
        let width = self
            .term
            .size_checked()
            .map(|(_, width)| usize::from(width));
        width.filter(|width| *width > 0).unwrap_or(WIDTH)
    }

    pub(super) fn draw(&mut self, buffer: &Buffer) -> io::Result<()> {
        let width = self.width();
        let mut frame = String::from("\r");
        if self.row > 0 {
            frame.push_str(&format!("\x1b[{}A", self.row));
        }
        frame.push_str("\x1b[J");
        let drawn = match self.color {
            true => colored(buffer.text()),
            false => buffer.text().to_owned(),
        };
        for (index, line) in drawn.split('\n').enumerate() {
            let prompt = if index == 0 { PROMPT } else { MORE };
            if index > 0 {
                frame.push('\n');
            }
            match self.color {
                true => frame.push_str(&format!("\x1b[1m{prompt}\x1b[0m{line} ")),
                false => frame.push_str(&format!("{prompt}{line} ")),
            }
        }
        let rows = rows(buffer.text(), width);
        let (row, column) = cursor(buffer.before_cursor(), width);
        let up = rows.saturating_sub(1).saturating_sub(row);
        frame.push('\r');
        if up > 0 {
            frame.push_str(&format!("\x1b[{up}A"));
        }
        if column > 0 {
            frame.push_str(&format!("\x1b[{column}C"));
        }
        self.row = row;
        self.term.write_str(&frame)?;
        self.term.flush()
    }

    /// Goes to the line below all that was typed.
    pub(super) fn leave(&mut self, buffer: &Buffer) -> io::Result<()> {
        let down = rows(buffer.text(), self.width()) - 1 - self.row;
        if down > 0 {
            self.term.write_str(&format!("\x1b[{down}B"))?;
        }
        self.row = 0;
        self.term.write_str("\r\n")?;
        self.term.flush()
    }

    /// Shows names below, in columns, and begins anew under them.
    pub(super) fn list(&mut self, buffer: &Buffer, names: &[&str]) -> io::Result<()> {
        self.leave(buffer)?;
        let widest = names.iter().map(|name| measure_text_width(name)).max();
        let cell = widest.unwrap_or_default() + 2;
        let columns = (self.width() / cell).max(1);
        for row in names.chunks(columns) {
            let cells: Vec<String> = row.iter().map(|name| format!("{name:<cell$}")).collect();
            self.term.write_line(cells.concat().trim_end())?;
        }
        Ok(())
    }

    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.row = 0;
        self.term.write_str("\x1b[2J\x1b[H")
    }
}

/// Rows that a text takes, with prompts.
fn rows(text: &str, width: usize) -> usize {
    let lines = text.split('\n');
    lines.map(|line| line_width(line) / width + 1).sum()
}

/// Row and column of the cursor behind `before`.
fn cursor(before: &str, width: usize) -> (usize, usize) {
    let (above, line) = match before.rsplit_once('\n') {
        Some((above, line)) => (rows(above, width), line),
        None => (0, before),
    };
    let at = line_width(line);
    (above + at / width, at % width)
}

fn line_width(line: &str) -> usize {
    // Both prompts are of the same width.
    PROMPT.len() + measure_text_width(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_is_where_the_terminal_wraps() {
        assert_eq!(PROMPT.len(), MORE.len());
        assert_eq!((rows("", 20), cursor("", 20)), (1, (0, 13)));
        assert_eq!((rows("1234567", 20), cursor("1234567", 20)), (2, (1, 0)));
        assert_eq!((rows("a\nb", 20), cursor("a\n", 20)), (2, (1, 13)));
        assert_eq!(cursor("日本", 80), (0, 17));
    }
}
