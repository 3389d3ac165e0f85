//! Which condition keys are there, and what kind of value do they take?

use super::load::{self, Cells, Row};

/// A key of the request context that a policy can test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConditionKey {
    /// Its full name, such as `s3:prefix` or `aws:RequestTag/${TagKey}`.
    pub key: &'static str,
    /// What AWS calls the type of its value: `String`, `ARN`, `ArrayOfString` ...
    pub value_type: &'static str,
}

impl ConditionKey {
    /// Does the key take a set of values, so that a policy needs `ForAllValues` or `ForAnyValue`?
    pub fn is_multivalued(&self) -> bool {
        self.value_type.starts_with("ArrayOf")
    }

    /// The key of which `key` is a case: `aws:RequestTag/team` of `aws:RequestTag/${TagKey}`.
    pub(super) fn of_template<'a>(keys: &'a [ConditionKey], key: &str) -> Option<&'a ConditionKey> {
        let (stem, _) = key.split_once('/')?;
        let start = keys.partition_point(|row| load::compare_ignoring_case(row.key, stem).is_lt());
        // Between a key and its templates come keys such as `aws:RequestTagX`, and few of them.
        let near = keys.get(start..).unwrap_or_default().iter();
        near.take_while(|row| {
            row.key
                .get(..stem.len())
                .is_some_and(|it| it.eq_ignore_ascii_case(stem))
        })
        .find(|row| {
            row.key
                .get(stem.len()..)
                .is_some_and(|rest| rest.starts_with("/${") || rest.starts_with("/<"))
        })
    }
}

impl Row for ConditionKey {
    fn parse(_: &'static str, mut cells: Cells) -> Option<ConditionKey> {
        let row = ConditionKey {
            key: cells.required()?,
            value_type: cells.required()?,
        };
        cells.end().map(|()| row)
    }

    fn key(&self) -> &'static str {
        self.key
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use crate::reference::Reference;

    #[test]
    fn condition_keys_of_tags_are_found_by_template() {
        let key = |key| Reference::bundled().condition_key(key).map(|key| key.key);
        assert_eq!(key("AWS:SourceIP"), Some("aws:SourceIp"));
        assert_eq!(key("aws:RequestTag/team"), Some("aws:RequestTag/${TagKey}"));
        assert_eq!(
            key("s3:ExistingObjectTag/team"),
            Some("s3:ExistingObjectTag/<key>")
        );
        assert_eq!(key("aws:Nothing/team"), None);
        assert!(
            Reference::bundled()
                .condition_key("aws:TagKeys")
                .unwrap()
                .is_multivalued()
        );
    }
}
