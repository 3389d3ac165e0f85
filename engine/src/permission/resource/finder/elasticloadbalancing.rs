//! Elastic Load Balancing: both versions of the API share actions, of which the reference knows
//! the types of the first. What the second names is told by its ARN, or by its kind.

use super::{Found, Search};
use crate::permission::Origin;
use crate::permission::resource::arn_text::{escaped, escaped_name};

/// Kinds of load balancers in requests and in ARNs.
const KINDS: [(&str, &str); 3] = [
    ("application", "app"),
    ("network", "net"),
    ("gateway", "gwy"),
];

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let request = search.info.request();
    let made = |resource: &[&str]| {
        Some(vec![Found {
            origin: Origin::Partial,
            ..Found::event(search.arn("elasticloadbalancing", resource))
        }])
    };
    // The id that the service adds to a name is not known before.
    match (search.info.call.event_name, request.get("name")) {
        ("CreateLoadBalancer", Some(name)) => {
            let kind = request.get("type").unwrap_or("application");
            let (_, kind) = KINDS.iter().find(|(asked, _)| *asked == kind)?;
            return made(&["loadbalancer/", kind, "/", &escaped_name(name), "/*"]);
        }
        ("CreateTargetGroup", Some(name)) => {
            return made(&["targetgroup/", &escaped_name(name), "/*"]);
        }
        _ => {}
    }
    if search.planned.action.name == "AddTags" {
        // What is made for a load balancer or a listener has its ARN, under a name of its own.
        let (member, from, to) = match search.info.call.event_name {
            "CreateListener" => ("loadbalancerarn", ":loadbalancer/", ":listener/"),
            "CreateRule" => ("listenerarn", ":listener/", ":listener-rule/"),
            _ => ("", "", ""),
        };
        if let Some(arn) = request.get(member) {
            let arn = escaped(arn).replacen(from, to, 1);
            return Some(vec![Found {
                origin: Origin::Partial,
                ..Found::event(format!("{arn}/*"))
            }]);
        }
    }
    if !search.accepts("loadbalancer") {
        return None;
    }
    let named = search.named().into_iter();
    let named = named.filter(|one| one.literal().contains(":elasticloadbalancing:"));
    Some(named.map(|one| Found::event(one.written().0)).collect())
}
