//! Did a launch template give tags to the instances that a call launched?
//!
//! Who launches by a template whose tags the request does not repeat needs the permission to tag
//! all the same. The response shows them.

use serde_json::Value;

use super::PlannedAction;
use crate::permission::call::CallInfo;

/// Whether the template that the request names gave tags, where `planned` is what that takes.
pub(super) fn given(planned: &PlannedAction, info: &CallInfo<'_>) -> bool {
    let is_it = info.call.event_name == "RunInstances" && planned.action.name == "CreateTags";
    is_it && info.by_launch_template() && instances(info).iter().any(is_tagged)
}

/// The instances that the response shows.
fn instances(info: &CallInfo<'_>) -> Vec<Value> {
    let text = info.call.response_elements.unwrap_or("null");
    let mut response: Value = serde_json::from_str(text).unwrap_or_default();
    match response.pointer_mut("/instancesSet/items").map(Value::take) {
        Some(Value::Array(instances)) => instances,
        _ => Vec::new(),
    }
}

/// Whether an instance has a tag that AWS does not give of itself, such as
/// `aws:ec2launchtemplate:id`.
fn is_tagged(instance: &Value) -> bool {
    let tags = instance.pointer("/tagSet/items").and_then(Value::as_array);
    let mut keys = tags
        .into_iter()
        .flatten()
        .filter_map(|tag| tag.get("key")?.as_str());
    keys.any(|key| !key.starts_with("aws:"))
}
