//! Does the policy hold, and how does it compare with what is attached now?

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use maud::{Markup, html};
use trailwright_engine::contain::{Check, CheckResult, check_no_new_access};
use trailwright_engine::diff::{ActionDiff, Attached, Diff, NamedPolicy, State as Became, diff};
use trailwright_engine::{PolicyDocument, Reference};

use super::super::Answer;
use super::super::fields::Fields;
use super::super::layout::{Page, Place};
use super::super::text::{action as action_name, alert, count, counted, when};
use super::choice::carried;
use super::draft::Draft;
use super::steps::{Step, steps, title, to};
use super::written::{Proven, Written, at_work};
use crate::server::App;

/// Rows of a list before the rest is only counted.
const SHOWN: usize = 100;

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let written = Written::of(&app, &id, &fields).await?;
    let proven = written.proven().await?;
    let present = match fields.get("present") {
        Some(name) => Some(Draft::read(&app, &id, name)?),
        None => None,
    };
    let compared = match (&present, &proven) {
        (Some(present), Ok(proven)) => Some(compare(&written, present, proven).await?),
        _ => None,
    };
    let body = html! {
        (steps(Some(&id), Step::Proof, &fields))
        div.head {
            div { (title("Policy of", written.case.principal())) }
            @if proven.is_ok() { a.button.primary href=(to(&id, Step::Finish, &fields)) { "Next: name it" } }
        }
        @match &proven {
            Err(broken) => {
                (alert(&broken.told(), Some("Go back to customize: the findings beside the text say more.")))
                div.actions { a.button href=(to(&id, Step::Customize, &fields)) { "Back to the text" } }
            }
            Ok(proven) => {
                (replay(proven))
                (reached(proven))
                @if written.draft.is_none() { (wider(&written)) }
            }
        }
        @if proven.is_ok() {
            (against(&id, &fields, present.as_ref(), compared.as_ref(), app.iam_endpoint.is_some()))
        }
    };
    Ok(Page::new("Proof", Place::Policies, body).answer())
}

/// The count that matters.
fn replay(proven: &Proven) -> Markup {
    let proof = &proven.proof;
    let allowed = proof.requests - proof.refused.len().min(proof.requests);
    html! {
        section.proof {
            h2 { "Replay" }
            p class=(if proof.holds() { "big good" } else { "big bad" }) {
                (count(allowed as u64)) " of " (count(proof.requests as u64)) " allowed"
            }
            p.hint { "Every distinct request that was seen and authorized was put to IAM's rules again, against these documents." }
            @if !proof.holds() {
                (alert(&format!("The policy would refuse {} that it made.", counted(proof.refused.len() as u64, "request", "requests")),
                    Some("Attach it only if that is meant.")))
                table {
                    thead { tr { th scope="col" { "Action" } th scope="col" { "Resource" } } }
                    tbody { @for refused in proof.refused.iter().take(SHOWN) {
                        tr { td.what { code { (refused.action) } } td.what { code { (refused.resource) } } }
                    } }
                }
                @if proof.refused.len() > SHOWN { p.hint { "and " (proof.refused.len() - SHOWN) " more" } }
            }
        }
    }
}

