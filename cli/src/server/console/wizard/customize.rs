//! How is the policy written, and what does its text say?

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use futures::future::try_join_all;
use maud::{Markup, html};
use trailwright_engine::Reference;
use trailwright_engine::answers::Values;
use trailwright_engine::dossier::Dossier;
use trailwright_engine::generate::{Generated, Target};
use trailwright_engine::prove::Reach;
use trailwright_engine::validate::{Finding, FindingType, PolicyType, validate};
use trailwright_engine::{PolicyDocument, generate::DoesNotFit};

use super::super::chart::meter;
use super::super::fields::Fields;
use super::super::layout::{self, Page, Place};
use super::super::sign_in::redirect;
use super::super::text::{alert, count, counted};
use super::super::{Answer, Trouble};
use super::case::Case;
use super::choice::{
    CONDITIONS, Choice, OF_MAPPING, STYLES, TARGETS, THRESHOLD, carried, filled, set, style, target,
};
use super::draft::{Draft, Named};
use super::steps::{Step, steps, title, to};
use super::written::{Written, at_work};
use crate::server::App;

/// What a style comes to.
struct Effect {
    name: &'static str,
    shown: &'static str,
    result: Result<Arc<Dossier>, DoesNotFit>,
}

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let case = Case::of(&app, &id).await?;
    let effects = STYLES.iter().map(async |(name, shown, _)| {
        let choice = Choice::in_style(&fields, name)?;
        Ok::<_, Trouble>(Effect {
            name,
            shown,
            result: case.dossier(&app, choice).await?,
        })
    });
    let effects = try_join_all(effects).await?;
    let chosen = style(&fields);
    let chosen = effects
        .iter()
        .find(|it| it.name == chosen)
        .map(|it| &it.result);
    let draft = match fields.get("draft") {
        Some(name) => Some(Draft::read(&app, &id, name)?),
        None => None,
    };
    let texts: Vec<String> = match (&draft, chosen) {
        (Some(draft), _) => draft.documents.iter().map(|it| it.text.clone()).collect(),
        (None, Some(Ok(dossier))) => dossier
            .documents
            .iter()
            .map(PolicyDocument::to_json)
            .collect(),
        _ => Vec::new(),
    };
    let target = target(&fields).1;
    let limit = target.limit();
    let checked = at_work(move || {
        let checked = texts.into_iter().map(|text| {
            let findings = validate(&text, PolicyType::Identity, Reference::bundled());
            (text, findings)
        });
        checked.collect::<Vec<_>>()
    })
    .await?;
    let body = html! {
        (steps(Some(&id), Step::Customize, &fields))
        div.head { div { (title("Policy of", case.principal())) } }
        @if draft.is_some() {
            div.notice.warn {
                p { "You edited the text, and it is what counts. The choices below start over from what was generated. "
                    a href=(carried(&fields).without("draft").link(&format!("/jobs/{id}/customize"))) { "Drop the edits" } }
            }
        }
        (choices(&id, &fields, &effects))
        @match chosen {
            Some(Err(error)) if draft.is_none() => (alert(&error.to_string(), Some("Choose the compact style, or another place to attach it."))),
            _ => {
                form method="post" action=(carried(&fields).link(&format!("/jobs/{id}/customize"))) {
                    @for (at, (text, findings)) in checked.iter().enumerate() {
                        (editor(&id, (at, checked.len()), text, findings, target))
                    }
                    div.actions {
                        button.primary type="submit" name="go" value="proof" { "Next: proof" }
                        button type="submit" name="go" value="check" { "Check the text" }
                        span.hint { "A document takes " (count(limit as u64)) " characters; white space does not count." }
                    }
                }
            }
        }
    };
    Ok(Page::new("Customize", Place::Policies, body).answer())
}

