//! Which services log under the event source of another one?

use super::load::{Cells, Row};

/// A service that logs under the event source of another one.
#[derive(Debug)]
pub struct SiblingService {
    /// The prefix of the service under whose event source it logs.
    pub logs_under: &'static str,
    /// Its own prefix.
    pub prefix: &'static str,
    /// The evidence.
    pub source: &'static str,
}

impl Row for SiblingService {
    fn parse(_: &'static str, mut cells: Cells) -> Option<SiblingService> {
        let row = SiblingService {
            logs_under: cells.required()?,
            prefix: cells.required()?,
            source: cells.required()?,
        };
        cells.end().map(|()| row)
    }

    fn key(&self) -> &'static str {
        self.logs_under
    }
}
