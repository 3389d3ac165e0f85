//! Where does one query end and the next begin, and is one finished?

/// What a scan of SQL is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Code,
    /// `'text'`
    Text,
    /// `"name"`
    Name,
    /// `-- to the end of the line`
    LineComment,
    /// `/* ... */`
    BlockComment,
}

/// The parts of a text in order, each with its bytes.
pub(super) fn parts(text: &str) -> Vec<(Part, std::ops::Range<usize>)> {
    let bytes = text.as_bytes();
    let mut parts = Vec::new();
    let (mut part, mut start, mut at) = (Part::Code, 0, 0);
    let next_is = |at: usize, two: &[u8]| bytes.get(at..at + 2) == Some(two);
    while at < bytes.len() {
        let byte = bytes.get(at).copied().unwrap_or_default();
        let (begins, ends) = match part {
            Part::Code => {
                let begins = match byte {
                    b'\'' => Some(Part::Text),
                    b'"' => Some(Part::Name),
                    b'-' if next_is(at, b"--") => Some(Part::LineComment),
                    b'/' if next_is(at, b"/*") => Some(Part::BlockComment),
                    _ => None,
                };
                (begins, 0)
            }
            Part::Text => (None, usize::from(byte == b'\'')),
            Part::Name => (None, usize::from(byte == b'"')),
            Part::LineComment => (None, usize::from(byte == b'\n')),
            Part::BlockComment => (None, if next_is(at, b"*/") { 2 } else { 0 }),
        };
        if let Some(begins) = begins {
            parts.push((part, start..at));
            (part, start) = (begins, at);
            at += if begins == Part::BlockComment { 2 } else { 1 };
        } else if ends > 0 {
            at += ends;
            parts.push((part, start..at));
            (part, start) = (Part::Code, at);
        } else {
            at += 1;
        }
    }
    parts.push((part, start..at));
    parts.retain(|(_, range)| !range.is_empty());
    parts
}

/// The queries of a text, without the semicolons between them. What holds nothing but comments
/// is none.
pub(crate) fn statements(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut current, mut has_code) = (String::new(), false);
    for (part, range) in parts(text) {
        let piece = text.get(range).unwrap_or_default();
        if part != Part::Code {
            has_code |= matches!(part, Part::Text | Part::Name);
            current.push_str(piece);
            continue;
        }
        let mut rest = piece;
        while let Some((before, after)) = rest.split_once(';') {
            current.push_str(before);
            if has_code || !before.trim().is_empty() {
                found.push(current.trim().to_owned());
            }
            current.clear();
            has_code = false;
            rest = after;
        }
        current.push_str(rest);
        has_code |= !rest.trim().is_empty();
    }
    if has_code {
        found.push(current.trim().to_owned());
    }
    found
}

/// The lines of a script as they would be typed: commands, each on a line of its own, and what stands
/// between them.
pub(crate) fn script(text: &str) -> Vec<String> {
    let mut script = Vec::new();
    let mut typed = String::new();
    for line in text.lines() {
        let is_command = line.trim_start().starts_with('.');
        if is_command && is_finished(&typed) {
            script.extend([std::mem::take(&mut typed), line.trim().to_owned()]);
        } else {
            typed.push_str(line);
            typed.push('\n');
        }
    }
    script.push(typed);
    script.retain(|typed| typed.starts_with('.') || !statements(typed).is_empty());
    script
}

/// Whether nothing more is to be typed: a command, nothing, or queries that end in a semicolon.
pub(super) fn is_finished(text: &str) -> bool {
    let trimmed = text.trim();
    if trimmed.is_empty() || trimmed.starts_with('.') {
        return true;
    }
    let parts = parts(text);
    let comment = |part: Part| matches!(part, Part::LineComment | Part::BlockComment);
    let mut code = parts.iter().rev().filter(|(part, range)| {
        let blank = text
            .get(range.clone())
            .is_none_or(|text| text.trim().is_empty());
        !comment(*part) && !blank
    });
    match code.next() {
        None => true,
        Some((part, range)) => {
            let end = text.get(range.clone()).unwrap_or_default();
            *part == Part::Code && end.trim_end().ends_with(';')
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_end_queries_but_not_in_texts_and_comments() {
        for (text, expected) in [
            ("SELECT 1", vec!["SELECT 1"]),
            ("SELECT 1; SELECT 2;", vec!["SELECT 1", "SELECT 2"]),
            (
                "SELECT ';'; SELECT \";\"",
                vec!["SELECT ';'", "SELECT \";\""],
            ),
            ("SELECT 'it''s;'", vec!["SELECT 'it''s;'"]),
            ("-- a; b\nSELECT 1", vec!["-- a; b\nSELECT 1"]),
            ("/* ; */ SELECT 1 /*", vec!["/* ; */ SELECT 1 /*"]),
            (" ;; -- nothing\n ;", vec![]),
            ("", vec![]),
            ("'", vec!["'"]),
            ("é;ü", vec!["é", "ü"]),
        ] {
            assert_eq!(statements(text), expected, "{text}");
        }
    }

    #[test]
    fn a_script_has_commands_on_lines_of_their_own() {
        for (text, expected) in [
            ("SELECT 1", vec!["SELECT 1\n"]),
            (
                "-- first\n .output csv\nSELECT 1;\nSELECT\n2;\n.timer on\n",
                vec![".output csv", "SELECT 1;\nSELECT\n2;\n", ".timer on"],
            ),
            // No command: the query goes on.
            ("SELECT 1\n.5;", vec!["SELECT 1\n.5;\n"]),
            ("SELECT '\n.quit\n';", vec!["SELECT '\n.quit\n';\n"]),
            ("\n-- nothing\n", vec![]),
        ] {
            assert_eq!(script(text), expected, "{text}");
        }
    }

    #[test]
    fn a_query_is_finished_by_a_semicolon() {
        for (text, expected) in [
            ("", true),
            (".help", true),
            ("SELECT 1", false),
            ("SELECT 1;", true),
            ("SELECT 1; -- that is all", true),
            ("SELECT 1 -- ;", false),
            ("SELECT ';", false),
            ("SELECT 1; SELECT", false),
            ("SELECT 1 /* ; */", false),
        ] {
            assert_eq!(is_finished(text), expected, "{text}");
        }
    }
}
