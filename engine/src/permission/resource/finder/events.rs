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
    let resource = match bus.filter(|bus| *bus != "default") {
        Some(bus) => format!("rule/{}/{rule}", escaped_name(bus)),
        None => format!("rule/{rule}"),
    };
    Some(vec![Found::event(search.arn("events", &resource))])
}
