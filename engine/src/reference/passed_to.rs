//! To which service is a role passed by an operation?

use super::load::{Cells, Row};

/// The services that a role is passed to by operations of a service.
#[derive(Debug)]
pub struct PassedTo {
    /// The prefix of the service.
    pub prefix: &'static str,
    /// The operation, or `*` for all of the service that have no row of their own.
    pub operation: &'static str,
    /// What `iam:PassedToService` is then, one of these.
    pub service_principals: Vec<&'static str>,
    /// The evidence.
    pub source: &'static str,
}

impl Row for PassedTo {
    fn parse(_: &'static str, mut cells: Cells) -> Option<PassedTo> {
        let row = PassedTo {
            prefix: cells.required()?,
            operation: cells.required()?,
            service_principals: cells.list(),
            source: cells.required()?,
        };
        cells.end().map(|()| row)
    }

    fn key(&self) -> &'static str {
        self.prefix
    }
}