/// What each statement allows beyond what was seen.
fn reached(proven: &Proven) -> Markup {
    let sum = |of: fn(&trailwright_engine::prove::Reach) -> usize| {
        proven.reach.iter().map(of).sum::<usize>() as u64
    };
    html! {
        section {
            h2 { "What it allows" }
            dl.totals {
                div { dt { "Seen just so" } dd { (count(sum(|it| it.exact))) } }
                div { dt { "Wider than seen" } dd class=[(sum(|it| it.widened) > 0).then_some("warn")] { (count(sum(|it| it.widened))) } }
                div { dt { "Not seen" } dd class=[(sum(|it| it.unseen) > 0).then_some("warn")] { (count(sum(|it| it.unseen))) } }
                div { dt { "Waits for a value" } dd { (count(sum(|it| it.placeholder))) } }
            }
            p.hint { "Pairs of an action and a resource. A wildcard in an action counts as the actions that it covers." }
            details {
                summary { "By statement" }
                table.rows {
                    thead { tr {
                        th scope="col" { "Statement" }
                        th.n scope="col" { "Seen" } th.n scope="col" { "Wider" } th.n scope="col" { "Not seen" } th.n scope="col" { "Waits" }
                    } }
                    tbody { @for reach in &proven.reach {
                        tr {
                            td.what { code { (reach.sid) } @if proven.documents.len() > 1 { span.dim { " document " (reach.document + 1) } } }
                            td.n { (count(reach.exact as u64)) } td.n { (count(reach.widened as u64)) }
                            td.n { (count(reach.unseen as u64)) } td.n { (count(reach.placeholder as u64)) }
                        }
                    } }
                }
            }
        }
    }
}

/// Where the policy as generated is wider than the events, and why.
fn wider(written: &Written) -> Markup {
    let generated = &written.dossier.generated;
    html! {
        @if !(generated.widened.is_empty() && generated.generalized.is_empty() && generated.inferred.is_empty()) {
            section {
                h2 { "Why it is wider" }
                @for (title, rows) in [
                    ("The events do not tell the resource", &generated.widened),
                    ("Never logged, told by other calls", &generated.inferred),
                ] {
                    @if !rows.is_empty() {
                        details open[rows.len() <= 12] {
                            summary { (title) ": " (counted(rows.len() as u64, "permission", "permissions")) }
                            ul.plain { @for tally in rows.iter().take(SHOWN) { li { code { (tally.what) } " " span.dim { (counted(tally.count, "call", "calls")) } } } }
                            @if rows.len() > SHOWN { p.hint { "and " (rows.len() - SHOWN) " more" } }
                        }
                    }
                }
                @if !generated.generalized.is_empty() {
                    details open[generated.generalized.len() <= 12] {
                        summary { "Patterns in place of alike resources: " (generated.generalized.len()) }
                        ul.plain { @for one in generated.generalized.iter().take(SHOWN) { li { code { (one.pattern) } " " span.dim { (one.seen) " seen" } } } }
                    }
                }
            }
        }
    }
}

/// How the documents compare with those that are attached now.
struct Compared {
    diff: Diff,
    gains: Check,
    loses: Check,
}

async fn compare(
    written: &Written,
    present: &Draft,
    proven: &Proven,
) -> Result<Result<Compared, String>, super::super::Trouble> {
    let mut policies = Vec::new();
    for policy in &present.documents {
        match policy.text.parse::<PolicyDocument>() {
            Ok(document) => policies.push(NamedPolicy {
                name: policy.name.clone(),
                document,
            }),
            Err(error) => {
                return Ok(Err(format!(
                    "`{}` is no policy: {} at line {}, column {}",
                    policy.name, error.message, error.line, error.column
                )));
            }
        }
    }
    let together = |documents: &[&PolicyDocument]| {
        let statements = documents.iter().flat_map(|it| it.statement.clone());
        PolicyDocument::new(statements.collect())
    };
    let old = together(&policies.iter().map(|it| &it.document).collect::<Vec<_>>());
    let new = together(&proven.documents.iter().collect::<Vec<_>>());
    let case = Arc::clone(&written.case);
    let data = written.dossier.coverage.data_events_of.clone();
    let attached = Attached {
        policies,
        boundary: None,
    };
    let compared = at_work(move || Compared {
        diff: diff(&case.activity, &attached, &data, Reference::bundled()),
        gains: check_no_new_access(&old, &new),
        loses: check_no_new_access(&new, &old),
    });
    Ok(Ok(compared.await?))
}

