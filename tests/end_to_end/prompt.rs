//! Is the prompt of `trailwright sql` one to work at?
//!
//! The terminal is a real one, of Python's making; without Python there is none, and that is said.

use std::process::Command;

use serde_json::Value;
use trailwright_tests::{Lab, fixture};

use crate::lab_with;

/// Types `lines` at the prompt, each when what is expected before it is there, and gives all that
/// the terminal showed. None if there is no Python.
fn type_at_prompt(lab: &Lab, script: &[(&str, &str)]) -> Option<(i64, String)> {
    let python = std::env::var_os("TRAILWRIGHT_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let program = lab.command::<&str>([]).get_program().to_owned();
    let script = serde_json::to_string(script).unwrap();
    let output = Command::new(python)
        .arg(fixture::root().join("tests/python/terminal.py"))
        .arg(lab.path("."))
        .arg(&script)
        .arg(program)
        .args(["sql", "lake"])
        .env("TRAILWRIGHT_HISTORY", lab.path("history"))
        .env("TERM", "xterm-256color")
        .env_remove("NO_COLOR")
        .output();
    let Ok(output) = output else {
        eprintln!("no Python here: nobody typed at the prompt");
        return None;
    };
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let shown = told["shown"].as_str().unwrap().to_owned();
    assert!(
        told["missed"].is_null(),
        "never saw {}: {shown}",
        told["missed"]
    );
    let status = told["status"].as_i64();
    Some((
        status.unwrap_or_else(|| panic!("never ended: {shown}")),
        shown,
    ))
}

const READY: &str = "trailwright> ";
const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";

#[test]
fn queries_are_typed_over_lines_completed_and_kept() {
    let lab = lab_with("umccr-cloudtrail-parquet");
    let Some((status, shown)) = type_at_prompt(
        &lab,
        &[
            (READY, "SELECT count(*) AS n\rFROM eve"),
            ("eve", "\t;\r"),
            ("20 |", ".output csv\r"),
            (READY, "SELECT 'it''s; on' AS x;\r"),
            ("it's; on", ".timer off\r"),
            (READY, "SELECT event_nam FROM events;\r"),
            ("did you mean", ".tables\r"),
            ("unmapped", ".schema principals\r"),
            ("how many services", ".nope\r"),
            ("no command `.nope`", ".quit\r"),
        ],
    ) else {
        return;
    };
    assert_eq!(status, 0, "{shown}");
    assert!(shown.contains("...> "), "{shown}");
    let history = std::fs::read_to_string(lab.path("history")).unwrap();
    assert!(
        history.starts_with("SELECT count(*) AS n\\nFROM events;\n"),
        "{history}"
    );
    // What was typed before comes back with an arrow.
    let up = "\u{1b}[A\u{1b}[A\u{1b}[A";
    let Some((_, shown)) = type_at_prompt(
        &lab,
        &[
            (READY, up),
            (".schema principals", "\r"),
            ("how many services", CTRL_D),
        ],
    ) else {
        return;
    };
    assert!(
        shown.contains("what they are") || shown.contains("principals: Who is in the lake"),
        "{shown}"
    );
}

#[test]
fn ctrl_c_stops_a_query_and_not_the_prompt() {
    let lab = lab_with("umccr-cloudtrail-parquet");
    let endless = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b \
        WHERE a.value * b.value % 7 = 8;\r";
    let Some((status, shown)) = type_at_prompt(
        &lab,
        &[
            (READY, endless),
            ("= 8;", "WAIT"),
            ("", CTRL_C),
            ("stopped", "SELECT 41 + 1 AS answer;\r"),
            ("42", ".quit\r"),
        ],
    ) else {
        return;
    };
    assert_eq!(status, 0, "{shown}");
}

#[test]
fn colors_are_shown_unless_somebody_minds() {
    let lab = lab_with("umccr-cloudtrail-parquet");
    let Some((_, shown)) = type_at_prompt(&lab, &[(READY, "SELECT 1;\r"), ("1 row", CTRL_D)])
    else {
        return;
    };
    assert!(shown.contains("\u{1b}[1;34mSELECT\u{1b}[0m"), "{shown:?}");
}
