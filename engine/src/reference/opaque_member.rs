//! In which members of a request is no resource of the call named, whatever they hold?

use super::load::{Cells, Row};

/// A member of a request whose content is not looked at.
#[derive(Debug)]
pub struct OpaqueMember {
    /// Its name; case and separators do not matter.
    pub member: &'static str,
    /// What it holds.
    pub holds: &'static str,
}

impl Row for OpaqueMember {
    fn parse(_: &'static str, mut cells: Cells) -> Option<OpaqueMember> {
        let row = OpaqueMember {
            member: cells.required()?,
            holds: cells.required()?,
        };
        cells.end().map(|()| row)
    }

    fn key(&self) -> &'static str {
        self.member
    }
}
