//! Can any role be passed to a service, or any service-linked role be created?

use super::PolicyType;
use super::subject::{Clause, Findings, Spot, Subject};
use crate::arn::wildcard;
use crate::contain::{action_covers, resource_covers};
use crate::pattern::arn_fields;
use crate::policy::Effect;

/// An action on roles, with the code for each way to allow it for all of them.
struct OnRoles {
    action: &'static str,
    /// The condition key that limits it to some services.
    limit: &'static str,
    what: &'static str,
    codes: [[&'static str; 2]; 3],
}

const ON_ROLES: [OnRoles; 2] = [
    OnRoles {
        action: "iam:PassRole",
        limit: "iam:PassedToService",
        what: "any role can be passed to any service; name the roles, or limit iam:PassedToService",
        codes: [
            [
                "PASS_ROLE_WITH_STAR_IN_RESOURCE",
                "PASS_ROLE_WITH_NOT_RESOURCE",
            ],
            [
                "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE",
                "PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE",
            ],
            [
                "PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION",
                "PASS_ROLE_WITH_NOT_ACTION_AND_NOT_RESOURCE",
            ],
        ],
    },
    OnRoles {
        action: "iam:CreateServiceLinkedRole",
        limit: "iam:AWSServiceName",
        what: "any service-linked role can be created; name them, or limit iam:AWSServiceName",
        codes: [
            [
                "CREATE_SLR_WITH_STAR_IN_RESOURCE",
                "CREATE_SLR_WITH_NOT_RESOURCE",
            ],
            [
                "CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE",
                "CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE",
            ],
            [
                "CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION",
                "CREATE_SLR_WITH_NOT_ACTION_AND_NOT_RESOURCE",
            ],
        ],
    },
];

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    // Others grant nothing, or nothing on roles.
    if subject.policy_type != PolicyType::Identity {
        return;
    }
    for clause in &subject.statements {
        for on_roles in &ON_ROLES {
            if clause.effect == Some(Effect::Allow) && !clause.tests_key(on_roles.limit) {
                statement(clause, on_roles, findings);
            }
        }
    }
}

fn statement(clause: &Clause<'_>, on_roles: &OnRoles, findings: &mut Findings<'_>) {
    let mut granting = clause
        .actions
        .items
        .iter()
        .filter(|(action, _)| action_covers(action, on_roles.action));
    let by_action = match (clause.actions.but, granting.next()) {
        (true, None) if clause.spot.get("NotAction").is_some() => 2,
        (false, Some((action, _))) if action.contains(['*', '?']) => 1,
        (false, Some(_)) => 0,
        _ => return,
    };
    let (by_resource, spot): (usize, Option<Spot<'_>>) = if clause.resources.but {
        (1, clause.spot.get("NotResource"))
    } else {
        let mut items = clause.resources.items.iter();
        let all = items.find(|(resource, _)| covers_all_roles(resource));
        (0, all.map(|(_, spot)| spot.clone()))
    };
    let code = on_roles
        .codes
        .get(by_action)
        .and_then(|it| it.get(by_resource));
    if let (Some(code), Some(spot)) = (code, spot) {
        findings.add(code, &spot, on_roles.what);
    }
}

/// Whether a resource pattern has all roles of the accounts that it names.
fn covers_all_roles(resource: &str) -> bool {
    let fields = arn_fields(resource);
    match fields.as_slice() {
        [_, partition, service, region, account, _] if wildcard(service, "iam") => {
            let roles = format!("arn:{partition}:{service}:{region}:{account}:role/*");
            resource_covers(resource, &roles)
        }
        [_, _, _, _, _, _] => false,
        _ => resource_covers(resource, "arn:aws:iam::111122223333:role/*"),
    }
}
