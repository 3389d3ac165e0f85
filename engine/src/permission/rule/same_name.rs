//! The rule for nine events of ten: `s3.amazonaws.com` `GetObject` is `s3:GetObject`.

use super::{Answer, PlannedAction};
use crate::permission::call::Call;
use crate::reference::Reference;

pub(super) fn rule(call: &Call<'_>, reference: &'static Reference) -> Option<Answer> {
    let prefix = reference.prefix_of(call.event_source)?;
    let action = reference.action(prefix, call.event_name)?;
    let planned = PlannedAction::new(action, call, reference);
    Some(Answer::Actions(vec![planned.by(
        "same name",
        "service authorization reference: an action of this name exists",
    )]))
}
