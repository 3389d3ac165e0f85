//! Which actions do the statements and items in a request need?
//!
//! A PartiQL statement needs the action of its verb, a transaction that of each of its items.
//! Where the event hides them, no action is known.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::permission::call::CallInfo;

/// The verb of a PartiQL statement, and the action that it needs.
const VERBS: [(&str, &str); 4] = [
    ("SELECT", "PartiQLSelect"),
    ("INSERT", "PartiQLInsert"),
    ("UPDATE", "PartiQLUpdate"),
    ("DELETE", "PartiQLDelete"),
];

/// The members that hold the items of a batch or a transaction, as the API names them and as they
/// are logged.
pub(in crate::permission) const ITEMS: [&str; 4] = [
    "requestItems",
    "transactItems",
    "RequestItems",
    "TransactItems",
];

/// Operation of an item in a transaction, and the action that it needs.
const ITEM_ACTIONS: [(&str, &str); 6] = [
    ("put", "PutItem"),
    ("update", "UpdateItem"),
    ("delete", "DeleteItem"),
    ("conditioncheck", "ConditionCheckItem"),
    ("check", "ConditionCheckItem"),
    ("get", "GetItem"),
];

/// Whether a statement of the request needs `action`.
pub(super) fn needs(action: &str, info: &CallInfo<'_>) -> bool {
    let members = info.request().iter();
    let mut statements = members.filter(|member| member.name == "statement");
    statements.any(|member| needs_action(action, member.value))
}

/// Whether a statement needs `action`, by its verb.
pub(in crate::permission) fn needs_action(action: &str, statement: &str) -> bool {
    let verb = condition(statement).split_whitespace().next();
    verb.is_some_and(|verb| VERBS.contains(&(verb.to_uppercase().as_str(), action)))
}

/// The statement itself, or that in the condition of a transaction, `EXISTS(SELECT ...)`.
fn condition(statement: &str) -> &str {
    let statement = statement.trim_start();
    let (word, rest) = statement.split_at_checked(6).unwrap_or((statement, ""));
    let inner = rest.trim_start().strip_prefix('(');
    inner
        .filter(|_| word.eq_ignore_ascii_case("exists"))
        .unwrap_or(statement)
}

/// The table that a statement is about, with `/index/NAME` behind it if it reads an index.
pub(in crate::permission) fn table(statement: &str) -> Option<String> {
    // `SELECT ... FROM "table"."index"`, `INSERT INTO table`, `UPDATE "table"`, `DELETE FROM table`.
    let statement = condition(statement);
    let upper = statement.to_ascii_uppercase();
    let behind = |word: &str| {
        let at = upper.find(&format!(" {word} "))? + word.len() + 2;
        statement.get(at..)
    };
    let verb = upper.split_whitespace().next()?;
    let named = match verb {
        "SELECT" | "DELETE" => behind("FROM"),
        "INSERT" => behind("INTO"),
        "UPDATE" => statement.trim_start().get(verb.len()..),
        _ => None,
    }?;
    let (table, rest) = name(named.trim_start())?;
    let index = rest.strip_prefix('.').and_then(name);
    Some(match index {
        Some((index, _)) => format!("{table}/index/{index}"),
        None => table.to_owned(),
    })
}

/// The name that a text begins with, in quotes or bare, and what is behind it.
fn name(text: &str) -> Option<(&str, &str)> {
    let quoted = text.strip_prefix('"').and_then(|text| text.split_once('"'));
    let is_part = |sign: char| sign.is_ascii_alphanumeric() || sign == '_' || sign == '-';
    let bare = || text.split_at(text.find(|sign| !is_part(sign)).unwrap_or(text.len()));
    let (name, rest) = quoted.unwrap_or_else(bare);
    (!name.is_empty()).then_some((name, rest))
}

/// Whether an item of the transaction needs `action`.
pub(super) fn items_need(action: &str, info: &CallInfo<'_>) -> bool {
    let request = info.request_value();
    let items = ITEMS.iter().find_map(|key| request.get(key));
    let items = items.and_then(Value::as_array).into_iter().flatten();
    let actions: BTreeSet<&str> = items.filter_map(action_of_item).collect();
    actions.contains(action)
}

/// The action that an item of a transaction needs.
pub(in crate::permission) fn action_of_item(item: &Value) -> Option<&'static str> {
    let named = ["operation", "Operation"]
        .iter()
        .find_map(|key| item.get(key)?.as_str());
    let named = named.map(str::to_lowercase);
    let keys = item.as_object()?.keys().map(|key| key.to_lowercase());
    let mut words = named.into_iter().chain(keys);
    words.find_map(|word| {
        let found = ITEM_ACTIONS
            .iter()
            .find(|(operation, _)| *operation == word);
        found.map(|(_, action)| *action)
    })
}
