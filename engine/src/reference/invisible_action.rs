//! Which actions leave no management event behind?

use super::load::{Cells, Row};

/// An action, or all of a service, of which a trail of management events shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvisibleAction {
    /// The prefix of the service.
    pub prefix: &'static str,
    /// The name of the action, or `*`.
    pub action: &'static str,
    /// What there is instead.
    pub visibility: Visibility,
    /// Where the fact comes from.
    pub source: &'static str,
}

/// What CloudTrail has of the calls that need an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// A data event, if the trail records those of the service.
    Data,
    /// Nothing.
    Never,
}

impl Row for InvisibleAction {
    fn parse(_: &'static str, mut cells: Cells) -> Option<InvisibleAction> {
        let row = InvisibleAction {
            prefix: cells.required()?,
            action: cells.required()?,
            visibility: match cells.text() {
                "data" => Visibility::Data,
                "never" => Visibility::Never,
                _ => return None,
            },
            source: cells.required()?,
        };
        cells.end().map(|()| row)
    }

    fn key(&self) -> &'static str {
        self.prefix
    }
}
