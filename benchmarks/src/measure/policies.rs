//! How long does a policy take, and is it the right one?

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;

use super::engine::Tools;
use super::results::Results;
use super::side_by_side::{OURS, Plan, empty, in_turns, measured, subject};
use super::truth::{Rows, Truth, difference};

/// The other one that writes policies.
pub(super) const TRAILSCRAPER: &str = "trailscraper";

/// Tasks, as tables call them.
pub(super) const POLICY: &str = "policy";
pub(super) const FILES_TO_POLICY: &str = "files to policy";

/// A policy for the busiest role, the program started anew each time.
pub(super) fn from_lake(
    lake: &Path,
    truth: &Truth,
    plan: &Plan,
    tools: &Tools,
    results: &mut Results,
) -> anyhow::Result<()> {
    let subject = subject(truth);
    let expected = truth.actions_used(&subject.principal);
    in_turns(
        POLICY,
        (plan.rounds.max(3), plan.patience),
        &[OURS],
        results,
        |_| {
            let run = tools.trailwright([
                "policy".as_ref(),
                lake.as_os_str(),
                "--principal".as_ref(),
                subject.principal.as_ref(),
            ])?;
            let wrong = difference(&actions(&run.stdout)?, &expected);
            Ok(measured(vec![run.seconds], run.memory, wrong))
        },
    );
    Ok(())
}

/// From files to a policy, beside the other one that writes policies.
pub(super) fn from_files(
    truth: &Truth,
    plan: &Plan,
    tools: &Tools,
    results: &mut Results,
) -> anyhow::Result<()> {
    let subject = subject(truth);
    let expected = truth.actions_used(&subject.principal);
    let lake = plan.work.join("small");
    let mut engines = vec![OURS];
    engines.extend(tools.python.is_some().then_some(TRAILSCRAPER));
    in_turns(FILES_TO_POLICY, plan.turns(), &engines, results, |engine| {
        empty(&lake)?;
        if engine == OURS {
            let source = plan.small.join("AWSLogs");
            let ingest =
                tools.trailwright(["ingest".as_ref(), lake.as_os_str(), source.as_os_str()])?;
            let run = tools.trailwright([
                "policy".as_ref(),
                lake.as_os_str(),
                "--principal".as_ref(),
                subject.principal.as_ref(),
            ])?;
            let wrong = difference(&actions(&run.stdout)?, &expected);
            let seconds = ingest.seconds + run.seconds;
            return Ok(measured(
                vec![seconds],
                run.memory.max(ingest.memory),
                wrong,
            ));
        }
        let events = plan.work.join("events.json");
        let mut select = tools.script("trailscraper")?;
        select
            .arg("select")
            .arg("--log-dir")
            .arg(plan.small.join("AWSLogs"));
        select.args(["--filter-assumed-role-arn", &subject.principal]);
        let selected = tools.timed(&mut select)?;
        std::fs::write(&events, &selected.stdout)?;
        let generate = tools.script("trailscraper")?;
        let mut shell = Command::new("sh");
        shell
            .args(["-c", "exec \"$0\" generate < \"$1\""])
            .arg(generate.get_program())
            .arg(&events);
        shell.stdin(Stdio::null());
        let generated = tools.timed(&mut shell)?;
        // Its actions are no more than compared with ours in words: it knows no PassRole, and
        // counts denied calls as used.
        actions(&generated.stdout)?;
        std::fs::remove_file(&events)?;
        let seconds = selected.seconds + generated.seconds;
        Ok(measured(
            vec![seconds],
            selected.memory.max(generated.memory),
            None,
        ))
    });
    empty(&lake)
}

/// The actions that a policy allows, one a row.
fn actions(policy: &str) -> anyhow::Result<Rows> {
    let documents = serde_json::Deserializer::from_str(policy).into_iter::<serde_json::Value>();
    let mut actions = std::collections::BTreeSet::new();
    for document in documents {
        let document = document.context("expected a policy document")?;
        let statements = document
            .get("Statement")
            .and_then(serde_json::Value::as_array);
        for statement in statements.into_iter().flatten() {
            match statement.get("Action") {
                Some(serde_json::Value::String(action)) => {
                    actions.insert(action.clone());
                }
                Some(serde_json::Value::Array(many)) => {
                    let texts = many.iter().filter_map(serde_json::Value::as_str);
                    actions.extend(texts.map(ToOwned::to_owned));
                }
                _ => {}
            }
        }
    }
    Ok(actions.into_iter().map(|action| vec![action]).collect())
}
