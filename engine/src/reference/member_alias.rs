//! Under which request member is a variable of an ARN template given, where its name does not tell?

use super::load::{Cells, Row};

/// The request members that give a variable of a resource type's ARN template.
#[derive(Debug)]
pub struct MemberAlias {
    /// The prefix of the service.
    pub prefix: &'static str,
    /// The name of the resource type, `*` for all types of the service.
    pub resource_type: &'static str,
    /// The variable, as the template spells it.
    pub variable: &'static str,
    /// The members, best first.
    pub members: Vec<&'static str>,
    /// The evidence.
    pub source: &'static str,
}

impl Row for MemberAlias {
    fn parse(_: &'static str, mut cells: Cells) -> Option<MemberAlias> {
        let row = MemberAlias {
            prefix: cells.required()?,
            resource_type: cells.required()?,
            variable: cells.required()?,
            members: cells.list(),
            source: cells.required()?,
        };
        cells.end().map(|()| row)
    }

    fn key(&self) -> &'static str {
        self.prefix
    }
}
