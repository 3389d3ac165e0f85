//! Which type of resource does an id name by what it begins with?

use super::load::{Cells, Row};

/// How the ids of a type of resource begin.
#[derive(Debug)]
pub struct IdPrefix {
    /// The prefix of the service.
    pub prefix: &'static str,
    /// What the ids begin with, such as `vol-`.
    pub id_prefix: &'static str,
    /// The name of the resource type.
    pub resource_type: &'static str,
    /// The evidence.
    pub source: &'static str,
}

impl Row for IdPrefix {
    fn parse(_: &'static str, mut cells: Cells) -> Option<IdPrefix> {
        let row = IdPrefix {
            prefix: cells.required()?,
            id_prefix: cells.required()?,
            resource_type: cells.required()?,
            source: cells.required()?,
        };
        cells.end().map(|()| row)
    }

    fn key(&self) -> &'static str {
        self.prefix
    }
}
