//! What does a query answer? Queries only, bounded in time, memory and rows.

mod answer;
mod chart;
mod download;
mod question;

use std::sync::Arc;

use axum::extract::State;
use maud::{Markup, html};
use trailwright_sql::{Kind, NamedQuery, named_queries, tables};

use super::Answer;
use super::fields::{Fields, link};
use super::layout::{Page, Place};
use super::span;
use super::text::alert;
use crate::server::App;
use answer::Rows;
use question::Question;

pub(super) use download::answer as download;

/// What is asked where nothing is.
const EXAMPLE: &str = "SELECT service, count(DISTINCT principal) AS principals, sum(calls) AS calls\n\
     FROM activity\nWHERE mapping = 'mapped'\nGROUP BY service\nORDER BY calls DESC";

pub(super) async fn page(State(app): State<Arc<App>>, fields: Fields) -> Answer {
    let named = named_queries(None)?;
    let question = Question::of(&fields, &named);
    let found = match &question {
        None => None,
        Some(question) => Some(Rows::ask(&app, question, &fields).await),
    };
    let chosen = fields.get("name");
    let body = html! {
        div.head {
            h1 { "SQL" }
            p.hint { "Queries read; nothing here changes the lake." }
        }
        div.beside {
            nav.aside aria-label="Queries with a name" {
                h2 { "Questions" }
                ul.plain {
                    @for query in &named {
                        li {
                            a href=(link("/sql", "name", &query.name)) aria-current=[(chosen == Some(&*query.name)).then_some("true")]
                                title=(query.doc) { (query.name) }
                        }
                    }
                }
                h2 { "Tables" }
                @for table in tables() {
                    details {
                        summary { (table.name) }
                        p.hint { (table.doc) }
                        dl.columns-of {
                            @for (name, doc) in &table.columns {
                                dt { code { (name) } } dd { (doc) }
                            }
                        }
                    }
                }
            }
            div {
                @match named.iter().find(|it| chosen == Some(&*it.name)) {
                    Some(query) => (named_form(query, &fields)),
                    None => (editor(&fields)),
                }
                @match &found {
                    None => {},
                    Some(Err(trouble)) => (alert(trouble.message(), trouble.help())),
                    Some(Ok(rows)) => (rows.shown(&fields)),
                }
            }
        }
    };
    Ok(Page::new("SQL", Place::Sql, body).answer())
}

/// The form of a query that somebody types.
fn editor(fields: &Fields) -> Markup {
    let text = fields.text("q").unwrap_or(EXAMPLE);
    html! {
        section {
            form.stack method="get" action="/sql" data-submit-on-ctrl-enter {
                div.field {
                    label for="q" { "Query" }
                    textarea.code #q name="q" rows=(text.lines().count().clamp(6, 24)) spellcheck="false" autocomplete="off" autocapitalize="off" {
                        // A newline at the start is not part of what is typed.
                        "\n" (text)
                    }
                }
                div.filter {
                    (span::inputs(fields))
                    button.primary type="submit" { "Run" }
                    span.hint { kbd { "Ctrl" } " " kbd { "Enter" } }
                }
            }
        }
    }
}

/// The form of a query with a name: its values.
fn named_form(query: &NamedQuery, fields: &Fields) -> Markup {
    html! {
        section {
            div.title {
                h2 { (query.name) }
                a href="/sql" { "Write a query of your own" }
            }
            p { (query.doc) }
            form.filter method="get" action="/sql" {
                input type="hidden" name="name" value=(query.name);
                @for parameter in &query.parameters {
                    @let name = question::field(&parameter.name);
                    div.field {
                        label for=(name) { (parameter.name) }
                        span.hint id={ (name) "-doc" } { (parameter.doc) }
                        input id=(name) name=(name) value=(fields.text(&name).or(parameter.default.as_deref()).unwrap_or_default())
                            required[parameter.default.is_none()] size="18" autocomplete="off" spellcheck="false"
                            inputmode=[(parameter.kind == Kind::Integer).then_some("numeric")]
                            aria-describedby={ (name) "-doc" };
                    }
                }
                (span::inputs(fields))
                button.primary type="submit" name="run" value="1" { "Run" }
            }
            details {
                summary { "Its text" }
                pre.sunk tabindex="0" { (query.text) }
            }
        }
    }
}
