//! API Gateway's actions are HTTP methods, and its ARNs are the paths of its API.

use super::{Answer, PlannedAction};
use crate::permission::call::{Call, CallInfo};
use crate::permission::members::normal;
use crate::reference::{Reference, When};

/// What the path of an operation begins with in the second version of the API alone.
pub(in crate::permission) const SECOND: &str = "/v2";

/// Who gives tags to what is made is asked for the method that tags it later. For stages and VPC
/// links of the second version it is `apigateway:TagResource`, an action that AWS's reference does
/// not have.
const TAGGED: &str = "mattclay/aws-terminator pull request 284 (PUT) and \
    hashicorp/terraform-provider-aws issue 16023 (POST): denied on /tags/ with the encoded ARN";

pub(super) fn rule(call: &Call<'_>, reference: &'static Reference) -> Option<Answer> {
    let operations = reference
        .operations(call.event_source, call.event_name)
        .iter();
    let mut actions: Vec<PlannedAction> = Vec::new();
    for operation in operations.filter(|operation| !operation.has_action) {
        let planned = |method: &str| {
            let action = reference.action(operation.prefix, method)?;
            Some(PlannedAction {
                path: operation.request_uri,
                ..PlannedAction::new(action, call, reference)
            })
        };
        let Some(method) = operation.http_method else {
            continue;
        };
        let main = planned(method);
        actions.extend(
            main.map(|it| it.by("http method", "botocore: method and path of the operation")),
        );
        let path = operation.request_uri.unwrap_or_default();
        let tagging = match method {
            "POST" if !path.starts_with(SECOND) => Some("PUT"),
            "POST" if path == "/v2/apis" => Some("POST"),
            _ => None,
        };
        if let Some(method) = tagging {
            let tagging = planned(method);
            actions.extend(tagging.map(|it| PlannedAction {
                tags_made: true,
                when: When::AnyOf(vec!["tags"]),
                ..it.by("tags of what is made", TAGGED)
            }));
        }
    }
    (!actions.is_empty()).then_some(Answer::Actions(actions))
}

/// Of the operations of one name, the actions of the one that was called. Both versions of the API
/// have a `CreateStage`, and each has a name of its own for the id of an API.
pub(in crate::permission) fn called<'p>(
    actions: &'p [PlannedAction],
    info: &CallInfo<'_>,
) -> impl Iterator<Item = &'p PlannedAction> {
    let path = path_of_call(actions, info);
    actions
        .iter()
        .filter(move |action| path.is_none_or(|path| action.path == Some(path)))
}

/// The path that was called, if the name of the operation does not tell.
fn path_of_call(actions: &[PlannedAction], info: &CallInfo<'_>) -> Option<&'static str> {
    let paths = actions.iter().filter_map(|action| action.path);
    let first = paths.clone().next()?;
    if paths.clone().all(|path| path == first) {
        return Some(first);
    }
    let of_second = || {
        let resource = info.request().get("resourcearn");
        resource.is_some_and(|arn| arn.contains("::/apis/"))
    };
    let given = |path: &str| {
        let variables = variables(path);
        let given = variables.filter(|name| info.request().get(&normal(name)).is_some());
        (given.count(), path.starts_with(SECOND) && of_second())
    };
    // Of two that are alike the first is the older one, which CloudTrail names more often.
    paths.rev().max_by_key(|path| given(path))
}

/// The names in braces of a path.
pub(in crate::permission) fn variables(path: &str) -> impl Iterator<Item = &str> {
    path.split('{')
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
}
