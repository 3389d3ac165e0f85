//! How does the policy get to its role or user, and the old ones away?
//!
//! First the new one is created and attached; then the old ones are taken away, in a step of its
//! own. Each shows what it would do before it does it, and each can be rolled back.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use maud::{Markup, html};
use miette::Diagnostic;
use tracing::Instrument;

use super::super::fields::Fields;
use super::super::layout::{Page, Place};
use super::super::sign_in::redirect;
use super::super::text::{alert, count, counted, name_of, when};
use super::super::{Answer, Trouble};
use super::choice::carried;
use super::finish::attaches;
use super::naming::{description, name, naming};
use super::steps::{Step, steps, title, to};
use super::written::Written;
use crate::iam::{self, Account, NotApplied, Old, Plan, Record, Wanted, Who, fit_to_apply};
use crate::server::error::ApiError;
use crate::server::{App, api};

/// What a page is about: the plan, and how it is carried out.
struct Planned {
    account: Account,
    endpoint: String,
    plan: Plan,
    /// Requests that were replayed, all of which its documents allow.
    requests: usize,
}

/// What is done with policies that stay or were never there.
const AT_REST: [&str; 3] = ["is there", "keep", "keep inline"];

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    shown(&app, &id, &fields, None).await
}

/// The page, with what went wrong before it.
async fn shown(app: &App, id: &str, fields: &Fields, trouble: Option<Trouble>) -> Answer {
    let written = Written::of(app, id, fields).await?;
    let planned = planned(app, &written, fields).await;
    let records = records(app, written.case.principal());
    let body = html! {
        (steps(Some(id), Step::Finish, fields))
        nav.crumbs aria-label="You are here" { a href=(to(id, Step::Finish, fields)) { "Finish" } }
        div.head { div { (title("Attach the policy of", written.case.principal())) } }
        @if let Some(trouble) = &trouble { (alert(trouble.message(), trouble.help())) }
        @if trouble.is_none() && fields.get("done").is_some() {
            div.notice.good role="status" { p { "Done. What was there before is kept below, and can be put back." } }
        }
        @if trouble.is_none() && let Some(undone) = fields.number("undone") {
            div.notice.good role="status" { p {
                @if undone == 0 { "All was as it had been before." }
                @else { "Rolled back: " (counted(undone as u64, "change", "changes")) " undone." }
            } }
        }
        @match &planned {
            Err(trouble) => {
                (alert(trouble.message(), trouble.help()))
                div.actions { a.button href=(to(id, Step::Finish, fields)) { "Back" } }
            }
            Ok(planned) => (plan(id, fields, planned)),
        }
        (way_back(id, fields, &records))
    };
    let page = Page::new("Attach", Place::Policies, body);
    let mut answer = page.answer();
    if let Some(trouble) = trouble {
        *answer.status_mut() = trouble.status();
    }
    Ok(answer)
}

/// The plan of a page, which changes nothing.
async fn planned(app: &App, written: &Written, fields: &Fields) -> Result<Planned, Trouble> {
    let Some(endpoint) = app.iam_endpoint.clone() else {
        return Err(Trouble::refused("no account is touched here")
            .hint("start the server with --iam-endpoint-url"));
    };
    if !attaches(fields) {
        return Err(
            Trouble::refused("from here only managed policies are attached")
                .hint("choose \"Managed policy\" where the policy is customized"),
        );
    }
    let naming = naming(fields)?;
    let proven = written.proven().await?;
    let proven = proven.map_err(|broken| Trouble::refused(broken.told()))?;
    fit_to_apply(&proven.proof, &proven.documents)
        .map_err(|error| Trouble::refused(error.to_string()).hint(help(&error)))?;
    let who = Who::parse(written.case.principal())
        .ok_or_else(|| Trouble::refused("the principal is no role or user"))?;
    let requests = proven.proof.requests;
    let wanted = Wanted {
        name: name(fields, written),
        description: description(fields, written),
        tags: naming.tags,
        documents: proven.documents,
        old: Old::Stays {
            but: fields.all("detach").map(ToOwned::to_owned).collect(),
        },
    };
    let account = Account::connect(&endpoint).await;
    let plan = Plan::make(&account, who, wanted).await.map_err(|error| {
        let hint = error.help().map(|it| it.to_string());
        Trouble::refused(error.to_string()).hint(hint.unwrap_or_default())
    })?;
    Ok(Planned {
        account,
        endpoint,
        plan,
        requests,
    })
}

/// What to do about a policy that is not applied.
fn help(error: &NotApplied) -> &'static str {
    match error {
        NotApplied::NotProven { .. } => {
            "go back to customize: the proof names all that would be refused"
        }
        NotApplied::Unfilled { .. } => "go back to customize, and fill it in",
        NotApplied::TooLarge { .. } => "go back to customize, and cut it or choose another style",
    }
}

/// What can be put back of what was done for a principal, the newest first.
fn records(app: &App, principal: &str) -> Vec<(String, Record)> {
    let Some(who) = Who::parse(principal) else {
        return Vec::new();
    };
    let found = tokio::task::block_in_place(|| Record::of(&app.lake.records(), &who));
    found.unwrap_or_else(|error| {
        tracing::warn!(%error, "records of what was applied are not listed");
        Vec::new()
    })
}