/// The form of style, conditions, target and placeholders, with what each style comes to.
fn choices(id: &str, fields: &Fields, effects: &[Effect]) -> Markup {
    let kept = carried(fields).filter(|name| {
        ![
            "style",
            "threshold",
            "condition",
            "without",
            "target",
            "draft",
        ]
        .contains(&name)
            && !name.starts_with("set.")
    });
    let chosen = style(fields);
    let of_chosen = effects.iter().find(|it| it.name == chosen);
    let generated = of_chosen
        .and_then(|it| it.result.as_ref().ok())
        .map(|it| &it.generated);
    html! {
        section {
            h2 { "How it is written" }
            form.stack method="get" action={ "/jobs/" (id) "/customize" } {
                (kept.hidden())
                div.wide-scroll {
                    table.effects {
                        thead { tr {
                            th scope="col" { "Style" }
                            th.n scope="col" { "Documents" }
                            th.n scope="col" { "Characters" }
                            th.n scope="col" { "Seen just so" }
                            th.n scope="col" { "Wider than seen" }
                            th.n scope="col" { "Not seen" }
                            th.n scope="col" { "Waits for a value" }
                        } }
                        tbody { @for effect in effects { (effect_row(effect, chosen)) } }
                    }
                }
                p.hint { "The last four count pairs of an action and a resource that the policy allows." }
                div.filter {
                    div.field {
                        label for="threshold" { "Compact: alike resources from" }
                        input #threshold name="threshold" inputmode="numeric" size="4" value=(fields.number("threshold").unwrap_or(THRESHOLD));
                    }
                    div.field {
                        label for="target" { "Attach as" }
                        select #target name="target" {
                            @for (name, _, shown) in TARGETS { option value=(name) selected[target(fields).0 == name] { (shown) } }
                        }
                    }
                }
                fieldset {
                    legend { "Conditions from what was seen" }
                    div.checks {
                        @for (name, _, key, doc) in CONDITIONS {
                            label.check {
                                input type="checkbox" name="condition" value=(name) checked[fields.has("condition", name)];
                                span { code { (key) } span.hint { (doc) } }
                            }
                        }
                    }
                    p.hint { "Each is a bet that the future is like the past." }
                    div.checks {
                        @for (key, doc) in OF_MAPPING {
                            label.check {
                                input type="checkbox" name="without" value=(key) checked[fields.has("without", key)];
                                span { "Leave out " code { (key) } span.hint { (doc) } }
                            }
                        }
                    }
                    @if let Some(generated) = generated { (narrowed(generated)) }
                }
                @if let Some(generated) = generated { (placeholders(fields, generated)) }
                button type="submit" { "Apply the choices" }
            }
        }
    }
}

fn effect_row(effect: &Effect, chosen: &str) -> Markup {
    let doc = STYLES
        .iter()
        .find(|(name, ..)| *name == effect.name)
        .map_or("", |(.., doc)| doc);
    html! {
        tr {
            td {
                label.check {
                    input type="radio" name="style" value=(effect.name) checked[effect.name == chosen];
                    span { strong { (effect.shown) } span.hint { (doc) } }
                }
            }
            @match &effect.result {
                Err(error) => td.dim colspan="6" { "Does not fit: " (error) },
                Ok(dossier) => {
                    @let sum = |of: fn(&Reach) -> usize| count(dossier.reach.iter().map(of).sum::<usize>() as u64);
                    td.n data-label="Documents" { (dossier.documents.len()) }
                    td.n data-label="Characters" { (count(dossier.documents.iter().map(|it| it.size()).sum::<usize>() as u64)) }
                    td.n data-label="Seen just so" { (sum(|it| it.exact)) }
                    td.n data-label="Wider than seen" { (sum(|it| it.widened)) }
                    td.n data-label="Not seen" { (sum(|it| it.unseen)) }
                    td.n data-label="Waits for a value" { (sum(|it| it.placeholder)) }
                }
            }
        }
    }
}

/// What became of the conditions that were asked for.
fn narrowed(generated: &Generated) -> Markup {
    html! {
        @for narrowed in &generated.narrowed {
            p { code { (narrowed.key) } " " span.dim { "on " (counted(narrowed.permissions as u64, "permission", "permissions")) ": " }
                (narrowed.values.iter().take(8).cloned().collect::<Vec<_>>().join(", "))
                @if narrowed.values.len() > 8 { " and " (narrowed.values.len() - 8) " more" } }
        }
        @if !generated.not_narrowed.is_empty() {
            details {
                summary { (counted(generated.not_narrowed.len() as u64, "permission", "permissions")) " could not be narrowed" }
                ul.plain { @for one in generated.not_narrowed.iter().take(100) { li { code { (one.what) } ": " (one.why) } } }
            }
        }
    }
}

/// A field for each placeholder.
fn placeholders(fields: &Fields, generated: &Generated) -> Markup {
    let given = filled(fields);
    let open = generated.unfilled.iter();
    html! {
        @if !given.is_empty() || !generated.unfilled.is_empty() {
            fieldset {
                legend { "Placeholders" }
                p.hint { "What has no value yet allows nothing. Several values are written with commas." }
                div.placeholders {
                    @for (name, values) in &given {
                        (placeholder(name, &values_text(values), None))
                    }
                    @for unfilled in open.clone().filter(|it| !given.contains_key(&it.name)) {
                        (placeholder(&unfilled.name, "", Some(&unfilled.statements)))
                    }
                }
            }
        }
    }
}

fn values_text(values: &Values) -> String {
    values.values().join(", ")
}

fn placeholder(name: &str, value: &str, statements: Option<&[String]>) -> Markup {
    html! {
        div.field {
            label for=(set(name)) { code { "${" (name) "}" } }
            input.mono id=(set(name)) name=(set(name)) value=(value) autocomplete="off" spellcheck="false";
            @if let Some(statements) = statements {
                span.hint { "in " (statements.iter().take(3).cloned().collect::<Vec<_>>().join(", ")) @if statements.len() > 3 { " and " (statements.len() - 3) " more" } }
            }
        }
    }
}

