//! EventBridge: the ARN of a rule has the name of its bus, unless that is the default one.

use super::{Found, Search};
use crate::permission::resource::arn_text::escaped_name;

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
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
