//! Which values does a request hold, and under which names?

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::template::Template;
use super::{HIDDEN, Place};
use crate::reference::ResourceType;

/// Members whose content names no resource of the call: documents, tags and free text.
const OPAQUE_MEMBERS: [&str; 8] = [
    "policy",
    "policydocument",
    "assumerolepolicydocument",
    "tags",
    "tagset",
    "tagspecificationset",
    "description",
    "templatebody",
];

/// How deep a request is searched. Real ones go down to six levels.
const MAX_DEPTH: usize = 12;

/// Values of a request by the name of their member, in lower case without separators. Of a
/// name that occurs at several depths, the values of the least depth.
pub(super) struct Members<'v> {
    values: BTreeMap<String, (usize, BTreeSet<&'v str>)>,
}

impl<'v> Members<'v> {
    pub(super) fn of(request: &'v Value) -> Self {
        let mut members = Self {
            values: BTreeMap::new(),
        };
        members.gather(request, "", 0);
        members
    }

    fn gather(&mut self, value: &'v Value, name: &str, depth: usize) {
        if depth > MAX_DEPTH || OPAQUE_MEMBERS.contains(&name) {
            return;
        }
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    self.gather(value, &normal(key), depth + 1);
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.gather(item, name, depth);
                }
            }
            Value::String(text) if !text.is_empty() && text != HIDDEN => {
                let (known_depth, values) = self
                    .values
                    .entry(name.to_owned())
                    .or_insert_with(|| (depth, BTreeSet::new()));
                if depth < *known_depth {
                    *known_depth = depth;
                    values.clear();
                }
                if depth == *known_depth {
                    values.insert(text);
                }
            }
            _ => {}
        }
    }

    /// The ARNs that these members make of a template, or none if a variable has no value, or
    /// if it is not clear which values belong together.
    pub(super) fn fill(
        &self,
        template: &Template<'_>,
        kind: &ResourceType,
        place: &Place<'_>,
    ) -> Vec<String> {
        let mut chosen: Vec<(&str, &BTreeSet<&str>)> = Vec::new();
        for variable in template.variables() {
            match self.values_for(variable, kind) {
                Some(values) => chosen.push((variable, values)),
                None => return Vec::new(),
            }
        }
        if chosen.is_empty() || chosen.iter().filter(|(_, v)| v.len() > 1).count() > 1 {
            return Vec::new();
        }
        let rounds = chosen.iter().map(|(_, values)| values.len()).max();
        (0..rounds.unwrap_or_default())
            .filter_map(|round| {
                template.fill(place, |variable| {
                    let (_, values) = chosen.iter().find(|(name, _)| *name == variable)?;
                    let values = || values.iter().copied();
                    // A full ARN that fits was taken before; one that does not is of another type.
                    values()
                        .nth(round)
                        .or_else(|| values().next())
                        .filter(|value| !value.starts_with("arn:"))
                })
            })
            .collect()
    }

    fn values_for(&self, variable: &str, kind: &ResourceType) -> Option<&BTreeSet<&'v str>> {
        names_for(variable, kind)
            .iter()
            .find_map(|name| self.values.get(name))
            .map(|(_, values)| values)
    }
}

/// The member names, best first, under which requests give the variable of a resource type.
fn names_for(variable: &str, kind: &ResourceType) -> Vec<String> {
    let variable = normal(variable.strip_suffix("WithPath").unwrap_or(variable));
    let kind_name = normal(kind.name);
    let mut names = Vec::with_capacity(6);
    names.push(variable.clone());
    let of_kind = variable == format!("{kind_name}name")
        || variable == format!("{kind_name}id")
        || ["resourceid", "id", "name", "identifier", "uuid"].contains(&variable.as_str());
    if of_kind {
        names.extend([
            format!("{kind_name}name"),
            format!("{kind_name}id"),
            format!("{kind_name}identifier"),
            kind_name,
        ]);
    }
    names
}

/// A name without case and separators: `InstanceId`, `instance-id` and `instanceId` are one.
fn normal(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|sign| sign.to_ascii_lowercase())
        .collect()
}

/// Gathers the values of a request that are ARNs.
pub(super) fn arn_values(request: &Value, arns: &mut BTreeSet<String>) {
    let members = Members::of(request);
    let values = members.values.values().flat_map(|(_, values)| values);
    arns.extend(
        values
            .filter(|value| value.starts_with("arn:") && !value.contains(char::is_whitespace))
            .map(|value| (*value).to_owned()),
    );
}
