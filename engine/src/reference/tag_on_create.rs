//! Which action does tagging a new resource take, besides the one that makes it?

use super::load::{Cells, Row};

/// An action that an operation takes besides its own, where its request gives tags.
#[derive(Debug)]
pub struct TagOnCreate {
    /// The prefix of the service.
    pub prefix: &'static str,
    /// The operation, or `*` for all of the service that have no row of their own.
    pub operation: &'static str,
    /// The action, of the same service; nothing where none is needed.
    pub action: Option<&'static str>,
    /// The types of what is tagged; none where the operation is named for it.
    pub resource_types: Vec<&'static str>,
    /// The evidence.
    pub source: &'static str,
}

impl Row for TagOnCreate {
    fn parse(_: &'static str, mut cells: Cells) -> Option<TagOnCreate> {
        let row = TagOnCreate {
            prefix: cells.required()?,
            operation: cells.required()?,
            action: cells.optional(),
            resource_types: cells.list(),
            source: cells.required()?,
        };
        cells.end().map(|()| row)
    }

    fn key(&self) -> &'static str {
        self.prefix
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use crate::reference::{AccessLevel, Reference};

    #[test]
    fn each_row_names_an_action_that_tags_and_a_type_that_it_accepts() {
        let reference = Reference::bundled();
        for row in &reference.tag_on_create {
            if let Some(name) = row.action {
                let action = reference.action(row.prefix, name).unwrap();
                assert!(
                    action.access_levels.contains(&AccessLevel::Tagging),
                    "{row:?}"
                );
            }
            for kind in &row.resource_types {
                assert!(
                    reference.resource_type(row.prefix, kind).is_some(),
                    "{row:?}"
                );
            }
            let known =
                row.operation == "*" || reference.action(row.prefix, row.operation).is_some();
            assert!(known, "{row:?}");
        }
        let role = reference.tag_on_create("iam", "CreateRole").unwrap();
        assert_eq!(role.action, Some("TagRole"));
    }
}
