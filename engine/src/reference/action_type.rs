//! On which types of resource is an action checked, beyond what AWS's reference says of it?

use super::load::{Cells, Row};

/// A type of resource that an action is checked on.
#[derive(Debug)]
pub struct ActionType {
    /// The prefix of the service.
    pub prefix: &'static str,
    /// The name of the action.
    pub action: &'static str,
    /// The name of the resource type.
    pub resource_type: &'static str,
    /// When it is checked.
    pub checked: Checked,
    /// The evidence.
    pub source: &'static str,
}

/// When an action is checked on a type of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Checked {
    /// Not at all, whatever the reference says: `*` is.
    Never,
    /// Where the request names one.
    Accepted,
    /// Also where it names none.
    Required,
    /// The same, and a call that names none is about all of them.
    All,
    /// Always, and on one that the call makes, whose id is not known before.
    Created,
}

impl Checked {
    fn parse(text: &str) -> Option<Checked> {
        match text {
            "never" => Some(Checked::Never),
            "accepted" => Some(Checked::Accepted),
            "required" => Some(Checked::Required),
            "all" => Some(Checked::All),
            "created" => Some(Checked::Created),
            _ => None,
        }
    }
}

impl Row for ActionType {
    fn parse(_: &'static str, mut cells: Cells) -> Option<ActionType> {
        let row = ActionType {
            prefix: cells.required()?,
            action: cells.required()?,
            resource_type: cells.required()?,
            checked: Checked::parse(cells.text())?,
            source: cells.required()?,
        };
        cells.end().map(|()| row)
    }

    fn key(&self) -> &'static str {
        self.action
    }
}
