//! What is said of a policy, as a compiler says it: where, what, the line, and what to do.

use std::fmt::Write as _;
use std::io::Write as _;

use miette::{IntoDiagnostic, Result};
use trailwright_engine::contain::{Check, CheckResult};
use trailwright_engine::validate::{Code, Finding, FindingType, Span};

use crate::exit::Exit;
use crate::output::Stdout;

/// Characters of a line that are shown, as policies are often one long line.
const WIDTH: usize = 100;

/// The findings on a file, the gravest first.
pub(crate) fn findings(file: &str, text: &str, findings: &[Finding]) -> String {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|it| {
        (
            it.finding_type,
            it.locations.first().map(|at| at.span.start),
        )
    });
    sorted.iter().map(|it| finding(file, text, it)).collect()
}

fn finding(file: &str, text: &str, finding: &Finding) -> String {
    let mut told = String::new();
    let span = finding.locations.first().map(|location| location.span);
    if let Some(span) = span {
        let start = span.start;
        let _ = write!(told, "{file}:{}:{}: ", start.line, start.column + 1);
    }
    let _ = writeln!(
        told,
        "{}[{}]: {}",
        finding.finding_type.as_str(),
        finding.issue_code,
        harmless(&finding.finding_details)
    );
    if let Some(span) = span {
        told.push_str(&excerpt(text, span));
    }
    if let Some(hint) = Code::find(finding.issue_code).and_then(|code| code.hint) {
        let _ = writeln!(told, "  hint: {hint}");
    }
    told
}

/// The line of a place, the place underlined.
fn excerpt(text: &str, span: Span) -> String {
    let Some(line) = text.lines().nth(span.start.line - 1) else {
        return String::new();
    };
    let length = line.chars().count();
    let end = if span.end.line == span.start.line {
        span.end.column
    } else {
        length
    };
    let start = span.start.column.min(length);
    // A long line is cut so that the place is in what is shown.
    let from = match end.min(length) {
        end if end <= WIDTH => 0,
        _ => start.saturating_sub(WIDTH / 3),
    };
    let shown: String = line.chars().skip(from).take(WIDTH).collect();
    let marked = (end.saturating_sub(start)).clamp(1, (WIDTH - (start - from)).max(1));
    let number = span.start.line.to_string();
    let margin = " ".repeat(number.len());
    let before = if from > 0 { "…" } else { "" };
    let after = if from + WIDTH < length { "…" } else { "" };
    let indent = " ".repeat(start - from + before.chars().count());
    format!(
        "  {number} | {before}{}{after}\n  {margin} | {indent}{}\n",
        harmless(&shown),
        "^".repeat(marked)
    )
}

/// The text without what would steer a terminal.
fn harmless(text: &str) -> String {
    let sign = |sign: char| match sign {
        '\t' => ' ',
        it if it.is_control() => '\u{fffd}',
        it => it,
    };
    text.chars().map(sign).collect()
}

/// How many findings there are, by their kind.
pub(crate) fn count_of_findings(files: usize, findings: &[Finding]) -> String {
    let kinds = [
        FindingType::Error,
        FindingType::SecurityWarning,
        FindingType::Warning,
        FindingType::Suggestion,
    ];
    let counts: Vec<String> = kinds
        .into_iter()
        .filter_map(|kind| {
            let count = findings.iter().filter(|it| it.finding_type == kind).count();
            let plural = if count == 1 { "" } else { "s" };
            (count > 0).then(|| format!("{count} {}{plural}", kind.as_str()))
        })
        .collect();
    let of = match files {
        1 => String::new(),
        _ => format!("{files} files: "),
    };
    match counts.as_slice() {
        [] => format!("{of}no findings\n"),
        counts => format!("{of}{}\n", counts.join(", ")),
    }
}

/// Prints the answer of a check on the policy in a file.
pub(crate) fn print_check(check: &Check, (file, text): (&str, &str), json: bool) -> Result<Exit> {
    let told = if json {
        let json = serde_json::to_string(check).into_diagnostic()?;
        format!("{json}\n")
    } else {
        let word = match check.result {
            CheckResult::Pass => "PASS",
            CheckResult::Fail => "FAIL",
        };
        let mut told = format!("{word}: {}\n", check.message);
        for reason in &check.reasons {
            let at = trailwright_engine::policy::statement_position(text, reason.statement_index);
            let at = at.map_or_else(
                || format!("{file}: "),
                |at| format!("{file}:{}:{}: ", at.line, at.column + 1),
            );
            let _ = writeln!(told, "{at}{}", harmless(&reason.description));
        }
        told
    };
    Stdout::new().write_all(told.as_bytes()).into_diagnostic()?;
    Ok(match check.result {
        CheckResult::Pass => Exit::Success,
        CheckResult::Fail => Exit::Found,
    })
}
