//! What is the policy called, and in which form does it leave?

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use maud::{Markup, html};
use trailwright_engine::format::{AttachTo, Attachment, File, Format, Naming};
use trailwright_engine::generate::Target;
use trailwright_engine::validate::{FindingType, PolicyType, validate};
use trailwright_engine::{PolicyDocument, Reference};

use super::super::fields::Fields;
use super::super::layout::{Page, Place, protect};
use super::super::text::{alert, count, counted};
use super::super::{Answer, Trouble, attachment};
use super::choice::{carried, target};
use super::naming::{self, description, naming};
use super::steps::{Step, steps, title, to};
use super::written::{Proven, Written};
use crate::server::App;

/// The forms: their names in URLs, for people, and what they hold.
const FORMATS: [(&str, &str, Format, &str); 4] = [
    ("json", "JSON", Format::Json, "as IAM takes it"),
    ("yaml", "YAML", Format::Yaml, "the same, easier to read"),
    (
        "terraform",
        "Terraform",
        Format::Terraform,
        "with what attaches it",
    ),
    (
        "cloudformation",
        "CloudFormation",
        Format::CloudFormation,
        "with what attaches it",
    ),
];

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let written = Written::of(&app, &id, &fields).await?;
    let proven = written.proven().await?;
    let body = html! {
        (steps(Some(&id), Step::Finish, &fields))
        div.head { div { (title("Policy of", written.case.principal())) } }
        @match &proven {
            Err(broken) => {
                (alert(&broken.told(), Some("Go back to customize: the findings beside the text say more.")))
                div.actions { a.button href=(to(&id, Step::Customize, &fields)) { "Back to the text" } }
            }
            Ok(proven) => {
                (summary(&written, proven))
                @match naming(&fields) {
                    Err(trouble) => (naming::form(&id, &fields, &written, Some(&trouble))),
                    Ok(naming) => {
                        (naming::form(&id, &fields, &written, None))
                        (files(&id, &fields, &written, (&proven.documents, &naming)))
                        (attaching(&id, &fields, app.iam_endpoint.as_deref()))
                    }
                }
            }
        }
    };
    Ok(Page::new("Finish", Place::Policies, body).answer())
}

/// What somebody should know before they attach it.
fn summary(written: &Written, proven: &Proven) -> Markup {
    let documents = &proven.documents;
    let proof = &proven.proof;
    let allowed = proof.requests - proof.refused.len().min(proof.requests);
    let findings: Vec<FindingType> = documents
        .iter()
        .flat_map(|it| validate(&it.to_json(), PolicyType::Identity, Reference::bundled()))
        .map(|it| it.finding_type)
        .collect();
    let errors = findings
        .iter()
        .filter(|it| **it == FindingType::Error)
        .count();
    let unmapped: u64 = written.dossier.gaps.iter().map(|it| it.calls()).sum();
    let limit = written.dossier.target.limit();
    let too_large = documents.iter().filter(|it| it.size() > limit).count();
    let waiting: usize = proven.reach.iter().map(|it| it.placeholder).sum();
    html! {
        section {
            h2 { "Summary" }
            dl.totals {
                div { dt { "Replay" } dd class=(if proof.holds() { "good" } else { "bad" }) { (count(allowed as u64)) " of " (count(proof.requests as u64)) } }
                div { dt { "Documents" } dd { (documents.len()) } }
                div { dt { "Statements" } dd { (count(documents.iter().map(|it| it.statement.len()).sum::<usize>() as u64)) } }
                div { dt { "Characters" } dd { (count(documents.iter().map(PolicyDocument::size).sum::<usize>() as u64)) } }
                div { dt { "Findings" } dd class=[(errors > 0).then_some("bad")] {
                    @match (findings.len(), errors) {
                        (all, 0) => (all),
                        (all, errors) => { (counted(errors as u64, "error", "errors")) @if all > errors { ", " (all - errors) " more" } }
                    }
                } }
                div { dt { "Unmapped calls" } dd class=[(unmapped > 0).then_some("warn")] { (count(unmapped)) } }
            }
            @if !proof.holds() { p.bad { "It would refuse requests that were seen." } }
            @if too_large > 0 { p.bad { (counted(too_large as u64, "document is", "documents are")) " larger than IAM takes." } }
            @if waiting > 0 { p.warn { (counted(waiting as u64, "permission waits", "permissions wait")) " for the value of a placeholder, and allows nothing until then." } }
            @if written.draft.is_some() { p.hint { "The text was edited by hand." } }
        }
    }
}

