//! How does the policy get to its role or user, and the old ones away?
//!
//! First the new one is created and attached; then the old ones are taken away, in a step of its
//! own. Each shows what it would do before it does it, and each can be rolled back.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use maud::{Markup, html};
use miette::Diagnostic;
use tracing::Instrument;

use super::super::fields::Fields;
use super::super::layout::{Page, Place};
use super::super::sign_in::redirect;
use super::super::text::{alert, counted};
use super::super::{Answer, Trouble};
use super::choice::carried;
use super::finish::{description, name};
use super::steps::{Step, steps, title, to};
use super::written::Written;
use crate::iam::{self, Account, Old, Plan, Wanted, Who, fit_to_apply};
use crate::server::error::ApiError;
use crate::server::{App, api};

/// What a page is about: the plan, and how it is carried out.
struct Planned {
    account: Account,
    endpoint: String,
    plan: Plan,
}

/// What is done with policies that stay or were never there.
const AT_REST: [&str; 3] = ["is there", "keep", "keep inline"];

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let written = Written::of(&app, &id, &fields).await?;
    let planned = planned(&app, &written, &fields).await;
    let body = html! {
        (steps(Some(&id), Step::Finish, &fields))
        nav.crumbs aria-label="You are here" { a href=(to(&id, Step::Finish, &fields)) { "Finish" } }
        div.head { div { (title("Attach the policy of", written.case.principal())) } }
        @if let Some(record) = fields.get("done") { (done(&id, &fields, record)) }
        @if fields.get("undone").is_some() {
            div.notice.good role="status" { p { "Rolled back: all is as it was before." } }
        }
        @match &planned {
            Err(trouble) => {
                (alert(trouble.message(), trouble.help()))
                div.actions { a.button href=(to(&id, Step::Finish, &fields)) { "Back" } }
            }
            Ok(planned) => (plan(&id, &fields, &planned.plan)),
        }
    };
    Ok(Page::new("Attach", Place::Policies, body).answer())
}

/// The plan of a page, which changes nothing.
async fn planned(app: &App, written: &Written, fields: &Fields) -> Result<Planned, Trouble> {
    let Some(endpoint) = app.iam_endpoint.clone() else {
        return Err(Trouble::refused("no account is touched here")
            .hint("start the server with --iam-endpoint-url"));
    };
    let proven = written.proven().await?;
    let proven = proven.map_err(|broken| Trouble::refused(broken.told()))?;
    fit_to_apply(&proven.proof, &proven.documents).map_err(|error| {
        let hint = error.help().map(|it| it.to_string());
        Trouble::refused(error.to_string()).hint(hint.unwrap_or_default())
    })?;
    let who = Who::parse(written.case.principal())
        .ok_or_else(|| Trouble::refused("the principal is no role or user"))?;
    let wanted = Wanted {
        name: name(fields, written),
        description: description(fields, written),
        tags: tags(fields)?,
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
    })
}

/// The tags that somebody typed, one a line.
fn tags(fields: &Fields) -> Result<BTreeMap<String, String>, Trouble> {
    let text = fields.text("tags").unwrap_or_default();
    let lines = text.lines().map(str::trim).filter(|it| !it.is_empty());
    let tags = lines.map(|line| {
        let (key, value) = line.split_once('=').ok_or_else(|| {
            Trouble::refused(format!("expected a tag as KEY=VALUE, got `{line}`"))
                .hint("write one tag a line")
        })?;
        Ok((key.trim().to_owned(), value.trim().to_owned()))
    });
    tags.collect()
}

fn plan(id: &str, fields: &Fields, plan: &Plan) -> Markup {
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
                ul.plain { @for line in plan.meaning() { li { (line) } } }
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

/// What was done, and the way back.
fn done(id: &str, fields: &Fields, record: &str) -> Markup {
    html! {
        div.notice.good role="status" {
            p { "Done. What was there before is in " code { (record) } "." }
            form method="post" action=(carried(fields).link(&format!("/jobs/{id}/rollback"))) {
                input type="hidden" name="record" value=(record);
                button.danger type="submit" { "Roll back" }
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
    let running = async move {
        let written = Written::of(&app, &id, &asked).await?;
        let planned = planned(&app, &written, &asked).await?;
        let Planned {
            account,
            endpoint,
            plan,
        } = planned;
        let record = iam::apply(&account, &plan, &endpoint, &app.lake.records()).await;
        record.map_err(|error| Trouble::from(ApiError::from(error)))
    };
    let running = tokio::spawn(running.in_current_span()).await;
    let record = running.map_err(|error| {
        tracing::error!(%error, "a policy was not applied");
        Trouble::from(ApiError::internal())
    })??;
    let record = record.file_name().unwrap_or_default().to_string_lossy();
    Ok(redirect(&state.and("done", record).link(&path), None))
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
    api::roll_back(app, record).await?;
    let undone = carried(&fields).and("undone", 1);
    Ok(redirect(&undone.link(&format!("/jobs/{id}/apply")), None))
}
