//! Which roles did a call pass to a service?
//!
//! `iam:PassRole` is checked and never logged. It shows in members of the request that name a
//! role: rows of `pass_role.tsv`.

use super::call::CallInfo;
use super::members::{Member, Members, SAYS_NOTHING, normal};
use super::resource::{Place, escaped, escaped_name};
use super::{Condition, Origin, Permission};
use crate::reference::{Action, PassRoleKind, PassRoleMember, Reference};

const RULE: &str = "passed role";

/// The members by which calls of an action pass roles.
pub(super) struct PlannedRoles {
    members: Vec<PlannedMember>,
}

struct PlannedMember {
    row: &'static PassRoleMember,
    /// The end of its path, `containers[].roleArn`.
    name: String,
    /// What is around it there.
    around: String,
    passed_to: &'static [&'static str],
}

impl PlannedRoles {
    /// Those of the operation of this name, or of the one that is named as the action.
    pub(super) fn of(action: &Action, event_name: &str, reference: &'static Reference) -> Self {
        let rows = [event_name, action.name]
            .map(|operation| reference.pass_role_members(action.prefix, operation));
        let rows = rows.into_iter().find(|rows| !rows.is_empty());
        let rows = rows.unwrap_or_default();
        let members = rows.iter().filter_map(|row| {
            let member = row.member?;
            let told = |part: &String| !SAYS_NOTHING.contains(&part.as_str());
            let mut parts = member.rsplit('.').map(normal).filter(told);
            Some(PlannedMember {
                row,
                name: parts.next()?,
                around: parts.next().unwrap_or_default(),
                passed_to: reference.passed_to(action.prefix, [event_name, action.name], member),
            })
        });
        Self {
            members: members.collect(),
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
            for member in planned.given(info) {
                let Some(role) = role(planned.row.kind, member.value, info) else {
                    continue;
                };
                let conditions = planned.conditions(info);
                let is_known = |known: &Permission| {
                    known.resource == role.arn && known.conditions == conditions
                };
                if passed.iter().any(is_known) {
                    continue;
                }
                passed.push(Permission {
                    action: "iam:PassRole".to_owned(),
                    resource: role.arn,
                    origin: role.origin,
                    template: role.template,
                    conditions,
                    rule: RULE,
                    source: planned.row.source,
                });
            }
        }
        permissions.append(&mut passed);
    }
}

impl PlannedRoles {
    /// The instance profiles that a call passed, as names or ARNs, behind the resource that stands for
    /// the roles in them. None if it passed none.
    pub(super) fn profiles(&self, info: &CallInfo<'_>) -> Option<(String, Vec<String>)> {
        let mut profiles = Vec::new();
        for planned in &self.members {
            for member in planned.given(info) {
                let is_arn = member.value.starts_with("arn:");
                let of_kind = match planned.row.kind {
                    PassRoleKind::InstanceProfile => true,
                    PassRoleKind::Role | PassRoleKind::RoleArn => {
                        is_arn && member.value.contains(":instance-profile/")
                    }
                    PassRoleKind::Unknown => false,
                };
                if of_kind {
                    profiles.push(member.value.to_owned());
                }
            }
        }
        (!profiles.is_empty()).then(|| (every_role(info), profiles))
    }
}

/// Stands for the role of an instance profile, which is not in the event and may bear any name.
fn every_role(info: &CallInfo<'_>) -> String {
    let Place {
        partition, account, ..
    } = Place::of(info);
    format!("arn:{partition}:iam::{account}:role/*")
}

impl PlannedMember {
    /// To which services alone.
    fn conditions(&self, info: &CallInfo<'_>) -> Vec<Condition> {
        let mut services: Vec<String> = self.passed_to.iter().map(|&it| it.to_owned()).collect();
        if services.is_empty() {
            return Vec::new();
        }
        if Place::of(info).partition == "aws-cn" {
            // Some services bear the name of the region's domain there.
            let own = self.passed_to.iter().map(|service| format!("{service}.cn"));
            services.extend(own);
        }
        let key = "iam:PassedToService";
        vec![Condition::of("StringEquals", key, services)]
    }

    /// The members that name what is passed: of the request, or of the response where a launch
    /// template that the request names gives an instance profile.
    fn given<'m>(&self, info: &'m CallInfo<'_>) -> Vec<Member<'m>> {
        let of = |members: &'m Members<'_>| -> Vec<Member<'m>> {
            members.iter().filter(|it| self.is(it)).collect()
        };
        let given = of(info.request());
        let of_profile = self.row.kind == PassRoleKind::InstanceProfile;
        match given.is_empty() && of_profile && info.by_launch_template() {
            true => of(info.response()),
            false => given,
        }
    }

    fn is(&self, member: &Member<'_>) -> bool {
        member.name == self.name && (self.around.is_empty() || member.around == self.around)
    }
}

/// A role that was passed.
struct Role {
    arn: String,
    origin: Origin,
    template: Option<&'static str>,
}

const TEMPLATE: &str = "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}";

/// The role that a value names.
fn role(kind: PassRoleKind, value: &str, info: &CallInfo<'_>) -> Option<Role> {
    let Place {
        partition, account, ..
    } = Place::of(info);
    let by_name = |name: &str| format!("arn:{partition}:iam::{account}:role/{name}");
    let of_profile = || {
        Some(Role {
            arn: every_role(info),
            origin: Origin::Widened,
            template: Some(TEMPLATE),
        })
    };
    let told = |arn: String| Role {
        arn,
        origin: Origin::Inferred,
        template: None,
    };
    match kind {
        PassRoleKind::InstanceProfile => of_profile(),
        PassRoleKind::Unknown => None,
        PassRoleKind::Role | PassRoleKind::RoleArn if value.starts_with("arn:") => {
            if value.contains(":instance-profile/") {
                return of_profile();
            }
            let is_passed = value.contains(":role/") && !value.contains(":role/aws-service-role/");
            (is_passed && !is_foreign(value, info)).then(|| told(escaped(value)))
        }
        PassRoleKind::Role if !value.contains(':') => {
            Some(told(by_name(&escaped_name(value.trim_start_matches('/')))))
        }
        PassRoleKind::Role | PassRoleKind::RoleArn => None,
    }
}

/// Whether a role is of an account that is neither called nor the caller's. Such a role is assumed by
/// those who work with it, and never passed (IAM user guide, `id_roles_use_passrole`).
fn is_foreign(role: &str, info: &CallInfo<'_>) -> bool {
    fn account(arn: &str) -> Option<&str> {
        arn.split(':').nth(4).filter(|account| account.len() == 12)
    }
    let own = [info.call.account, info.call.principal.and_then(account)];
    let of_role = account(role);
    of_role.is_some() && own.iter().any(Option::is_some) && !own.contains(&of_role)
}
