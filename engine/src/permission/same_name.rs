//! The rule for nine events of ten: `s3.amazonaws.com` `GetObject` is `s3:GetObject`.

use super::{Answer, CallInfo, Rule};
use crate::reference::Reference;

pub(super) const RULE: Rule = Rule {
    name: "same name",
    answer,
};

fn answer<'r>(info: &CallInfo<'_>, reference: &'r Reference) -> Option<Answer<'r>> {
    let prefix = reference.prefix_of(info.call.event_source)?;
    let action = reference.action(prefix, info.call.event_name)?;
    Some(Answer::Actions(vec![action]))
}
