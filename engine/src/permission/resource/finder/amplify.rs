//! Amplify: a backend environment is checked below its app, though the reference has no such type.

use super::{Found, Search};
use crate::permission::Origin;

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let mut found = search.generic();
    // aws-amplify/amplify-cli issue 13720 was denied on `apps/ID/backendenvironments/`.
    if search.planned.action.name == "CreateBackendEnvironment" {
        let below: Vec<Found> = found
            .iter()
            .filter(|it| it.origin == Origin::Event)
            .map(|app| Found {
                arn: format!("{}/backendenvironments/*", app.arn),
                origin: Origin::Created,
                template: None,
            })
            .collect();
        found.extend(below);
    }
    Some(found)
}
