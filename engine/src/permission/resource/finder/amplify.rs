//! Amplify: a backend environment is checked below its app, though the reference has no such type.

use super::{Found, Search};
use crate::permission::Origin;

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    // aws-amplify/amplify-cli issue 13720 was denied on `apps/ID/backendenvironments/`.
    let makes_one = search.planned.action.name == "CreateBackendEnvironment";
    let below = |app: &Found| Found {
        arn: format!("{}/backendenvironments/*", app.arn),
        origin: Origin::Created,
        template: None,
    };
    makes_one.then(|| search.generic_and(|it| (it.origin == Origin::Event).then(|| below(it))))
}
