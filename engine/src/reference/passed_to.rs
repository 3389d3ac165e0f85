//! To which service is a role passed by an operation?

use super::load::{Cells, Row};

/// The services that a role is passed to by operations of a service.
#[derive(Debug)]
pub struct PassedTo {
    /// The prefix of the service.
    pub prefix: &'static str,
    /// The operation, or `*` for all of the service that have no row of their own.
    pub operation: &'static str,
    /// The end of the path of the member that names the role, or none for all that have no row of
    /// their own.
    pub member: Option<&'static str>,
    /// What `iam:PassedToService` is then, one of these.
    pub service_principals: Vec<&'static str>,
    /// The evidence.
    pub source: &'static str,
}

impl PassedTo {
    /// Whether the row is for the member of this path, `containers[].roleArn`.
    pub(super) fn is_of(&self, path: &str) -> bool {
        let before = self.member.and_then(|member| path.strip_suffix(member));
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    }
}

impl Row for PassedTo {
    fn parse(_: &'static str, mut cells: Cells) -> Option<PassedTo> {
        let row = PassedTo {
            prefix: cells.required()?,
            operation: cells.required()?,
            member: cells.optional(),
            service_principals: cells.list(),
            source: cells.required()?,
        };
        cells.end().map(|()| row)
    }

    fn key(&self) -> &'static str {
        self.prefix
    }
}

#[cfg(test)]
mod tests {
    use crate::reference::Reference;

    #[test]
    fn rows_are_of_operations_and_members_that_pass_a_role() {
        let reference = Reference::bundled();
        let mut unknown = Vec::new();
        for row in &reference.passed_to {
            let services = reference
                .services()
                .iter()
                .filter(|it| it.prefix == row.prefix);
            let members: Vec<_> = services.flat_map(|it| it.pass_role_members()).collect();
            let is_passed = members.iter().any(|it| {
                let of_operation = row.operation == "*" || it.operation == row.operation;
                let is_member = it.member.is_some_and(|path| row.is_of(path));
                of_operation && (row.member.is_none() || is_member)
            });
            if !is_passed {
                unknown.push((row.prefix, row.operation, row.member));
            }
        }
        assert_eq!(
            unknown,
            [("s3", "PutReplicationConfiguration", None)],
            "the action has another name than its operation"
        );
    }
}
