//! Which actions of a service could be added?

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{Path, State};
use maud::{Markup, html};
use trailwright_engine::Reference;
use trailwright_engine::reference::{AccessLevel, Action};

use super::super::Answer;
use super::super::fields::Fields;
use super::super::layout::{Page, Place};
use super::super::text::{counted, empty};
use super::super::trouble::Trouble;
use super::choice::carried;
use super::review::service_name;
use super::steps::{Step, steps, title, to};
use super::written::Written;
use crate::server::App;

/// The levels, in the order of their weight.
const LEVELS: [AccessLevel; 5] = [
    AccessLevel::List,
    AccessLevel::Read,
    AccessLevel::Write,
    AccessLevel::Tagging,
    AccessLevel::PermissionsManagement,
];

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let reference = Reference::bundled();
    let named = fields.get("service").unwrap_or_default();
    let Some(service) = reference.service(named) else {
        return Err(
            Trouble::not_found(format!("AWS knows no service `{named}`"))
                .hint("write the prefix of its actions, such as s3 or sqs"),
        );
    };
    let written = Written::of(&app, &id, &fields).await?;
    let granted: BTreeSet<String> = written
        .dossier
        .documents
        .iter()
        .flat_map(|it| &it.statement)
        .flat_map(|it| it.actions.patterns().0)
        .map(|it| it.to_lowercase())
        .collect();
    let wanted = fields.get("q").map(str::to_lowercase);
    let mut levels: BTreeMap<AccessLevel, Vec<&Action>> = BTreeMap::new();
    let mut shown = BTreeSet::new();
    for action in service.actions() {
        let fits = wanted
            .as_ref()
            .is_none_or(|it| action.name.to_lowercase().contains(it));
        if let (true, Some(level)) = (fits, action.access_levels.iter().max()) {
            levels.entry(*level).or_default().push(action);
            shown.insert(format!("{}:{}", service.prefix, action.name));
        }
    }
    // What is chosen and not shown stays chosen.
    let others: Vec<&str> = fields
        .all("add")
        .filter(|it| !shown.contains(*it))
        .collect();
    let carried = carried(&fields).without("draft");
    let body = html! {
        (steps(Some(&id), Step::Review, &fields))
        div.head { div { (title("Policy of", written.case.principal())) } }
        section.wide {
            div.title { h2 { "Add actions of " (service_name(service.prefix)) } a href=(to(&id, Step::Review, &fields)) { "Back without adding" } }
            form.filter method="get" action={ "/jobs/" (id) "/actions" } {
                (carried.hidden())
                input type="hidden" name="service" value=(service.prefix);
                div.field {
                    label for="q" { "Search" }
                    input #q type="search" name="q" value=[fields.get("q")] data-filters="actions" autocomplete="off" spellcheck="false";
                }
                button type="submit" { "Search" }
            }
            @if levels.is_empty() {
                (empty("No action is called so.", html! { "Search for a part of its name." }))
            } @else {
                form method="get" action={ "/jobs/" (id) "/review" } {
                    (carried.clone().without("add").hidden())
                    @for action in &others { input type="hidden" name="add" value=(action); }
                    div #actions {
                        @for level in LEVELS {
                            @if let Some(actions) = levels.get(&level) {
                                (of_level(level, actions, service.prefix, &granted, &fields))
                            }
                        }
                    }
                    div.actions.stays { button.primary type="submit" { "Add what is chosen" } }
                }
            }
        }
    };
    Ok(Page::new("Add actions", Place::Policies, body).answer())
}

fn of_level(
    level: AccessLevel,
    actions: &[&Action],
    prefix: &str,
    granted: &BTreeSet<String>,
    fields: &Fields,
) -> Markup {
    let chosen = actions
        .iter()
        .any(|it| fields.has("add", &format!("{prefix}:{}", it.name)));
    let searched = fields.get("q").is_some();
    html! {
        details.level-group open[chosen || searched || actions.len() <= 40] {
            summary { (level.as_str()) " " span.dim { (counted(actions.len() as u64, "action", "actions")) } }
            ul.choices {
                @for action in actions {
                    @let name = format!("{prefix}:{}", action.name);
                    @let added = fields.has("add", &name);
                    li {
                        @if !added && granted.contains(&name.to_lowercase()) {
                            span.dim { "✓ " (action.name) }
                        } @else {
                            label.check { input type="checkbox" name="add" value=(name) checked[added]; (action.name) }
                        }
                    }
                }
            }
        }
    }
}
