//! What was typed before?
//!
//! A file with a line for each entry; the line ends within an entry are written as `\n`. Only its
//! owner can read it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Entries that are kept.
const KEPT: usize = 2_000;

pub(super) struct History {
    file: Option<PathBuf>,
    entries: Vec<String>,
    /// The entry that is shown; the number of entries if it is what is being typed.
    at: usize,
    /// What was being typed when the first older entry was shown.
    typed: String,
}

impl History {
    /// The history in a file, or an empty one. A file that cannot be read is no reason to stop.
    pub(super) fn open(file: Option<PathBuf>) -> Self {
        let text = file
            .as_deref()
            .and_then(|file| std::fs::read_to_string(file).ok());
        let lines = text.as_deref().unwrap_or_default().lines();
        let mut entries: Vec<String> = lines.map(unescaped).collect();
        if entries.len() > KEPT {
            entries.drain(..entries.len() - KEPT);
            if let Some(file) = &file {
                let _ = rewrite(file, &entries);
            }
        }
        Self {
            file,
            at: entries.len(),
            entries,
            typed: String::new(),
        }
    }

    /// A new line begins.
    pub(super) fn rewind(&mut self) {
        self.at = self.entries.len();
        self.typed.clear();
    }

    /// Keeps an entry, unless it begins with a space or is the last one again.
    pub(super) fn add(&mut self, entry: &str) {
        let empty = entry.trim().is_empty();
        if empty || entry.starts_with(' ') || self.entries.last().is_some_and(|last| last == entry)
        {
            return;
        }
        self.entries.push(entry.to_owned());
        if let Some(file) = &self.file {
            // A history that cannot be kept is no reason to stop.
            let _ = append(file, entry);
        }
    }

    /// The entry before the one that is shown.
    pub(super) fn older(&mut self, shown: &str) -> Option<String> {
        self.at.checked_sub(1).and_then(|at| self.go(at, shown))
    }

    /// The last entry before the one that is shown that holds what was typed.
    pub(super) fn older_with(&mut self, shown: &str) -> Option<String> {
        let wanted = match self.at == self.entries.len() {
            true => shown.to_lowercase(),
            false => self.typed.to_lowercase(),
        };
        let before = self.entries.get(..self.at).unwrap_or_default();
        let at = before
            .iter()
            .rposition(|entry| entry.to_lowercase().contains(&wanted))?;
        self.go(at, shown)
    }

    fn go(&mut self, at: usize, shown: &str) -> Option<String> {
        let entry = self.entries.get(at)?.clone();
        if self.at == self.entries.len() {
            self.typed = shown.to_owned();
        }
        self.at = at;
        Some(entry)
    }

    /// The entry behind the one that is shown, or what was being typed.
    pub(super) fn newer(&mut self) -> Option<String> {
        if self.at >= self.entries.len() {
            return None;
        }
        self.at += 1;
        let entry = self.entries.get(self.at);
        Some(entry.unwrap_or(&self.typed).clone())
    }
}

fn options() -> OpenOptions {
    let mut options = File::options();
    options.create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

fn append(file: &Path, entry: &str) -> io::Result<()> {
    let mut file = options().append(true).open(file)?;
    file.write_all(format!("{}\n", escaped(entry)).as_bytes())
}

fn rewrite(file: &Path, entries: &[String]) -> io::Result<()> {
    let lines: Vec<String> = entries.iter().map(|entry| escaped(entry) + "\n").collect();
    let mut file = options().write(true).truncate(true).open(file)?;
    file.write_all(lines.concat().as_bytes())
}

fn escaped(entry: &str) -> String {
    entry.replace('\\', "\\\\").replace('\n', "\\n")
}

fn unescaped(line: &str) -> String {
    let mut entry = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => entry.push('\n'),
                Some(other) => entry.push(other),
                None => entry.push('\\'),
            },
            c => entry.push(c),
        }
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_is_there_again_and_only_for_its_owner() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("history");
        let mut history = History::open(Some(file.clone()));
        for entry in [
            "one;",
            "two\n'\\n';",
            "two\n'\\n';",
            " secret;",
            "  ",
            "three;",
        ] {
            history.add(entry);
        }
        let mut history = History::open(Some(file.clone()));
        let kept = ["one;", "two\n'\\n';", "three;"].map(ToOwned::to_owned);
        assert_eq!(history.entries, kept);
        assert_eq!(history.older("new").as_deref(), Some("three;"));
        assert_eq!(history.older("").as_deref(), Some("two\n'\\n';"));
        assert_eq!(history.newer().as_deref(), Some("three;"));
        assert_eq!(history.newer().as_deref(), Some("new"));
        assert_eq!(history.newer(), None);
        assert_eq!(history.older_with("ON").as_deref(), Some("one;"));
        assert_eq!(history.older_with("one;"), None);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(file.metadata()?.permissions().mode() & 0o777, 0o600);
        }
        Ok(())
    }
}
