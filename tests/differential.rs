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

use std::collections::BTreeMap;
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

/// Why the outside evaluator does not answer, for all reasons that we know.
fn why_refused(case: &Case, why: &str) -> Option<&'static str> {
    let of_function = case.request.resource.contains(":lambda:");
    let of_version = case.request.action.contains("ProvisionedConcurrencyConfig");
    (why.contains("multiple.resource.types") && of_function && of_version).then_some(
        "behind a function's name stands an alias or a version, which its patterns do not tell apart",
    )
}

#[test]
fn our_evaluator_agrees_with_the_outside_one() {
    let Some(oracle) = oracle::installed() else {
        eprintln!("skipped: TRAILWRIGHT_TEST_ORACLE is not set");
        return;
    };
    let cases = generate::cases(ASKED);
    let replies = oracle.replies(&cases);
    let mut refused: BTreeMap<&str, usize> = BTreeMap::new();
    let mut unexplained = Vec::new();
    let mut answered = Vec::new();
    for (mut case, reply) in cases.into_iter().zip(replies) {
        match reply {
            Reply::Answered { answer, ignored } => {
                case.request.context.retain(|key, _| !ignored.contains(key));
                answered.push(Answered { answer, case });
            }
            Reply::Refused { refused: why } => match why_refused(&case, &why) {
                Some(reason) => *refused.entry(reason).or_default() += 1,
                None => unexplained.push(format!("{why}\n{case}\n")),
            },
        }
    }
    let differ = |row: &Answered| disagreement(&row.case, row.answer);
    let disagreements: Vec<String> = answered.iter().filter_map(differ).collect();
    report(&disagreements, answered.len());
    assert!(
        unexplained.is_empty(),
        "{} cases refused, nobody knows why, among them\n{}",
        unexplained.len(),
        unexplained.iter().take(8).cloned().collect::<String>()
    );
    let refusals: usize = refused.values().sum();
    eprintln!(
        "{} answers agree, {refusals} cases refused: {refused:?}",
        answered.len()
    );
    assert_eq!(answered.len() + refusals, ASKED);
    assert!(refusals * 200 < ASKED, "{refusals} cases refused");

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
