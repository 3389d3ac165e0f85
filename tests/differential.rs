//! Do our answers agree with those of other implementations?
//!
//! IAM's evaluation rules: the same requests and policies go through our evaluator and, in a process
//! of its own, through an outside one. `TRAILWRIGHT_TEST_ORACLE` names the folder to which
//! `oracle/package*.json` were copied and in which `npm ci` ran; without it, the outside answers
//! come from the committed table, which holds a part of the same cases.
//!
//! With `TRAILWRIGHT_TEST_ORACLE_RECORD=1` as well, the table is written anew.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "differential/case.rs"]
mod case;
#[path = "differential/generate.rs"]
mod generate;
#[path = "differential/oracle.rs"]
mod oracle;

use std::path::Path;

use serde::{Deserialize, Serialize};

use case::{Answer, Case};
use oracle::Reply;

/// Cases that are put to the outside evaluator, and how many of them the committed table keeps.
const ASKED: usize = 12_000;
const KEPT: usize = 300;

/// A case of the committed table, with the outside answer.
#[derive(Serialize, Deserialize)]
struct Answered {
    answer: Answer,
    #[serde(flatten)]
    case: Case,
}

/// A case on which we disagree, and why we do.
#[derive(Deserialize)]
struct Explained {
    reason: String,
    ours: Answer,
    theirs: Answer,
    #[serde(flatten)]
    case: Case,
}

fn table<T: for<'de> Deserialize<'de>>(name: &str) -> Vec<T> {
    let path = folder().join(name);
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/differential"))
}

fn report(disagreements: &[String], asked: usize) {
    assert!(
        disagreements.is_empty(),
        "{} of {asked} answers differ, among them\n{}",
        disagreements.len(),
        disagreements.iter().take(8).cloned().collect::<String>()
    );
}

fn disagreement(case: &Case, theirs: Answer) -> Option<String> {
    let ours = case.our_answer();
    (ours != theirs).then(|| format!("ours: {ours}, theirs: {theirs}\n{case}\n"))
}

#[test]
fn our_evaluator_agrees_with_the_outside_one() {
    let Some(oracle) = oracle::installed() else {
        eprintln!("skipped: TRAILWRIGHT_TEST_ORACLE is not set");
        return;
    };
    let cases = generate::cases(ASKED);
    let replies = oracle.replies(&cases);
    let mut refused = 0;
    let mut answered = Vec::new();
    for (mut case, reply) in cases.into_iter().zip(replies) {
        match reply {
            Reply::Answered { answer, ignored } => {
                case.request.context.retain(|key, _| !ignored.contains(key));
                answered.push(Answered { answer, case });
            }
            Reply::Refused { .. } => refused += 1,
        }
    }
    let differ = |row: &Answered| disagreement(&row.case, row.answer);
    let disagreements: Vec<String> = answered.iter().filter_map(differ).collect();
    report(&disagreements, answered.len());
    eprintln!("{} answers agree, {refused} cases refused", answered.len());
    assert!(refused * 50 < ASKED, "{refused} cases refused");

    if std::env::var_os("TRAILWRIGHT_TEST_ORACLE_RECORD").is_some() {
        let rows = answered.iter().take(KEPT).map(serde_json::to_string);
        let text: String = rows.map(|row| row.unwrap() + "\n").collect();
        std::fs::write(folder().join("answers.jsonl"), text).unwrap();
    }
}

#[test]
fn our_evaluator_agrees_with_the_outside_answers_on_record() {
    let rows: Vec<Answered> = table("answers.jsonl");
    let differ = |row: &Answered| disagreement(&row.case, row.answer);
    let disagreements: Vec<String> = rows.iter().filter_map(differ).collect();
    report(&disagreements, rows.len());
    // A table of one kind of answer would prove little.
    for answer in [Answer::Allowed, Answer::ExplicitDeny, Answer::ImplicitDeny] {
        let count = rows.iter().filter(|row| row.answer == answer).count();
        assert!(count * 10 > rows.len(), "{answer}: {count}");
    }
}

#[test]
fn where_we_disagree_we_know_why() {
    let rows: Vec<Explained> = table("explained.jsonl");
    for row in &rows {
        assert_eq!(
            row.case.our_answer(),
            row.ours,
            "{}\n{}",
            row.reason,
            row.case
        );
        assert_ne!(row.ours, row.theirs, "{}", row.reason);
    }
    if let Some(oracle) = oracle::installed() {
        let cases: Vec<Case> = rows.iter().map(|row| row.case.clone()).collect();
        for (row, reply) in rows.iter().zip(oracle.replies(&cases)) {
            let same = matches!(reply, Reply::Answered { answer, .. } if answer == row.theirs);
            assert!(same, "no longer so: {}\n{}", row.reason, row.case);
        }
    }
}
