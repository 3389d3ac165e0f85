//! Step Functions: an execution may be started by a version or an alias, whose ARN lies below that of
//! its state machine. A policy names both.

use super::{Found, Search};
use crate::permission::resource::arn_text::escaped;

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    if !search.accepts("statemachine") {
        return None;
    }
    let named = search.info.request().get("statemachinearn")?;
    let (machine, _) = named.rsplit_once(':')?;
    let is_below = machine.split(':').count() == 7 && machine.contains(":stateMachine:");
    is_below.then(|| {
        [machine, named]
            .map(|arn| Found::event(escaped(arn)))
            .to_vec()
    })
}