/// A document to edit, with what is to be said of it.
fn editor(
    id: &str,
    (at, of): (usize, usize),
    text: &str,
    findings: &[Finding],
    target: Target,
) -> Markup {
    let lines = text.lines().count().max(1);
    let name = format!("document-{}", at + 1);
    html! {
        section.document {
            label.title for=(name) {
                span.heading { "Policy" @if of > 1 { " " (at + 1) " of " (of) } }
            }
            div.editor {
                pre.numbers aria-hidden="true" { @for line in 1..=lines { (line) "\n" } }
                textarea.code id=(name) name="document" rows=(lines + 1) wrap="off" spellcheck="false" autocomplete="off" autocapitalize="off"
                    aria-describedby={ (name) "-findings" } data-findings={ "/jobs/" (id) "/findings" } data-target=(target_name(target)) {
                    "\n" (text)
                }
            }
            // Scripts ask for this part anew while somebody types.
            div id={ (name) "-findings" } aria-live="polite" { (said_of(text, findings, target)) }
        }
    }
}

fn target_name(target: Target) -> &'static str {
    let known = TARGETS.iter().find(|(_, own, _)| *own == target);
    known.map_or("managed", |(name, ..)| name)
}

/// How large a text is, and what is wrong with it.
fn said_of(text: &str, findings: &[Finding], target: Target) -> Markup {
    let size = size(text);
    let limit = target.limit();
    html! {
        div.size {
            (meter(size as u64, limit as u64, &format!("{size} of {limit} characters")))
            p class=(if size > limit { "bad" } else { "hint" }) {
                (count(size as u64)) " of " (count(limit as u64)) " characters"
                @if size > limit { ": too large for " (target.name()) }
            }
        }
        @if findings.is_empty() {
            p.good { "No findings." }
        } @else {
            ul.findings { @for finding in findings.iter().take(50) { (one_finding(finding)) } }
            @if findings.len() > 50 { p.hint { "and " (findings.len() - 50) " more" } }
        }
    }
}

/// Characters that IAM counts: all but white space outside of strings.
fn size(text: &str) -> usize {
    match text.parse::<PolicyDocument>() {
        Ok(document) => document.size(),
        Err(_) => text.chars().filter(|it| !it.is_whitespace()).count(),
    }
}

fn one_finding(finding: &Finding) -> Markup {
    let class = match finding.finding_type {
        FindingType::Error => "tag bad",
        FindingType::SecurityWarning | FindingType::Warning => "tag warn",
        FindingType::Suggestion => "tag",
    };
    let place = finding.locations.first().map(|it| it.span.start);
    html! {
        li {
            span class=(class) { (finding.finding_type.as_str()) }
            " "
            @if let Some(place) = place { span.mono.dim { (place.line) ":" (place.column) " " } }
            (finding.finding_details) " "
            a.dim href=(finding.learn_more_link) rel="noreferrer" { code { (finding.issue_code) } }
        }
    }
}

/// Keeps edited texts as a draft, and goes on.
pub(super) async fn keep(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    fields: Fields,
    body: Bytes,
) -> Answer {
    let form = Fields::parse(&body);
    let texts = form.pairs().filter(|(name, _)| *name == "document");
    // Forms send line ends as networks once did.
    let texts: Vec<String> = texts.map(|(_, text)| text.replace("\r\n", "\n")).collect();
    if texts.is_empty() {
        return Err(Trouble::refused("there is no text"));
    }
    let step = match form.get("go") {
        Some("check") => Step::Customize,
        _ => Step::Proof,
    };
    let fields = match unchanged(&app, &id, &fields, &texts).await {
        true => fields,
        false => {
            let documents = texts.into_iter().enumerate().map(|(at, text)| Named {
                name: format!("document {}", at + 1),
                text,
            });
            let documents = documents.collect();
            let name = Draft { documents }.keep(&app, &id)?;
            fields.with("draft", name)
        }
    };
    Ok(redirect(&to(&id, step, &fields), None))
}

/// Whether the texts are those of the page that they were edited on.
async fn unchanged(app: &App, id: &str, fields: &Fields, texts: &[String]) -> bool {
    let written = Written::of(app, id, fields).await;
    written.is_ok_and(|written| {
        let known = written.texts();
        let known = known.iter().map(|it| it.trim_end());
        known.eq(texts.iter().map(|it| it.trim_end()))
    })
}

/// What is to be said of a text while it is typed: a piece of a page.
pub(super) async fn findings(body: Bytes) -> Result<Response, Trouble> {
    let form = Fields::parse(&body);
    let text = form.text("document").unwrap_or_default().to_owned();
    let target = target(&form).1;
    let piece = at_work(move || {
        let findings = validate(&text, PolicyType::Identity, Reference::bundled());
        said_of(&text, &findings, target)
    });
    Ok(layout::answer(piece.await?))
}
