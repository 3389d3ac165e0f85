//! What is typed so far, and where is the cursor?

/// A text with a cursor between two of its characters.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    text: String,
    /// In bytes, at the start of a character.
    cursor: usize,
}

impl Buffer {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn before_cursor(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or_default()
    }

    fn after_cursor(&self) -> &str {
        self.text.get(self.cursor..).unwrap_or_default()
    }

    pub(super) fn set(&mut self, text: String) {
        self.cursor = text.len();
        self.text = text;
    }

    pub(super) fn insert(&mut self, text: &str) {
        self.text.insert_str(self.cursor, text);
        self.cursor += text.len();
    }

    /// Puts `text` in the place of what stands between `start` and the cursor.
    pub(super) fn replace_before_cursor(&mut self, start: usize, text: &str) {
        self.remove(start);
        self.insert(text);
    }

    pub(super) fn left(&mut self) {
        let before = self.before_cursor().chars().next_back();
        self.cursor -= before.map_or(0, char::len_utf8);
    }

    pub(super) fn right(&mut self) {
        let after = self.after_cursor().chars().next();
        self.cursor += after.map_or(0, char::len_utf8);
    }

    pub(super) fn word_left(&mut self) {
        self.cursor = self.word_start();
    }

    pub(super) fn word_right(&mut self) {
        let after = self.after_cursor();
        let gap = after
            .find(|c: char| !c.is_whitespace())
            .unwrap_or(after.len());
        let word = after.get(gap..).unwrap_or_default();
        let end = word.find(char::is_whitespace).unwrap_or(word.len());
        self.cursor += gap + end;
    }

    fn word_start(&self) -> usize {
        let before = self.before_cursor().trim_end();
        let gap = before.char_indices().rev().find(|(_, c)| c.is_whitespace());
        gap.map_or(0, |(at, c)| at + c.len_utf8())
    }

    fn start_of_line(&self) -> usize {
        self.before_cursor().rfind('\n').map_or(0, |at| at + 1)
    }

    pub(super) fn line_start(&mut self) {
        self.cursor = self.start_of_line();
    }

    pub(super) fn line_end(&mut self) {
        let after = self.after_cursor();
        self.cursor += after.find('\n').unwrap_or(after.len());
    }

    /// To the line above. False if there is none.
    pub(super) fn up(&mut self) -> bool {
        let start = self.start_of_line();
        let Some(end_above) = start.checked_sub(1) else {
            return false;
        };
        let column = self.before_cursor().chars().count()
            - self.text.get(..start).unwrap_or_default().chars().count();
        self.cursor = end_above;
        let start_above = self.start_of_line();
        self.go_to_column(start_above, column);
        true
    }

    /// To the line below. False if there is none.
    pub(super) fn down(&mut self) -> bool {
        let Some(end) = self.after_cursor().find('\n') else {
            return false;
        };
        let start = self.start_of_line();
        let column = self
            .text
            .get(start..self.cursor)
            .unwrap_or_default()
            .chars()
            .count();
        self.go_to_column(self.cursor + end + 1, column);
        true
    }

    fn go_to_column(&mut self, start: usize, column: usize) {
        let line = self.text.get(start..).unwrap_or_default();
        let line = line.split('\n').next().unwrap_or_default();
        let wanted = line
            .char_indices()
            .nth(column)
            .map_or(line.len(), |(at, _)| at);
        self.cursor = start + wanted;
    }

    pub(super) fn backspace(&mut self) {
        let before = self.before_cursor().chars().next_back();
        self.remove(self.cursor - before.map_or(0, char::len_utf8));
    }

    pub(super) fn delete(&mut self) {
        if self.cursor < self.text.len() {
            self.text.remove(self.cursor);
        }
    }

    pub(super) fn cut_to_line_end(&mut self) -> String {
        let after = self.after_cursor();
        let end = self.cursor + after.find('\n').unwrap_or(after.len());
        self.text.drain(self.cursor..end).collect()
    }

    pub(super) fn cut_to_line_start(&mut self) -> String {
        self.remove(self.start_of_line())
    }

    pub(super) fn cut_word(&mut self) -> String {
        self.remove(self.word_start())
    }

    /// Takes away what stands between `start` and the cursor.
    fn remove(&mut self, start: usize) -> String {
        let removed = self.text.drain(start..self.cursor).collect();
        self.cursor = start;
        removed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(buffer: &Buffer) -> String {
        format!("{}|{}", buffer.before_cursor(), buffer.after_cursor())
    }

    type Step = fn(&mut Buffer);

    #[test]
    fn a_cursor_moves_and_edits_whole_characters() {
        let mut buffer = Buffer::default();
        let steps: [(Step, &str); 18] = [
            (|b| b.insert("select é"), "select é|"),
            (|b| b.left(), "select |é"),
            (|b| b.insert("x"), "select x|é"),
            (|b| b.backspace(), "select |é"),
            (|b| b.delete(), "select |"),
            (|b| b.delete(), "select |"),
            (|b| b.insert("a,\nfrom events"), "select a,\nfrom events|"),
            (|b| b.word_left(), "select a,\nfrom |events"),
            (
                |b| assert!(b.up()),
                "select a,|\nfrom events".get(..0).unwrap_or(""),
            ),
            (|b| b.line_start(), "|select a,\nfrom events"),
            (|b| assert!(!b.up()), "|select a,\nfrom events"),
            (|b| b.word_right(), "select| a,\nfrom events"),
            (|b| assert!(b.down()), "select a,\nfrom e|vents"),
            (|b| assert!(!b.down()), "select a,\nfrom e|vents"),
            (
                |b| assert_eq!(b.cut_to_line_end(), "vents"),
                "select a,\nfrom e|",
            ),
            (|b| assert_eq!(b.cut_word(), "e"), "select a,\nfrom |"),
            (
                |b| assert_eq!(b.cut_to_line_start(), "from "),
                "select a,\n|",
            ),
            (|b| b.backspace(), "select a,|"),
        ];
        for (step, expected) in steps {
            step(&mut buffer);
            if !expected.is_empty() {
                assert_eq!(shown(&buffer), expected);
            }
        }
    }

    #[test]
    fn nothing_can_be_done_to_nothing() {
        let mut buffer = Buffer::default();
        let steps: [Step; 12] = [
            Buffer::left,
            Buffer::right,
            Buffer::word_left,
            Buffer::word_right,
            Buffer::line_start,
            Buffer::line_end,
            Buffer::backspace,
            Buffer::delete,
            |b| assert!(!b.up() && !b.down()),
            |b| assert_eq!(b.cut_word(), ""),
            |b| assert_eq!(b.cut_to_line_end(), ""),
            |b| assert_eq!(b.cut_to_line_start(), ""),
        ];
        for step in steps {
            step(&mut buffer);
            assert_eq!(shown(&buffer), "|");
        }
    }
}
