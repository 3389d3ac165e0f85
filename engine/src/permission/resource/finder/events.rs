//! EventBridge: the ARN of a rule has the name of its bus, unless that is the default one.

use serde_json::Value;

use super::{Found, Search};
use crate::permission::resource::arn_text::escaped_name;

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    if search.info.call.event_name == "PutEvents" {
        return buses(search);
    }
    if !search.accepts("rule-on-default-event-bus") {
        return None;
    }
    let request = search.info.request();
    let rule = request.get("rule").or_else(|| request.get("name"))?;
    if rule.starts_with("arn:") {
        return None;
    }
    let bus = request.get("eventbusname");
    let bus = bus.map(|bus| bus.rsplit("event-bus/").next().unwrap_or(bus));
    let rule = escaped_name(rule);
    let arn = match bus.filter(|bus| *bus != "default") {
        Some(bus) => search.arn("events", &["rule/", &escaped_name(bus), "/", &rule]),
        None => search.arn("events", &["rule/", &rule]),
    };
    Some(vec![Found::event(arn)])
}

/// The buses of a call, of which an entry that names none has the default one.
fn buses(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let mut found = search.generic();
    let entries = search.info.request_value().get("entries")?.as_array()?;
    let is_default = |entry: &Value| entry.get("eventBusName").is_none_or(Value::is_null);
    let default = Found::event(search.arn("events", &["event-bus/default"]));
    if entries.iter().any(is_default) && !found.contains(&default) {
        found.push(default);
    }
    Some(found)
}
