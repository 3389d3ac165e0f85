//! Does a resource control policy keep to what Organizations takes?
//!
//! It is about a list of services that grows. Whether a service is in it is not judged here.

use super::PolicyType;
use super::principal::element;
use super::subject::{Clause, Findings, Subject};
use crate::policy::Effect;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    if subject.policy_type != PolicyType::ResourceControl {
        return;
    }
    for clause in &subject.statements {
        match element(clause) {
            Some((false, element)) if element.node.as_str() == Some("*") => {}
            Some((_, element)) => {
                let details = "a resource control policy has \"Principal\": \"*\"; say whom it spares by a condition";
                findings.add("RCP_SYNTAX_ERROR_PRINCIPAL", &element, details);
            }
            None => {}
        }
        if let Some(element) = clause.spot.get("NotAction") {
            let details = "a resource control policy has no NotAction; name the actions";
            findings.add("RCP_SYNTAX_ERROR_NOTACTION", &element, details);
        }
        match clause.effect {
            Some(Effect::Allow) => allow(clause, findings),
            Some(Effect::Deny) => deny(clause, findings),
            None => {}
        }
    }
}

/// Only a policy like AWS's own, which lets all through, may allow.
fn allow(clause: &Clause<'_>, findings: &mut Findings<'_>) {
    let is_all = |(text, _): &(&str, _)| *text == "*";
    let all_resources = !clause.resources.but && clause.resources.items.iter().all(is_all);
    if !all_resources || clause.spot.get("Condition").is_some() {
        let spot = clause.spot.get("Effect");
        let spot = spot.as_ref().unwrap_or(&clause.spot);
        let details =
            "Allow is for all principals on all resources without a condition only; write a Deny";
        findings.add("RCP_SYNTAX_ERROR_ALLOW", spot, details);
    }
}

fn deny(clause: &Clause<'_>, findings: &mut Findings<'_>) {
    for (action, spot) in &clause.actions.items {
        let service = action.split(':').next().unwrap_or_default();
        if service.contains(['*', '?']) {
            let details = format!("`{action}` names no service; name one, as in s3:*");
            findings.add("RCP_SYNTAX_ERROR_ACTION", spot, details);
        }
    }
}
