//! Names that differ from the action's by a habit of CloudTrail or of the service.
//!
//! Each guess counts only if an action of exactly that name exists.

use super::{Answer, PlannedAction};
use crate::permission::call::Call;
use crate::reference::{Action, Reference};

pub(super) fn rule(call: &Call<'_>, reference: &'static Reference) -> Option<Answer> {
    let prefix = reference.prefix_of(call.event_source)?;
    let (action, source) = undated(prefix, call.event_name, reference)
        .map(|action| (action, "a dated or versioned name of an action that exists"))
        .or_else(|| {
            documented(call, reference).map(|action| {
                (
                    action,
                    "botocore: the operation's documentation names the action",
                )
            })
        })
        .or_else(|| {
            sibling(prefix, call.event_name, reference).map(|action| {
                (
                    action,
                    "an action of the service that logs under this source",
                )
            })
        })
        .or_else(|| {
            plural(prefix, call.event_name, reference)
                .map(|action| (action, "the batch or plural form of an action that exists"))
        })?;
    let planned = PlannedAction::new(action, call, reference);
    Some(Answer::Actions(vec![planned.by("other name", source)]))
}

/// `ListFunctions20150331v2` is `ListFunctions`; `CreateDistribution2020_05_31` too.
fn undated(prefix: &str, name: &str, reference: &'static Reference) -> Option<&'static Action> {
    [without_date(name), without_version(name)]
        .into_iter()
        .flatten()
        .find_map(|name| reference.action(prefix, &name))
}

fn without_version(name: &str) -> Option<String> {
    let digits = name.trim_end_matches(|sign: char| sign.is_ascii_digit());
    let bare = digits.strip_suffix(['v', 'V'])?;
    (digits.len() < name.len()).then(|| bare.to_owned())
}

/// A name without a date behind it, and without a version behind that.
pub(super) fn without_date(name: &str) -> Option<String> {
    let undated = |name: &str| {
        let bare = name.trim_end_matches(|sign: char| sign.is_ascii_digit() || sign == '_');
        let date = name.get(bare.len()..)?.chars().filter(|c| *c != '_');
        let date: String = date.collect();
        (date.len() == 8 && date.starts_with("20")).then(|| bare.to_owned())
    };
    undated(name).or_else(|| undated(&without_version(name)?))
}

/// The one action of the same service that the operation's documentation names.
fn documented(call: &Call<'_>, reference: &'static Reference) -> Option<&'static Action> {
    let operation = reference
        .operations(call.event_source, call.event_name)
        .iter()
        .find(|operation| !operation.has_action)?;
    let mut own = operation.documented_actions.iter().filter_map(|named| {
        let (prefix, name) = named.split_once(':')?;
        (prefix == operation.prefix).then(|| reference.action(prefix, name))?
    });
    let first = own.next()?;
    own.next().is_none().then_some(first)
}

fn sibling(prefix: &str, name: &str, reference: &'static Reference) -> Option<&'static Action> {
    reference
        .siblings(prefix)
        .find_map(|sibling| reference.action(sibling, name))
}

/// `BatchGetItems` is `GetItem`, `CancelJobs` is `CancelJob`, and the other way round.
fn plural(prefix: &str, name: &str, reference: &'static Reference) -> Option<&'static Action> {
    let single = name.strip_prefix("Batch").unwrap_or(name);
    let candidates = [
        Some(single.to_owned()),
        single.strip_suffix("ies").map(|stem| format!("{stem}y")),
        single.strip_suffix("ses").map(|stem| format!("{stem}s")),
        single.strip_suffix('s').map(ToOwned::to_owned),
        Some(format!("{single}s")),
        Some(format!("Batch{single}")),
    ];
    candidates
        .into_iter()
        .flatten()
        .filter(|candidate| candidate != name)
        .find_map(|candidate| reference.action(prefix, &candidate))
}
