//! Which roles did a call pass to a service?
//!
//! `iam:PassRole` is checked and never logged. It shows in members of the request that name a
//! role: rows of `pass_role.tsv`.

use super::call::CallInfo;
use super::members::{Member, normal};
use super::resource::{Place, escaped, escaped_name};
use super::{Condition, Origin, Permission};
use crate::reference::{Action, PassRoleKind, PassRoleMember, Reference};

const RULE: &str = "passed role";

/// The members by which calls of an action pass roles.
pub(super) struct PlannedRoles {
    members: Vec<PlannedMember>,
    passed_to: &'static [&'static str],
}

struct PlannedMember {
    row: &'static PassRoleMember,
    /// The end of its path, `containers[].roleArn`.
    name: String,
    /// What is around it there.
    around: String,
}

impl PlannedRoles {
    /// Those of the operation of this name, or of the one that is named as the action.
    pub(super) fn of(action: &Action, event_name: &str, reference: &'static Reference) -> Self {
        let rows = [event_name, action.name]
            .map(|operation| reference.pass_role_members(action.prefix, operation));
        let rows = rows.into_iter().find(|rows| !rows.is_empty());
        let rows = rows.unwrap_or_default();
        let members = rows.iter().filter_map(|row| {
            let mut parts = row.member?.rsplit('.').map(normal);
            Some(PlannedMember {
                row,
                name: parts.next()?,
                around: parts.next().unwrap_or_default(),
            })
        });
        Self {
            members: members.collect(),
            passed_to: reference.passed_to(action.prefix, action.name),
        }
    }

    /// The rule, and where its fact comes from.
    pub(super) fn rule(&self) -> Option<(&'static str, &'static str)> {
        self.members.first().map(|member| (RULE, member.row.source))
    }

    /// Appends `iam:PassRole` for each role that the call passed.
    pub(super) fn append(&self, permissions: &mut Vec<Permission>, info: &CallInfo<'_>) {
        let mut passed: Vec<Permission> = Vec::new();
        for planned in &self.members {
            for member in info.request().iter().filter(|it| planned.is(it)) {
                let Some(resource) = role(planned.row.kind, member.value, info) else {
                    continue;
                };
                if passed.iter().any(|known| known.resource == resource) {
                    continue;
                }
                let conditions = match self.passed_to {
                    [] => Vec::new(),
                    some => vec![Condition::new("StringEquals", "iam:PassedToService", some)],
                };
                passed.push(Permission {
                    action: "iam:PassRole".to_owned(),
                    resource,
                    origin: Origin::Inferred,
                    template: None,
                    conditions,
                    rule: RULE,
                    source: planned.row.source,
                });
            }
        }
        permissions.append(&mut passed);
    }
}

impl PlannedMember {
    fn is(&self, member: &Member<'_>) -> bool {
        member.name == self.name && (self.around.is_empty() || member.around == self.around)
    }
}

/// The ARN of the role that a value names.
fn role(kind: PassRoleKind, value: &str, info: &CallInfo<'_>) -> Option<String> {
    let Place {
        partition, account, ..
    } = Place::of(info);
    // The role of an instance profile is not in the log. Consoles give both the same name.
    // What a log says is never a wildcard: a call that fails may name any text as a role.
    let by_name =
        |name: &str| format!("arn:{partition}:iam::{account}:role/{}", escaped_name(name));
    let of_profile = || Some(by_name(value.rsplit('/').next()?));
    match kind {
        PassRoleKind::InstanceProfile => of_profile(),
        PassRoleKind::Unknown => None,
        PassRoleKind::Role if value.contains(":role/aws-service-role/") => None,
        PassRoleKind::Role if value.contains(":instance-profile/") => of_profile(),
        PassRoleKind::Role if value.starts_with("arn:") => {
            value.contains(":role/").then(|| escaped(value))
        }
        PassRoleKind::Role if value.contains(':') => None,
        PassRoleKind::Role => Some(by_name(value.trim_start_matches('/'))),
    }
}
