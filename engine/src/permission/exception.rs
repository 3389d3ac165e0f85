//! Events that IAM checks under another name, or under several: rows of `event_exceptions.tsv`.

use super::{Answer, CallInfo, Rule};
use crate::reference::Reference;

pub(super) const RULE: Rule = Rule {
    name: "exception",
    answer,
};

fn answer<'r>(info: &CallInfo<'_>, reference: &'r Reference) -> Option<Answer<'r>> {
    let call = info.call;
    let exception = reference.exception(call.event_source, call.event_name)?;
    let has = |member: &str| info.request().get(member).is_some_and(|v| !v.is_null());
    let actions: Vec<_> = exception
        .actions
        .iter()
        .filter(|action| action.when.holds(has))
        .filter_map(|action| reference.action(action.prefix, action.name))
        .collect();
    if actions.is_empty() {
        return exception.actions.is_empty().then(|| Answer::Nothing {
            why: exception.source.to_owned(),
        });
    }
    Some(Answer::Actions(actions))
}
