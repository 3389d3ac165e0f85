//! Would policies made by the mapping have spared people the refusals that they met?
//!
//! `refusals.tsv` has what IAM refused: which call, which action, on which resource, as somebody
//! quoted it in public. The mapping sees the call as it would have been recorded, without the
//! message, and must come to an action and a resource that cover what was asked for.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fmt::Write as _;

use trailwright_engine::Arn;
use trailwright_engine::permission::{Call, Mapper, Needs, Permission};

/// A row of the table.
struct Refusal {
    event_source: &'static str,
    event_name: &'static str,
    /// What IAM asked for.
    action: &'static str,
    /// On what; none where the message does not say.
    resource: Option<&'static str>,
    /// Who quotes it.
    source: &'static str,
    /// As much of `requestParameters` as tells the resource and what else was needed.
    request: &'static str,
    /// Why the mapping cannot cover it.
    why_not: Option<&'static str>,
}

fn refusals() -> impl Iterator<Item = Refusal> {
    let lines = include_str!("refusals.tsv").lines();
    lines.filter(|line| !line.starts_with('#')).map(|line| {
        let mut cells = line.split('\t');
        let mut next = || cells.next().filter(|cell| !cell.is_empty());
        let refusal = Refusal {
            event_source: next().unwrap(),
            event_name: next().unwrap(),
            action: next().unwrap(),
            resource: next().filter(|cell| *cell != "-"),
            source: next().unwrap(),
            request: next().unwrap(),
            why_not: next(),
        };
        assert!(cells.next().is_none(), "{line}");
        refusal
    })
}

impl Refusal {
    /// What the mapping says that the call needed.
    fn permissions(&self) -> Vec<Permission> {
        let arn = self.resource.and_then(|it| it.parse::<Arn>().ok());
        let region = arn
            .map(|arn| arn.region)
            .filter(|region| !region.is_empty());
        let call = Call {
            event_source: self.event_source,
            event_name: self.event_name,
            event_type: Some("AwsApiCall"),
            aws_region: Some(region.as_deref().unwrap_or("us-east-1")),
            account: Some("123456789012"),
            principal: Some("arn:aws:iam::123456789012:role/caller"),
            request_parameters: Some(self.request),
            ..Call::default()
        };
        match Mapper::bundled().needs(&call) {
            Needs::Permissions(permissions) => permissions,
            Needs::Nothing { .. } | Needs::Unknown => Vec::new(),
        }
    }

    /// Whether one of `permissions` covers what was refused.
    fn is_covered_by(&self, permissions: &[Permission]) -> bool {
        let mut of_action = permissions
            .iter()
            .filter(|it| it.action.eq_ignore_ascii_case(self.action));
        of_action.any(|it| {
            self.resource
                .is_none_or(|refused| covers(&it.resource, refused))
        })
    }
}

/// Whether a policy's `pattern` covers the resource that was asked for. IAM says `role dev` of its own
/// resources, and `policy arn:aws:iam::123456789012:policy/dev`.
fn covers(pattern: &str, refused: &str) -> bool {
    if let Some((kind, name)) = refused.split_once(' ').filter(|(it, _)| !it.contains(':')) {
        return match name.starts_with("arn:") {
            true => covers(pattern, name),
            false => covers(pattern, &format!("arn:aws:iam::123456789012:{kind}/{name}")),
        };
    }
    match (pattern.parse::<Arn>(), refused.parse::<Arn>()) {
        _ if pattern == "*" => true,
        (Ok(pattern), Ok(refused)) => pattern.matches(&refused),
        _ => pattern == refused,
    }
}

#[test]
fn what_was_refused_is_covered_unless_the_table_says_why_not() {
    let mut wrong = String::new();
    for refusal in refusals() {
        let permissions = refusal.permissions();
        if refusal.is_covered_by(&permissions) == refusal.why_not.is_none() {
            continue;
        }
        let Refusal {
            event_name,
            action,
            source,
            ..
        } = refusal;
        let asked = refusal.resource.unwrap_or("-");
        let which = if refusal.why_not.is_some() {
            "now covered"
        } else {
            "not covered"
        };
        writeln!(
            wrong,
            "\n{event_name} ({source}): {which}: {action} on {asked}"
        )
        .unwrap();
        for it in permissions {
            writeln!(
                wrong,
                "  {} on {} ({})",
                it.action,
                it.resource,
                it.origin.as_str()
            )
            .unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn each_refusal_is_told_once() {
    let mut seen = BTreeSet::new();
    for it in refusals() {
        let asked = (it.event_source, it.event_name, it.action, it.resource);
        assert!(seen.insert(asked), "{asked:?} twice");
        serde_json::from_str::<serde_json::Value>(it.request).unwrap();
    }
}
