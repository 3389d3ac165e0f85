//! Which values does a request hold, and under which names?
//!
//! Requests are nested in many ways: `instancesSet.items[].instanceId`, lists, XML turned into
//! JSON. What matters is mostly the name next to a value, so they are laid out flat.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::percent;
use crate::json::Key;
use crate::reference::Reference;

/// Stands in an event for a value that CloudTrail does not tell.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// How deep a request is searched. Real ones go down to six levels.
const MAX_DEPTH: usize = 16;

/// The longest value that can name a resource.
const MAX_VALUE: usize = 2_048;

/// Values of a request that were searched; a request of thousands of names is cut off here.
const MAX_MEMBERS: usize = 4_096;

/// What the names of members end in besides what they are about.
const ENDINGS: [&str; 8] = [
    "withpath",
    "identifier",
    "uuid",
    "name",
    "guid",
    "arn",
    "id",
    "number",
];

/// XML lists and attributes say nothing by their names: what is around them does.
pub(super) const SAYS_NOTHING: [&str; 5] = ["items", "item", "member", "content", "value"];

/// One value of a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member<'m> {
    /// Its name in lower case without separators.
    pub(super) name: &'m str,
    /// The name of the object around it; empty at the top.
    pub(super) around: &'m str,
    /// Its name without what tells only that it is a name.
    pub(super) stem: &'m str,
    /// How many objects are around it.
    pub(super) depth: usize,
    /// A string, or a number as it is written.
    pub(super) value: &'m str,
}

/// The values of a request or response, flat, in order.
#[derive(Debug, Default)]
pub(super) struct Members<'a> {
    /// The names, one behind the other.
    names: String,
    values: Vec<Stored<'a>>,
    top: Vec<Cow<'a, str>>,
}

#[derive(Debug)]
struct Stored<'a> {
    path: Path,
    stem: usize,
    ends: Ends,
    value: Cow<'a, str>,
}

impl<'a> Members<'a> {
    /// The members of the object in JSON `text`; none if it is anything else.
    pub(super) fn of(text: &'a str) -> Self {
        let mut members = Self::default();
        if text.starts_with('{') {
            members.names.reserve(text.len() / 2);
            members.values.reserve(16);
            let mut deserializer = serde_json::Deserializer::from_str(text);
            let seed = Gather {
                members: &mut members,
                path: Path::default(),
            };
            // What was gathered before an error is as good as without it.
            let _ = seed.deserialize(&mut deserializer);
        }
        members
    }

    /// All values.
    pub(super) fn iter(&self) -> impl Iterator<Item = Member<'_>> {
        self.values.iter().map(|stored| self.member(stored))
    }

    /// Those whose names, or names without what tells only that they are names, end in one of
    /// these signs.
    pub(super) fn ending(&self, ends: Ends) -> impl Iterator<Item = Member<'_>> {
        let stored = self.values.iter();
        let stored = stored.filter(move |stored| ends.meets(stored.ends));
        stored.map(|stored| self.member(stored))
    }

    fn member<'m>(&'m self, stored: &'m Stored<'a>) -> Member<'m> {
        let name = self.name(&stored.path.name);
        Member {
            name,
            around: self.name(&stored.path.around),
            stem: name.get(..stored.stem).unwrap_or(name),
            depth: stored.path.depth,
            value: &stored.value,
        }
    }

    fn name(&self, range: &Range<usize>) -> &str {
        self.names.get(range.clone()).unwrap_or_default()
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
        let named = self.iter().filter(|member| member.name == name);
        named
            .min_by_key(|member| member.depth)
            .map(|member| member.value)
    }

    /// The values that are ARNs.
    pub(super) fn arns(&self) -> impl Iterator<Item = Member<'_>> {
        self.iter().filter(|member| {
            member.value.starts_with("arn:") && !member.value.contains(char::is_whitespace)
        })
    }

    /// Whether a list of the request has names beside ARNs.
    pub(super) fn lists_arns_and_names(&self) -> bool {
        fn place<'m>(member: &Member<'m>) -> (usize, &'m str, &'m str) {
            (member.depth, member.name, member.around)
        }
        let of_arns: BTreeSet<_> = self.arns().map(|arn| place(&arn)).collect();
        let mut others = self.iter().filter(|it| !it.value.starts_with("arn:"));
        others.any(|other| of_arns.contains(&place(&other)))
    }

    /// Appends the normal form of a name.
    fn push_name(&mut self, key: &str) -> Range<usize> {
        let start = self.names.len();
        let letters = key.bytes().filter(u8::is_ascii_alphanumeric);
        self.names
            .extend(letters.map(|byte| char::from(byte.to_ascii_lowercase())));
        start..self.names.len()
    }
}