fn plan(id: &str, fields: &Fields, planned: &Planned) -> Markup {
    let plan = &planned.plan;
    let requests = count(planned.requests as u64);
    let steps = plan.steps();
    let changes = steps.iter().any(|it| !AT_REST.contains(&it.action));
    let old: Vec<&iam::Step> = steps
        .iter()
        .filter(|it| ["keep", "keep inline"].contains(&it.action))
        .collect();
    let state = carried(fields);
    let difference = &plan.difference;
    html! {
        section {
            h2 { @if changes { "What would be done" } @else { "Nothing is to be done" } }
            table {
                tbody { @for step in &steps {
                    tr {
                        td.nowrap { span class=(match step.action {
                            "keep" | "keep inline" | "is there" => "tag",
                            "detach" | "delete inline" | "delete version" => "tag bad",
                            _ => "tag good",
                        }) { (step.action) } }
                        td.what { code { (step.what) } }
                    }
                } }
            }
            @if changes {
                ul.plain {
                    li { span.good { (requests) " of " (requests) " allowed" } " when what was seen is replayed" }
                    @for line in plan.meaning() { li { (line) } }
                }
                @for (title, lines) in [("Granted by words that are new", &difference.added), ("No longer granted by these words", &difference.removed)] {
                    @if !lines.is_empty() {
                        details {
                            summary { (title) ": " (counted(lines.len() as u64, "line", "lines")) }
                            ul.plain { @for line in lines.iter().take(200) { li { code { (line) } } } }
                            @if lines.len() > 200 { p.hint { "and " (lines.len() - 200) " more" } }
                        }
                    }
                }
                form method="post" action=(state.link(&format!("/jobs/{id}/apply"))) {
                    @for name in fields.all("detach") { input type="hidden" name="detach" value=(name); }
                    div.actions {
                        button.primary type="submit" name="confirm" value="1" { @if fields.get("detach").is_some() { "Remove them" } @else { "Create and attach" } }
                        @if fields.get("detach").is_some() { a href=(state.link(&format!("/jobs/{id}/apply"))) { "Leave them" } }
                        span.hint { "What is there now is written to a record first, from which it can be rolled back." }
                    }
                }
            }
        }
        @if !changes && !old.is_empty() {
            section {
                h2 { "Remove the old policies" }
                p.hint { "The new one is attached. What these grant beyond it goes when they are removed." }
                form method="get" action={ "/jobs/" (id) "/apply" } {
                    (state.hidden())
                    ul.choices { @for step in &old {
                        li { label.check { input type="checkbox" name="detach" value=(step.what) checked; code { (step.what) } } }
                    } }
                    div.actions { button type="submit" { "See what that changes" } }
                }
            }
        }
    }
}

/// What was done before, and the way back.
fn way_back(id: &str, fields: &Fields, records: &[(String, Record)]) -> Markup {
    let action = carried(fields).link(&format!("/jobs/{id}/rollback"));
    html! {
        @if !records.is_empty() {
            section {
                div.title {
                    h2 { "The way back" }
                    p.hint { "What was there before each change. Put the newest back first." }
                }
                table.way-back {
                    thead { tr {
                        th scope="col" { "Changed" }
                        th scope="col" { "Attached then" }
                        th scope="col" { "There before" }
                        th scope="col" { span.sr { "Roll back" } }
                    } }
                    tbody { @for (name, record) in records {
                        tr {
                            td { (when(Some(&record.made_at.to_string()))) }
                            td.what data-label="Attached then" { @for it in &record.applied { code { (name_of(&it.arn)) } " " } }
                            td.what data-label="There before" {
                                @for it in &record.attached_before { code { (it.name) } " " }
                                @for it in &record.inline_before { code { (it.name) } span.dim { " inline " } }
                                @if record.attached_before.is_empty() && record.inline_before.is_empty() { span.dim { "none" } }
                            }
                            td.n {
                                form method="post" action=(action) {
                                    input type="hidden" name="record" value=(name);
                                    button.danger type="submit" aria-label={ "Roll back to what was there before " (record.made_at) } { "Roll back" }
                                }
                            }
                        }
                    } }
                }
            }
        }
    }
}

/// Carries a plan out, to its end, also if the browser does not wait for it.
pub(super) async fn confirm(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    fields: Fields,
    body: Bytes,
) -> Answer {
    let form = Fields::parse(&body);
    let mut asked = carried(&fields);
    for name in form.all("detach") {
        asked = asked.and("detach", name);
    }
    let state = carried(&fields);
    let path = format!("/jobs/{id}/apply");
    let running = {
        let (app, id, asked) = (Arc::clone(&app), id.clone(), asked.clone());
        async move {
            let written = Written::of(&app, &id, &asked).await?;
            let Planned {
                account,
                endpoint,
                plan,
                ..
            } = planned(&app, &written, &asked).await?;
            let applied = iam::apply(&account, &plan, &endpoint, &app.lake.records()).await;
            applied.map_err(|error| Trouble::from(ApiError::from(error)))
        }
    };
    let running = tokio::spawn(running.in_current_span()).await;
    let done = running.map_err(|error| {
        tracing::error!(%error, "a policy was not applied");
        Trouble::from(ApiError::internal())
    })?;
    match done {
        Ok(_) => Ok(redirect(&state.and("done", 1).link(&path), None)),
        Err(trouble) => {
            let trouble =
                trouble.hint("what was there before is listed below, and can be put back");
            shown(&app, &id, &state, Some(trouble)).await
        }
    }
}

/// Puts back what was there before.
pub(super) async fn undo(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    fields: Fields,
    body: Bytes,
) -> Answer {
    let form = Fields::parse(&body);
    let record = form.get("record").unwrap_or_default().to_owned();
    let state = carried(&fields);
    match api::roll_back(Arc::clone(&app), record).await {
        Ok(done) => {
            let undone = state.and("undone", done.len());
            Ok(redirect(&undone.link(&format!("/jobs/{id}/apply")), None))
        }
        Err(error) => shown(&app, &id, &state, Some(error.into())).await,
    }
}
