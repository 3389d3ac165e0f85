//! Events that IAM never checks: those of services, of the console, and calls that need no
//! permission.

use super::{Answer, CallInfo, Rule};
use crate::reference::Reference;

pub(super) const RULE: Rule = Rule {
    name: "no permission",
    answer,
};

fn answer<'r>(info: &CallInfo<'_>, reference: &'r Reference) -> Option<Answer<'r>> {
    let call = info.call;
    reference
        .not_permission(
            call.event_type.unwrap_or_default(),
            call.event_source,
            call.event_name,
        )
        .map(|fact| Answer::Nothing {
            why: fact.source.to_owned(),
        })
}
