//! CodeBuild: builds are checked on their project, whose name their ids begin with.

use std::collections::BTreeSet;

use super::{Found, Search};
use crate::permission::resource::arn_text::escaped_name;

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    if !search.accepts("project") {
        return None;
    }
    let members = search.info.request().iter();
    let ids = members.filter(|member| matches!(member.name, "id" | "ids") && member.depth == 1);
    let projects: BTreeSet<&str> = ids
        .filter_map(|id| {
            // An id may be the ARN of the build.
            let id = id.value.rsplit("build/").next()?;
            Some(id.split_once(':')?.0)
        })
        .collect();
    let found = projects.into_iter().map(|project| {
        Found::event(search.arn("codebuild", &["project/", &escaped_name(project)]))
    });
    Some(found.collect())
}
