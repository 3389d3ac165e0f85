//! Which values does a request hold, and under which names?
//!
//! Requests are nested in many ways: `instancesSet.items[].instanceId`, lists, XML turned into
//! JSON. What matters is mostly the name next to a value, so they are laid out flat.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// Stands in an event for a value that CloudTrail does not tell.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// Members whose content names no resource of the call: documents, tags and free text.
const OPAQUE: [&str; 16] = [
    "policy",
    "policydocument",
    "assumerolepolicydocument",
    "resourcepolicy",
    "keypolicy",
    "filterpolicy",
    "tags",
    "tag",
    "tagset",
    "taglist",
    "tagspecificationset",
    "tagspecifications",
    "description",
    "templatebody",
    "definition",
    "environment",
];

/// How deep a request is searched. Real ones go down to six levels.
const MAX_DEPTH: usize = 16;

/// The longest value that can name a resource.
const MAX_VALUE: usize = 2_048;

/// Values of a request that were searched; a request of thousands of names is cut off here.
const MAX_MEMBERS: usize = 4_096;

/// One value of a request.
#[derive(Debug)]
pub(super) struct Member<'a> {
    /// Its name in lower case without separators.
    pub(super) name: String,
    /// The same with the name of the object around it in front: `cluster.name` is `clustername`.
    pub(super) within: String,
    /// How many objects are around it.
    pub(super) depth: usize,
    /// A string, or a number as it is written.
    pub(super) value: Cow<'a, str>,
}

/// The values of a request or response, flat, in order.
#[derive(Debug, Default)]
pub(super) struct Members<'a> {
    values: Vec<Member<'a>>,
    top: Vec<String>,
}

impl<'a> Members<'a> {
    /// The members of the object in JSON `text`; none if it is anything else.
    pub(super) fn of(text: &'a str) -> Self {
        let mut members = Self::default();
        if text.starts_with('{') {
            let mut deserializer = serde_json::Deserializer::from_str(text);
            let seed = Gather {
                members: &mut members,
                path: Path::default(),
                hidden: false,
            };
            // What was gathered before an error is as good as without it.
            let _ = seed.deserialize(&mut deserializer);
        }
        members
    }

    /// All values.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Member<'a>> {
        self.values.iter()
    }

    /// Whether the request gives a member of this name, as CloudTrail spells it, and not as null.
    /// `name~text` asks for a value that holds the text.
    pub(super) fn has(&self, key: &str) -> bool {
        if let Some((name, text)) = key.split_once('~') {
            return self
                .get(&normal(name))
                .is_some_and(|value| value.contains(text));
        }
        self.top.iter().any(|top| top.eq_ignore_ascii_case(key))
    }

    /// The first value under a name, given in lower case without separators, the least deep one.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let named = self.values.iter().filter(|member| member.name == name);
        named
            .min_by_key(|member| member.depth)
            .map(|member| &*member.value)
    }

    /// The values that are ARNs.
    pub(super) fn arns(&self) -> impl Iterator<Item = &Member<'a>> {
        self.values.iter().filter(|member| {
            member.value.starts_with("arn:") && !member.value.contains(char::is_whitespace)
        })
    }
}

/// A name without case and separators: `InstanceId`, `instance-id` and `instanceId` are one.
pub(super) fn normal(name: &str) -> String {
    name.bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect()
}

/// Where in the request a value stands.
#[derive(Debug, Clone, Default)]
struct Path {
    name: String,
    around: String,
    depth: usize,
}

impl Path {
    fn inner(&self, key: &str) -> Self {
        let name = normal(key);
        // XML lists and attributes say nothing by their names: what is around them does.
        if self.depth > 0 && matches!(name.as_str(), "items" | "member" | "content" | "value") {
            return Self {
                name: self.name.clone(),
                around: self.around.clone(),
                depth: self.depth + 1,
            };
        }
        Self {
            name,
            around: self.name.clone(),
            depth: self.depth + 1,
        }
    }
}

/// Walks a JSON value and gathers what it holds.
struct Gather<'m, 'a> {
    members: &'m mut Members<'a>,
    path: Path,
    hidden: bool,
}

impl<'a> Gather<'_, 'a> {
    fn put(self, value: Cow<'a, str>) {
        let fits = !value.is_empty() && value.len() <= MAX_VALUE && value != HIDDEN;
        if fits && !self.hidden && self.members.values.len() < MAX_MEMBERS {
            let Path {
                name,
                around,
                depth,
            } = self.path;
            self.members.values.push(Member {
                within: around + &name,
                name,
                depth,
                value,
            });
        }
    }
}

impl<'a> DeserializeSeed<'a> for Gather<'_, 'a> {
    type Value = bool;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Each visit says whether the value was more than null.
impl<'a> Visitor<'a> for Gather<'_, 'a> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_i64<E>(self, number: i64) -> Result<bool, E> {
        self.put(Cow::Owned(number.to_string()));
        Ok(true)
    }

    fn visit_u64<E>(self, number: u64) -> Result<bool, E> {
        self.put(Cow::Owned(number.to_string()));
        Ok(true)
    }

    fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<bool, E> {
        self.put(Cow::Borrowed(text));
        Ok(true)
    }

    fn visit_str<E>(self, text: &str) -> Result<bool, E> {
        self.put(Cow::Owned(text.to_owned()));
        Ok(true)
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<bool, A::Error> {
        let mut any = false;
        while let Some(more) = seq.next_element_seed(Gather {
            members: &mut *self.members,
            path: self.path.clone(),
            hidden: self.hidden,
        })? {
            any |= more;
        }
        Ok(any)
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<bool, A::Error> {
        while let Some(key) = map.next_key::<Cow<'a, str>>()? {
            let path = self.path.inner(&key);
            let hidden =
                self.hidden || path.depth > MAX_DEPTH || OPAQUE.contains(&path.name.as_str());
            let given = map.next_value_seed(Gather {
                members: &mut *self.members,
                path,
                hidden,
            })?;
            if given && self.path.depth == 0 {
                self.members.top.push(key.into_owned());
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(text: &str) -> Vec<String> {
        let members = Members::of(text);
        let line = |m: &Member<'_>| format!("{} {} {} {}", m.depth, m.within, m.name, m.value);
        members.iter().map(line).collect()
    }

    #[test]
    fn nested_sets_lists_and_xml_lie_flat() {
        assert_eq!(
            laid_out(
                r#"{"instancesSet":{"items":[{"instanceId":"i-1"},{"instanceId":"i-2"}]},
                    "FlowLogId":{"tag":1,"content":"fl-1"},"names":["a"],
                    "policyDocument":"{\"Resource\":\"arn:aws:s3:::x\"}"}"#
            ),
            [
                "3 instancessetinstanceid instanceid i-1",
                "3 instancessetinstanceid instanceid i-2",
                "2 flowlogid flowlogid fl-1",
                "1 names names a",
            ]
        );
    }

    #[test]
    fn a_null_member_is_not_given() {
        let members = Members::of(r#"{"versionId":null,"Key":"k","tags":{"a":"b"}}"#);
        assert!(!members.has("versionId"));
        assert!(members.has("key"));
        assert!(members.has("tags"));
    }
}