fn against(
    id: &str,
    fields: &Fields,
    present: Option<&Draft>,
    compared: Option<&Result<Compared, String>>,
    has_endpoint: bool,
) -> Markup {
    let action = carried(fields).link(&format!("/jobs/{id}/present"));
    let text = match present.map(|it| it.documents.as_slice()) {
        Some([one]) => one.text.as_str(),
        _ => "",
    };
    html! {
        section {
            h2 { "Against what is attached now" }
            @match compared {
                None => {},
                Some(Err(message)) => (alert(message, Some("Paste the document as IAM shows it."))),
                Some(Ok(compared)) => (difference(compared)),
            }
            @if let Some(present) = present.filter(|it| it.documents.len() > 1) {
                p.hint { "Compared with " (present.documents.iter().map(|it| it.name.clone()).collect::<Vec<_>>().join(", ")) "." }
            }
            details open[compared.is_none()] {
                summary { @if compared.is_some() { "Compare with other policies" } @else { "Choose what to compare with" } }
                form.stack method="post" action=(action) {
                    div.field {
                        label for="policy" { "A policy that it has now" }
                        textarea.code #policy name="policy" rows="8" spellcheck="false" autocomplete="off" placeholder="{\"Version\": \"2012-10-17\", \"Statement\": [ … ]}" { "\n" (text) }
                    }
                    div.actions {
                        button type="submit" { "Compare" }
                        @if has_endpoint { button type="submit" name="fetch" value="1" formnovalidate { "Fetch all from the account" } }
                    }
                }
            }
        }
    }
}

fn difference(compared: &Compared) -> Markup {
    let mut states: BTreeMap<Became, Vec<&ActionDiff>> = BTreeMap::new();
    for action in &compared.diff.actions {
        states.entry(action.state).or_default().push(action);
    }
    html! {
        (check("The new policy grants nothing that the present ones do not.", "The new policy grants what the present ones do not, or may.", &compared.gains))
        (check("The present policies grant nothing beyond the new one.", "The present policies grant more than the new one: that goes when they are removed.", &compared.loses))
        @for (state, title, doc) in [
            (Became::NotGranted, "Used, and not granted today", "By a policy that you did not give, or on other resources."),
            (Became::Unused, "Granted today, never used", "What the new policy takes away."),
            (Became::Invisible, "Granted today, and no log would show a use", "Ask those who run it before you take it away."),
            (Became::Used, "Granted today, and used", "What stays."),
        ] {
            @if let Some(actions) = states.get(&state) {
                details open[state != Became::Used && actions.len() <= 20] {
                    summary { (title) ": " (counted(actions.len() as u64, "action", "actions")) }
                    p.hint { (doc) }
                    table.rows {
                        thead { tr { th scope="col" { "Action" } th.n scope="col" { "Calls" } th.opt scope="col" { "Last seen" } @if state != Became::NotGranted { th.opt scope="col" { "Granted by" } } } }
                        tbody { @for action in actions.iter().take(SHOWN) {
                            tr {
                                td.what { (action_name(&action.action)) @if let Some(why) = action.why { " " span.hint { (why) } } }
                                td.n { (count(action.uses)) }
                                td.opt { (when(action.last_seen.as_deref())) }
                                @if state != Became::NotGranted { td.opt { (action.granted_by.iter().cloned().collect::<Vec<_>>().join(", ")) } }
                            }
                        } }
                    }
                    @if actions.len() > SHOWN { p.hint { "and " (count((actions.len() - SHOWN) as u64)) " more" } }
                }
            }
        }
    }
}

fn check(passes: &str, fails: &str, check: &Check) -> Markup {
    html! {
        @match check.result {
            CheckResult::Pass => div.notice.good { p { (passes) } },
            CheckResult::Fail => div.notice.warn {
                p { (fails) }
                @if !check.reasons.is_empty() {
                    details {
                        summary { (counted(check.reasons.len() as u64, "statement", "statements")) }
                        ul.plain { @for reason in check.reasons.iter().take(30) { li { (reason.description) } } }
                    }
                }
            },
        }
    }
}
