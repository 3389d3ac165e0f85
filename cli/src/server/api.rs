//! Our own API: what Access Analyzer's has no words for. `openapi.json` describes it.

mod activity;
mod apply;
mod coverage;
mod diff;
mod events;
mod jobs;
mod openapi;
mod policies;
mod principals;
mod request;
mod sql;

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, delete, get, post};

use super::App;
pub(super) use apply::roll_back;
pub(super) use events::answer as events;
pub(super) use sql::rows;

/// An operation: its method, its path below `/api/v1`, and what answers it.
type Operation = (&'static str, &'static str, MethodRouter<Arc<App>>);

/// The operations, in the order of a user's questions.
fn operations() -> Vec<Operation> {
    vec![
        ("get", "/openapi.json", get(openapi::answer)),
        ("get", "/coverage", get(coverage::answer)),
        ("get", "/principals", get(principals::answer)),
        ("get", "/activity", get(activity::answer)),
        ("post", "/sql", post(sql::answer)),
        ("get", "/queries", get(sql::list)),
        ("post", "/queries/{name}", post(sql::named)),
        ("post", "/policies", post(policies::answer)),
        ("post", "/proofs", post(policies::prove)),
        ("post", "/files", post(policies::write)),
        ("post", "/diffs", post(diff::answer)),
        ("get", "/jobs", get(jobs::list)),
        ("post", "/jobs", post(jobs::start)),
        ("get", "/jobs/{jobId}", get(jobs::one)),
        ("delete", "/jobs/{jobId}", delete(jobs::cancel)),
        ("get", "/events", get(events::answer)),
        ("post", "/apply", post(apply::answer)),
        ("post", "/rollback", post(apply::undo)),
    ]
}

/// The routes below `/api/v1`.
pub(super) fn routes() -> Router<Arc<App>> {
    operations()
        .into_iter()
        .fold(Router::new(), |router, (_, path, answer)| {
            router.route(path, answer)
        })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    #[test]
    fn each_operation_is_described_and_each_description_is_of_one() {
        let document: Value = serde_json::from_str(openapi::DOCUMENT).unwrap();
        let mut described = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for method in methods.as_object().unwrap().keys() {
                described.insert((method.clone(), path.clone()));
            }
        }
        let there: BTreeSet<(String, String)> = operations()
            .iter()
            .map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned()))
            .collect();
        assert_eq!(there, described);
    }
}