fn written_as(
    format: Format,
    fields: &Fields,
    written: &Written,
    (documents, naming): (&[PolicyDocument], &Naming),
) -> Result<Vec<File>, String> {
    let attachment = Attachment {
        target: target(fields).1,
        to: AttachTo::of(written.case.principal()),
        description: description(fields, written),
        naming: naming.clone(),
    };
    format
        .write(documents, &attachment)
        .map_err(|error| error.to_string())
}

fn files(
    id: &str,
    fields: &Fields,
    written: &Written,
    (documents, naming): (&[PolicyDocument], &Naming),
) -> Markup {
    let link = |format: &str, file: usize| {
        let fields = carried(fields).and("format", format).and("file", file);
        fields.link(&format!("/jobs/{id}/download"))
    };
    html! {
        section {
            div.title {
                h2 { "Download" }
                @if !naming.tags.is_empty() { p.hint { "CloudFormation and inline policies have no place for tags." } }
            }
            table.files {
                tbody {
                    @for (short, shown, format, doc) in FORMATS {
                        tr {
                            th scope="row" { (shown) }
                            td.hint { (doc) }
                            @match written_as(format, fields, written, (documents, naming)) {
                                Err(why) => td.warn { (why) },
                                Ok(files) => td {
                                    @for (at, file) in files.iter().enumerate() {
                                        a href=(link(short, at)) download=(file.name) { (file.name) } " "
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Whether the policy is of the kind that is attached from here.
pub(super) fn attaches(fields: &Fields) -> bool {
    target(fields).1 == Target::Managed
}

/// The way to the account, if there is one.
fn attaching(id: &str, fields: &Fields, endpoint: Option<&str>) -> Markup {
    html! {
        section {
            h2 { "Create and attach" }
            @match endpoint {
                Some(_) if !attaches(fields) => p.hint { "From here only managed policies are attached. Choose \"Managed policy\" where the policy is customized, or download it." },
                Some(endpoint) => {
                    p { "In the account behind " code { (endpoint) } ", after a look at what that changes." }
                    a.button.primary href=(carried(fields).link(&format!("/jobs/{id}/apply"))) { "Plan it" }
                }
                None => p.hint { "Start the server with " code { "--iam-endpoint-url" } " to do it from here; until then, download the policy, or run " code { "trailwright apply" } "." },
            }
        }
    }
}

/// One of the files.
pub(super) async fn download(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let written = Written::of(&app, &id, &fields).await?;
    let documents = written
        .documents()
        .map_err(|broken| Trouble::refused(broken.told()))?;
    let wanted = fields.get("format").unwrap_or("json");
    let format = FORMATS.iter().find(|(name, ..)| *name == wanted);
    let Some((.., format, _)) = format else {
        return Err(Trouble::refused(format!("there is no form `{wanted}`")));
    };
    let naming = naming(&fields)?;
    let files = written_as(*format, &fields, &written, (&documents, &naming));
    let files = files.map_err(Trouble::refused)?;
    let file = files.into_iter().nth(fields.number("file").unwrap_or(0));
    let Some(file) = file else {
        return Err(Trouble::not_found("there is no such file"));
    };
    let mut response = file.text.into_response();
    let kind = match format {
        Format::Json => "application/json",
        _ => "text/plain; charset=utf-8",
    };
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    attachment(&mut response, &file.name);
    protect(&mut response);
    Ok(response)
}
