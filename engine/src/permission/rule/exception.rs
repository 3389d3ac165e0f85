//! Events that IAM checks under another name, or under several: rows of `event_exceptions.tsv`.

use super::{Answer, PlannedAction, other_name};
use crate::permission::call::Call;
use crate::reference::Reference;

/// Begins the note of a row whose actions are alternatives.
const ONE_OF: &str = "one of these";

pub(super) fn rule(call: &Call<'_>, reference: &'static Reference) -> Option<Answer> {
    let of = |name: &str| reference.exception(call.event_source, name);
    // CloudFront and Lambda log the version of their API behind the name.
    let dated = || other_name::without_date(call.event_name).and_then(|name| of(&name));
    let exception = of(call.event_name).or_else(dated)?;
    let actions = exception.actions.iter().filter_map(|checked| {
        // A role that is passed is found in the request, with its ARN.
        if checked.prefix == "iam" && checked.name == "PassRole" {
            return None;
        }
        let action = reference.action(checked.prefix, checked.name)?;
        let planned = PlannedAction::new(action, call, reference);
        Some(PlannedAction {
            when: checked.when.clone(),
            by_statement: exception.note.starts_with(ONE_OF),
            ..planned.by("exception", exception.source)
        })
    });
    Some(Answer::Actions(actions.collect()))
}
