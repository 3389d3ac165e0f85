//! CodeBuild: builds are checked on their project, and reports on their group, with whose names
//! their ids begin.

use std::collections::BTreeSet;

use super::{Found, Search};
use crate::permission::resource::arn_text::{escaped, escaped_name};

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    if search.accepts("report-group") {
        return groups(search);
    }
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

/// The groups of reports, `report/GROUP:ID`.
fn groups(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let arns = search.info.request().arns();
    let groups: BTreeSet<String> = arns
        .filter_map(|member| {
            let (place, report) = member.value.split_once(":report/")?;
            let (group, _) = report.rsplit_once(':')?;
            Some(escaped(&format!("{place}:report-group/{group}")))
        })
        .collect();
    Some(groups.into_iter().map(Found::event).collect())
}
