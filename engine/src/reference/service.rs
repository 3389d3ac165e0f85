//! Which services does IAM know, and what belongs to each?

use std::sync::OnceLock;

use super::load::{self, Cells, Row, Table};
use super::{Action, Operation, PassRoleMember, ResourceType};

/// A service as IAM sees it: the part of an action before the colon.
#[derive(Debug)]
pub struct Service {
    /// The prefix of its actions, such as `s3`.
    pub prefix: &'static str,
    /// Its name, such as `Amazon S3`.
    pub name: &'static str,
    actions: OnceLock<Vec<Action>>,
    resource_types: OnceLock<Vec<ResourceType>>,
    operations: OnceLock<Vec<Operation>>,
    pass_role_members: OnceLock<Vec<PassRoleMember>>,
}

impl Service {
    /// Its actions, sorted by name.
    pub fn actions(&self) -> &[Action] {
        self.section(&self.actions, &load::ACTIONS)
    }

    /// Its resource types, sorted by name.
    pub fn resource_types(&self) -> &[ResourceType] {
        self.section(&self.resource_types, &load::RESOURCE_TYPES)
    }

    /// Its noteworthy operations, sorted by name.
    pub(super) fn operations(&self) -> &[Operation] {
        self.section(&self.operations, &load::OPERATIONS)
    }

    /// The members of its requests that pass a role, sorted by operation.
    pub(super) fn pass_role_members(&self) -> &[PassRoleMember] {
        self.section(&self.pass_role_members, &load::PASS_ROLE)
    }

    fn section<'a, R: Row>(&self, cell: &'a OnceLock<Vec<R>>, table: &'static Table) -> &'a [R] {
        cell.get_or_init(|| load::rows(self.prefix, table.section(self.prefix).lines()))
    }
}

impl Row for Service {
    fn parse(_: &'static str, mut cells: Cells) -> Option<Service> {
        let service = Service {
            prefix: cells.required()?,
            name: cells.required()?,
            actions: OnceLock::new(),
            resource_types: OnceLock::new(),
            operations: OnceLock::new(),
            pass_role_members: OnceLock::new(),
        };
        cells.end().map(|()| service)
    }

    fn key(&self) -> &'static str {
        self.prefix
    }
}