impl Member<'_> {
    /// Whether the name is `text` with the name of the object around it in front: `cluster.name`
    /// is `clustername`.
    pub(super) fn within_is(&self, text: &str) -> bool {
        text.strip_suffix(self.name) == Some(self.around)
    }

    /// The same for the name without what tells only that it is a name.
    pub(super) fn stem_within_is(&self, text: &str) -> bool {
        text.strip_suffix(self.stem) == Some(self.around)
    }
}

/// In which signs names end, and names without what tells only that they are names.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ends {
    names: u64,
    stems: u64,
}

impl Ends {
    pub(super) fn of(names: &[&str], stems: &[&str]) -> Self {
        let bit = |name: &&str| match name.bytes().last() {
            Some(letter @ b'a'..=b'z') => 1 << (letter - b'a'),
            Some(digit @ b'0'..=b'9') => 1 << (digit - b'0' + 26),
            // What has no sign at all is like any other such.
            _ => 1 << 63,
        };
        Self {
            names: names.iter().map(bit).fold(0, |all, bit| all | bit),
            stems: stems.iter().map(bit).fold(0, |all, bit| all | bit),
        }
    }

    fn meets(self, other: Self) -> bool {
        self.names & other.names != 0 || self.stems & other.stems != 0
    }
}

/// A name without case and separators: `InstanceId`, `instance-id` and `instanceId` are one.
pub(super) fn normal(name: &str) -> String {
    name.bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect()
}

/// A name without what tells only that it is a name: `instanceids` is `instance`.
pub(super) fn stem(name: &str) -> &str {
    const PLURALS: [&str; 6] = ["ids", "names", "arns", "identifiers", "numbers", "uuids"];
    let plural = name.ends_with('s') && PLURALS.iter().any(|end| name.ends_with(end));
    let name = name.get(..name.len() - usize::from(plural)).unwrap_or(name);
    ENDINGS
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name)
}

/// Whether nothing below a member of this name is looked at.
fn is_opaque(name: &str) -> bool {
    // Asked of every name in every request. Most differ in length or in their first sign.
    static OPAQUE: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| {
        let rows = Reference::bundled().opaque_members().iter();
        let mut by_length = Vec::new();
        for name in rows.map(|row| normal(row.member)) {
            if by_length.len() <= name.len() {
                by_length.resize(name.len() + 1, Vec::new());
            }
            if let Some(names) = by_length.get_mut(name.len()) {
                names.push(name);
            }
        }
        by_length
    });
    let of_length = OPAQUE.get(name.len());
    of_length.is_some_and(|names| names.iter().any(|opaque| opaque == name))
}

/// Where in the request a value stands.
#[derive(Debug, Clone, Default)]
struct Path {
    name: Range<usize>,
    around: Range<usize>,
    depth: usize,
}

