//! Events that IAM never checks: those of services, of the console, and calls that need no
//! permission.

use super::Answer;
use crate::permission::call::Call;
use crate::reference::Reference;

pub(super) fn rule(call: &Call<'_>, reference: &'static Reference) -> Option<Answer> {
    let event_type = call.event_type.unwrap_or_default();
    reference
        .not_permission(event_type, call.event_source, call.event_name)
        .map(|fact| Answer::Nothing { why: fact.source })
}
