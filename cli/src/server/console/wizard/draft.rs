//! Where are texts kept that somebody edits?
//!
//! Beside the job, under a name that nobody can guess and that is in the URL: a link to a page shows
//! the same text later, and it goes when the job goes.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::trouble::Trouble;
use crate::server::App;
use crate::server::error::ApiError;

/// Texts of policies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Draft {
    pub(super) documents: Vec<Named>,
}

/// The text of a policy, and what it is called.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) text: String,
}

impl Draft {
    /// Keeps the texts; their name.
    pub(super) fn keep(&self, app: &App, job: &str) -> Result<String, Trouble> {
        let name = Uuid::new_v4().to_string();
        let kept = tokio::task::block_in_place(|| app.jobs.keep_draft(job, &name, self));
        kept.map_err(ApiError::from)?;
        Ok(name)
    }

    /// The texts of this name.
    pub(super) fn read(app: &App, job: &str, name: &str) -> Result<Self, Trouble> {
        let gone = || {
            Trouble::not_found("the draft does not exist, or is no longer kept")
                .hint("go back to the step before")
        };
        let name = Uuid::parse_str(name).map_err(|_| gone())?.to_string();
        tokio::task::block_in_place(|| app.jobs.draft(job, &name)).map_err(|_| gone())
    }
}
