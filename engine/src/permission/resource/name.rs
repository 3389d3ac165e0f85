//! Which member of a request gives a variable of an ARN template?
//!
//! Mostly the one that bears its name. The others are told by habits of AWS's naming: the type
//! with `Name`, `Id` or `Identifier` behind it, or a bare `name` where the operation's own name
//! says what it is about. Exceptions are rows of `member_aliases.tsv`.

use crate::permission::members::{Member, Members, normal};
use crate::reference::{Action, Reference, ResourceType};

/// A variable of an ARN template, with what its members may be called.
pub(super) struct Variable {
    name: String,
    stem: String,
    kind: String,
    aliases: Vec<String>,
    generic: bool,
    /// Whether the operation is about this type, so that its bare `name` or `id` is meant.
    is_subject: bool,
    wants_name: bool,
    wants_id: bool,
}

/// Variables that say nothing about what they name.
const GENERIC: [&str; 9] = [
    "resourceid",
    "resourcename",
    "id",
    "name",
    "identifier",
    "uuid",
    "arn",
    "token",
    "resource",
];

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

impl Variable {
    pub(super) fn new(
        variable: &'static str,
        kind: &ResourceType,
        action: &Action,
        event_name: &str,
        reference: &Reference,
    ) -> Self {
        let name = normal(variable);
        let name = name.strip_suffix("withpath").unwrap_or(&name).to_owned();
        let kind_name = normal(kind.name);
        let stem = stem(&name).to_owned();
        let generic = GENERIC.contains(&name.as_str());
        let operation = normal(event_name);
        let about = |word: &str| word.len() > 2 && operation.contains(word);
        let required: Vec<_> = action
            .resource_types
            .iter()
            .filter(|it| it.required)
            .collect();
        let only = match required.as_slice() {
            [one] => one.name == kind.name,
            [] => action.resource_types.len() == 1,
            _ => false,
        };
        let ends = |ending: &[&str]| ending.iter().any(|end| name.ends_with(end));
        Self {
            aliases: reference
                .member_aliases(kind, variable)
                .iter()
                .map(|alias| normal(alias))
                .collect(),
            generic,
            is_subject: about(&kind_name) || (!generic && about(&stem)) || only,
            wants_name: generic || ends(&["name"]) || !ends(&["id", "identifier", "uuid"]),
            wants_id: generic || ends(&["id", "identifier", "uuid"]),
            stem,
            kind: kind_name,
            name,
        }
    }

    /// The values that the request gives for the variable, without repetitions. Several only if
    /// they stand under one name.
    pub(super) fn values<'m>(&self, request: &'m Members<'_>, kind: &ResourceType) -> Vec<&'m str> {
        let ranked = request
            .iter()
            .filter(|member| !member.value.starts_with("arn:"))
            .filter_map(|member| Some((self.rank(member)?, member)));
        let mut best: Option<((usize, usize), &str)> = None;
        let mut values: Vec<&str> = Vec::new();
        for (rank, member) in ranked {
            let rank = (rank, member.depth);
            match best {
                Some((known, _)) if known < rank => continue,
                Some((known, name)) if known == rank && name == member.name => {}
                Some((known, _)) if known == rank => continue,
                _ => {
                    best = Some((rank, &member.name));
                    values.clear();
                }
            }
            if let Some(value) = usable(&member.value, kind)
                && !values.contains(&value)
            {
                values.push(value);
            }
        }
        values
    }

    /// How well a member's name fits, 0 the best; `None` if it does not.
    fn rank(&self, member: &Member<'_>) -> Option<usize> {
        let (name, within) = (member.name.as_str(), member.within.as_str());
        if let Some(place) = self
            .aliases
            .iter()
            .position(|alias| alias == name || alias == within)
        {
            return Some(place);
        }
        let member_stem = stem(name);
        let fits = [
            !self.generic && name == self.name,
            !self.generic && within == self.name,
            !self.generic && !self.stem.is_empty() && member_stem == self.stem,
            self.names_kind() && (member_stem == self.kind || name == self.kind),
            self.names_kind() && stem(within) == self.kind,
            !self.generic && !self.stem.is_empty() && stem(within) == self.stem,
            self.is_subject && member.depth <= 1 && self.is_bare(name),
            !self.generic && self.stem.len() >= 6 && member_stem.ends_with(&self.stem),
        ];
        // Behind the aliases.
        fits.iter().position(|fit| *fit).map(|rank| rank + 8)
    }

    /// Whether the variable is the name or id of the type itself.
    fn names_kind(&self) -> bool {
        self.generic || self.stem == self.kind
    }

    fn is_bare(&self, name: &str) -> bool {
        (self.wants_name && matches!(name, "name" | "names" | "resourcename"))
            || (self.wants_id && matches!(name, "id" | "ids" | "identifier" | "resourceid"))
    }
}

/// A name without what tells only that it is a name: `instanceids` is `instance`.
fn stem(name: &str) -> &str {
    let singular = |name: &'_ str| -> usize {
        let ends = ["ids", "names", "arns", "identifiers", "numbers", "uuids"];
        match ends.iter().any(|end| name.ends_with(end)) {
            true => name.len() - 1,
            false => name.len(),
        }
    };
    let name = name.get(..singular(name)).unwrap_or(name);
    ENDINGS
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name)
}

/// A value as the ARN holds it, or `None` if it can be no part of one.
fn usable<'v>(value: &'v str, kind: &ResourceType) -> Option<&'v str> {
    // Parameters and paths are written with a slash in front, and their ARNs have one already.
    let value = value
        .strip_prefix('/')
        .filter(|_| kind.prefix != "logs")
        .unwrap_or(value);
    let plain = !value.is_empty() && !value.contains("://") && !value.contains(['\n', '{', '"']);
    plain.then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

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
