//! Which ARNs does an event list under `resources`?

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::json::{Key, Text};

/// An ARN that an event lists under `resources`.
#[derive(Debug)]
pub(super) struct ListedArn<'a> {
    pub(super) arn: Cow<'a, str>,
    /// Whether it is only what the names of objects begin with.
    pub(super) begins: bool,
}

/// The ARNs in a JSON array of resources. What was read before an error is as good as without it.
pub(super) fn arns(text: &str) -> Vec<ListedArn<'_>> {
    let mut arns = Vec::new();
    let _ = serde_json::Deserializer::from_str(text).deserialize_seq(Resources(&mut arns));
    arns
}

struct Resources<'l, 'a>(&'l mut Vec<ListedArn<'a>>);

impl<'a> Visitor<'a> for Resources<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("resources")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Resource(&mut *self.0))?.is_some() {}
        Ok(())
    }
}

struct Resource<'l, 'a>(&'l mut Vec<ListedArn<'a>>);

impl<'a> serde::de::DeserializeSeed<'a> for Resource<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Resource<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a resource")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = map.next_key::<Key<'a>>()? {
            let begins = key.eq_ignore_ascii_case("ARNPrefix");
            if !begins && !key.eq_ignore_ascii_case("ARN") {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let Text(arn) = map.next_value::<Text<'a>>()?;
            let arn = arn.filter(|text| text.starts_with("arn:"));
            self.0.extend(arn.map(|arn| ListedArn { arn, begins }));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_listed_in_all_their_spellings() {
        let listed = |text| -> Vec<String> {
            let mark =
                |one: ListedArn<'_>| format!("{}{}", one.arn, if one.begins { "*" } else { "" });
            arns(text).into_iter().map(mark).collect()
        };
        let text = r#"[{"type":"AWS::S3::Object","ARNPrefix":"arn:aws:s3:::b/"},
            {"accountId":"1","ARN":"arn:aws:s3:::b"},{"arn":"arn:aws:s3:::c","n":[1,{"ARN":1}]},
            {"ARN":""},{"ARN":null},{"ARN":{"a":1}},{}]"#;
        assert_eq!(
            listed(text),
            ["arn:aws:s3:::b/*", "arn:aws:s3:::b", "arn:aws:s3:::c"]
        );
        for odd in ["", "null", "\"\"", "{}", "[1]", "[{\"ARN\":"] {
            assert_eq!(listed(odd), [""; 0], "{odd}");
        }
    }
}
