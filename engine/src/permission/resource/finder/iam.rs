//! IAM: calls about oneself do not say so, and a path makes part of a name.

use super::{Found, Search};
use crate::permission::Origin;
use crate::permission::resource::arn_text::escaped_name;

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let request = search.info.request();
    // A role linked to a service is named by the service, with a path that tells which.
    if search.planned.action.name == "CreateServiceLinkedRole" {
        let (partition, account) = (search.place.partition, search.place.account);
        let service = escaped_name(request.get("awsservicename")?);
        return Some(vec![Found {
            origin: Origin::Partial,
            ..Found::event(format!(
                "arn:{partition}:iam::{account}:role/aws-service-role/{service}/*"
            ))
        }]);
    }
    // A provider of identities is named by its URL, without what is in front of its host.
    if search.planned.action.name == "CreateOpenIDConnectProvider" {
        let (partition, account) = (search.place.partition, search.place.account);
        let (_, host) = request.get("url")?.split_once("://")?;
        let host = escaped_name(host.trim_end_matches('/'));
        return Some(vec![Found::event(format!(
            "arn:{partition}:iam::{account}:oidc-provider/{host}"
        ))]);
    }
    // `task/aws-service-role/SERVICE/ROLE/ID` deletes a role linked to a service.
    if search.planned.action.name == "GetServiceLinkedRoleDeletionStatus" {
        let task = request.get("deletiontaskid")?;
        let (role, _) = task.strip_prefix("task/")?.rsplit_once('/')?;
        let (partition, account) = (search.place.partition, search.place.account);
        let role = escaped_name(role);
        return Some(vec![Found::event(format!(
            "arn:{partition}:iam::{account}:role/{role}"
        ))]);
    }
    // A call without a user's name is about the user who calls. That of a refused call may not
    // have been recorded.
    let is_own = search.info.takes_defaults() && request.get("username").is_none();
    if is_own && search.accepts("user") {
        let own = search
            .info
            .call
            .principal
            .filter(|arn| arn.contains(":user/"));
        return Some(
            own.map(|arn| Found::event(escaped(arn)))
                .into_iter()
                .collect(),
        );
    }
    // Roles that services make have a path that their name begins to tell.
    if let Some(name) = request.get("rolename").filter(|_| search.accepts("role")) {
        let paths = [
            ("AWSServiceRoleFor", "aws-service-role/*/"),
            ("AWSReservedSSO_", "aws-reserved/sso.amazonaws.com/*"),
        ];
        let path = paths.iter().find(|(start, _)| name.starts_with(start));
        if let Some((_, path)) = path {
            let (partition, account) = (search.place.partition, search.place.account);
            let name = escaped_name(name);
            return Some(vec![Found {
                origin: Origin::Partial,
                ..Found::event(format!("arn:{partition}:iam::{account}:role/{path}{name}"))
            }]);
        }
    }
    // What is created gets the path that the request gives.
    let path = request.get("path").filter(|path| *path != "/")?;
    let kinds = [
        "role",
        "user",
        "group",
        "policy",
        "instanceprofile",
        "servercertificate",
    ];
    let (kind, name) = kinds.iter().find_map(|kind| {
        let name = request.get(&format!("{kind}name"))?;
        let resource = match *kind {
            "instanceprofile" => "instance-profile",
            "servercertificate" => "server-certificate",
            other => other,
        };
        search.accepts(resource).then_some((resource, name))
    })?;
    let makes = ["Create", "Upload"];
    let made_by = search.info.call.event_name;
    if !makes.iter().any(|verb| made_by.starts_with(verb)) {
        return None;
    }
    let (partition, account) = (search.place.partition, search.place.account);
    let path = escaped_name(path.trim_matches('/'));
    let name = escaped_name(name);
    Some(vec![Found::event(format!(
        "arn:{partition}:iam::{account}:{kind}/{path}/{name}"
    ))])
}

fn escaped(arn: &str) -> String {
    crate::permission::resource::arn_text::escaped(arn)
}
