//! DynamoDB: batches and transactions name a table for each item, a query an index.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Found, Search};
use crate::permission::resource::arn_text::{escaped, escaped_name};
use crate::permission::rule::statement::{self, ITEMS, action_of_item};

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    if !search.accepts("table") {
        return None;
    }
    let request = || search.info.request();
    let action = search.planned.action.name;
    if action.starts_with("PartiQL") {
        let tables = tables_of_statements(search);
        let found = tables.into_iter().map(|table| {
            let table = escaped_name(&table).into_owned();
            Found::event(search.arn("dynamodb", &["table/", &table]))
        });
        return Some(found.collect());
    }
    // What is restored is written into the new table.
    if search.info.call.event_name.starts_with("RestoreTable") && !action.starts_with("Restore") {
        let table = escaped_name(request().get("targettablename")?);
        return Some(vec![Found::event(
            search.arn("dynamodb", &["table/", &table]),
        )]);
    }
    if search.accepts("index")
        && let Some(index) = request().get("indexname")
    {
        let table = match request().get("tablename")? {
            arn if arn.starts_with("arn:") => escaped(arn),
            name => search.arn("dynamodb", &["table/", &escaped_name(name)]),
        };
        let index = escaped_name(index);
        return Some(vec![Found::event(format!("{table}/index/{index}"))]);
    }
    // The tree is built only where it is needed.
    let has_items = ["Batch", "Transact", "Execute"]
        .iter()
        .any(|start| search.info.call.event_name.starts_with(start));
    if !has_items || !ITEMS.iter().any(|key| request().has(key)) {
        return None;
    }
    let value = search.info.request_value();
    let items = ITEMS.iter().find_map(|key| value.get(key))?;
    let mut tables = BTreeSet::new();
    gather(items, search.planned.action.name, &mut tables);
    let found = tables
        .into_iter()
        .map(|table| match table.starts_with("arn:") {
            true => Found::event(escaped(&table)),
            false => Found::event(search.arn("dynamodb", &["table/", &escaped_name(&table)])),
        });
    let mut found: Vec<Found> = found.collect();
    if found.is_empty() {
        let listed = search.named().into_iter();
        found.extend(
            listed
                .filter(|one| one.literal().contains(":table/"))
                .map(|one| Found::event(one.written().0)),
        );
    }
    Some(found)
}

/// The tables, and indexes behind them, that statements of the action's verb name.
fn tables_of_statements(search: Search<'_, '_>) -> BTreeSet<String> {
    let members = search.info.request().iter();
    let statements = members.filter(|member| member.name == "statement");
    let own = statements
        .filter(|member| statement::needs_action(search.planned.action.name, member.value));
    own.filter_map(|member| statement::table(member.value))
        .collect()
}

/// The tables of the items that need `action`.
fn gather(items: &Value, action: &str, tables: &mut BTreeSet<String>) {
    match items {
        Value::Array(items) => {
            for item in items {
                let other = action_of_item(item).is_some_and(|of_item| of_item != action);
                if !other {
                    gather_names(item, tables);
                }
            }
        }
        // `{"TABLE": {...}}`, as the API takes it.
        Value::Object(by_table) => tables.extend(by_table.keys().cloned()),
        _ => {}
    }
}

fn gather_names(item: &Value, tables: &mut BTreeSet<String>) {
    let Some(object) = item.as_object() else {
        return;
    };
    for (key, value) in object {
        match value {
            Value::String(table) if key.eq_ignore_ascii_case("tableName") => {
                tables.insert(table.clone());
            }
            Value::Object(_) => gather_names(value, tables),
            _ => {}
        }
    }
}
