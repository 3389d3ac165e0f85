//! Which actions does a service have, and on what do they act?

use super::load::{Cells, Row};

/// An action that a policy can allow, such as `s3:GetObject`.
#[derive(Debug)]
pub struct Action {
    /// The prefix of its service.
    pub prefix: &'static str,
    /// Its name as AWS spells it.
    pub name: &'static str,
    /// Mostly one; an action that writes tags or permissions has two.
    pub access_levels: Vec<AccessLevel>,
    /// The types of resource that it can be limited to. If empty, only `*` can be allowed.
    pub resource_types: Vec<ActionResourceType>,
    /// The condition keys that AWS documents for it, for any of its resource types.
    pub condition_keys: Vec<&'static str>,
    /// What AWS says is needed besides, as `prefix:Name`. Mostly separate calls with their own events.
    pub dependent_actions: Vec<&'static str>,
}

/// A type of resource that an action takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionResourceType {
    /// The name of a [`ResourceType`](super::ResourceType) of the same service.
    pub name: &'static str,
    /// Must a policy that limits the action name a resource of this type?
    pub required: bool,
}

/// What an action does, in AWS's five levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccessLevel {
    /// Names resources, and shows none of their contents.
    List,
    /// Reads contents or attributes.
    Read,
    /// Creates, deletes or changes.
    Write,
    /// Changes tags only.
    Tagging,
    /// Changes who may do what.
    PermissionsManagement,
}

impl AccessLevel {
    /// The level as AWS writes it: `Permissions management`.
    pub fn as_str(self) -> &'static str {
        match self {
            AccessLevel::List => "List",
            AccessLevel::Read => "Read",
            AccessLevel::Write => "Write",
            AccessLevel::Tagging => "Tagging",
            AccessLevel::PermissionsManagement => "Permissions management",
        }
    }

    fn parse(text: &str) -> Option<AccessLevel> {
        use AccessLevel::{List, PermissionsManagement, Read, Tagging, Write};
        [List, Read, Write, Tagging, PermissionsManagement]
            .into_iter()
            .find(|it| it.as_str() == text)
    }
}

impl ActionResourceType {
    fn parse(text: &'static str) -> ActionResourceType {
        let name = text.trim_end_matches('*');
        ActionResourceType {
            name,
            required: name != text,
        }
    }
}

impl Row for Action {
    fn parse(prefix: &'static str, mut cells: Cells) -> Option<Action> {
        let action = Action {
            prefix,
            name: cells.required()?,
            access_levels: cells
                .list()
                .into_iter()
                .map(AccessLevel::parse)
                .collect::<Option<_>>()?,
            resource_types: cells
                .list()
                .into_iter()
                .map(ActionResourceType::parse)
                .collect(),
            condition_keys: cells.list(),
            dependent_actions: cells.list(),
        };
        cells.end().map(|()| action)
    }

    fn key(&self) -> &'static str {
        self.name
    }
}