/// What is in front of the first bar.
fn first_part(value: Cow<'_, str>) -> Cow<'_, str> {
    match value {
        Cow::Borrowed(text) => Cow::Borrowed(text.split('|').next().unwrap_or(text)),
        Cow::Owned(text) => match text.split_once('|') {
            Some((first, _)) => Cow::Owned(first.to_owned()),
            None => Cow::Owned(text),
        },
    }
}

/// Walks a JSON value and gathers what it holds.
struct Gather<'m, 'a> {
    members: &'m mut Members<'a>,
    path: Path,
}

impl<'a> Gather<'_, 'a> {
    fn put(self, value: Cow<'a, str>) {
        let value = match value.get(..4) {
            // Some services log an ARN as it stood in the path of the URL.
            Some("arn%") => Cow::Owned(percent::decoded(&value)),
            // An iterator of a stream is an ARN with more behind it.
            Some("arn:") => first_part(value),
            _ => value,
        };
        let fits = !value.is_empty() && value.len() <= MAX_VALUE && value != HIDDEN;
        if fits && self.members.values.len() < MAX_MEMBERS {
            let name = self.members.name(&self.path.name);
            let stem = stem(name);
            self.members.values.push(Stored {
                stem: stem.len(),
                ends: Ends::of(&[name], &[stem]),
                path: self.path,
                value,
            });
        }
    }

    /// Where the value of `key` stands.
    fn inner(&mut self, key: &str) -> Path {
        let depth = self.path.depth + 1;
        let says_nothing = || {
            (4..=7).contains(&key.len())
                && SAYS_NOTHING
                    .iter()
                    .any(|wrapper| wrapper.eq_ignore_ascii_case(key))
        };
        if self.path.depth > 0 && says_nothing() {
            return Path {
                depth,
                ..self.path.clone()
            };
        }
        Path {
            name: self.members.push_name(key),
            around: self.path.name.clone(),
            depth,
        }
    }
}

impl<'a> DeserializeSeed<'a> for Gather<'_, 'a> {
    type Value = bool;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Each visit says whether the value was more than null, false, an empty list or an empty object.
impl<'a> Visitor<'a> for Gather<'_, 'a> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E>(self, value: bool) -> Result<bool, E> {
        Ok(value)
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
        })? {
            any |= more;
        }
        Ok(any)
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut map: A) -> Result<bool, A::Error> {
        let mut any = false;
        while let Some(Key(key)) = map.next_key::<Key<'a>>()? {
            let path = self.inner(&key);
            let hidden = path.depth > MAX_DEPTH || is_opaque(self.members.name(&path.name));
            let given = match hidden {
                true => !matches!(map.next_value::<&RawValue>()?.get(), "null" | "{}" | "[]"),
                false => map.next_value_seed(Gather {
                    members: &mut *self.members,
                    path,
                })?,
            };
            // `CreateThingRequest` is around all of some requests, `createThingInput` of others.
            let around = self.members.name(&self.path.name);
            let is_whole = around.ends_with("request")
                || around.starts_with("create") && around.ends_with("input");
            let at_top = self.path.depth == 0 || self.path.depth == 1 && is_whole;
            if given && at_top {
                self.members.top.push(key);
            }
            any = true;
        }
        Ok(any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(text: &str) -> Vec<String> {
        let members = Members::of(text);
        let line = |m: Member<'_>| format!("{} {}.{} {}", m.depth, m.around, m.name, m.value);
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
                "3 instancesset.instanceid i-1",
                "3 instancesset.instanceid i-2",
                "2 .flowlogid fl-1",
                "1 .names a",
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

    #[test]
    fn the_object_around_a_member_makes_part_of_its_name() {
        let members = Members::of(r#"{"cluster":{"id":"c-1"}}"#);
        let member = members.iter().next();
        assert!(member.is_some_and(|it| it.within_is("clusterid") && it.stem_within_is("cluster")));
    }

    #[test]
    fn endings_are_cut_off() {
        for (name, expected) in [
            ("instanceids", "instance"),
            ("dbinstanceidentifier", "dbinstance"),
            ("functionname", "function"),
            ("access", "access"),
            ("name", ""),
        ] {
            assert_eq!(stem(name), expected);
        }
    }
}
