//! Which services may `kms:ViaService` name?

use super::load::{Cells, Row};

/// A service that calls AWS KMS for a principal and is known to `kms:ViaService`.
#[derive(Debug)]
pub struct ViaService {
    /// The service as `invokedBy` names it, without its domain.
    pub invoked_by: &'static str,
    /// Its names in `kms:ViaService`, before the region.
    pub via_service: Vec<&'static str>,
    /// Keys of an encryption context that this service alone gives.
    pub encryption_context: Vec<&'static str>,
    /// The evidence.
    pub source: &'static str,
}

impl Row for ViaService {
    fn parse(_: &'static str, mut cells: Cells) -> Option<ViaService> {
        let row = ViaService {
            invoked_by: cells.required()?,
            via_service: cells.list(),
            encryption_context: cells.list(),
            source: cells.required()?,
        };
        cells.end().map(|()| row)
    }

    fn key(&self) -> &'static str {
        self.invoked_by
    }
}
