//! API Gateway's actions are HTTP methods, and its ARNs are the paths of its API.

use super::{Answer, PlannedAction};
use crate::permission::call::{Call, CallInfo};
use crate::permission::members::normal;
use crate::reference::Reference;

pub(super) fn rule(call: &Call<'_>, reference: &'static Reference) -> Option<Answer> {
    let operations = reference
        .operations(call.event_source, call.event_name)
        .iter();
    let actions: Vec<PlannedAction> = operations
        .filter(|operation| !operation.has_action)
        .filter_map(|operation| {
            let action = reference.action(operation.prefix, operation.http_method?)?;
            let planned = PlannedAction::new(action, call, reference);
            Some(PlannedAction {
                path: operation.request_uri,
                ..planned.by("http method", "botocore: method and path of the operation")
            })
        })
        .collect();
    (!actions.is_empty()).then_some(Answer::Actions(actions))
}

/// Of the operations of one name, the one that was called. Both versions of the API have a
/// `CreateStage`, and each has a name of its own for the id of an API.
pub(in crate::permission) fn called<'p>(
    actions: &'p [PlannedAction],
    info: &CallInfo<'_>,
) -> &'p [PlannedAction] {
    let given = |action: &PlannedAction| {
        let variables = variables(action.path.unwrap_or_default());
        variables
            .filter(|name| info.request().get(&normal(name)).is_some())
            .count()
    };
    let paths = actions
        .iter()
        .filter(|action| action.path.is_some())
        .count();
    if paths < 2 || paths < actions.len() {
        return actions;
    }
    // Of two that are alike the first is the older one, which CloudTrail names more often.
    let best = actions
        .iter()
        .enumerate()
        .max_by_key(|(i, action)| (given(action), actions.len() - i));
    best.and_then(|(i, _)| actions.get(i..=i))
        .unwrap_or(actions)
}

/// The names in braces of a path.
pub(in crate::permission) fn variables(path: &str) -> impl Iterator<Item = &str> {
    path.split('{')
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
}
