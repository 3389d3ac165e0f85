//! Which member of a request gives a variable of an ARN template?
//!
//! Mostly the one that bears its name. The others are told by habits of AWS's naming: the type
//! with `Name`, `Id` or `Identifier` behind it, or a bare `name` where the operation's own name
//! says what it is about. Exceptions are rows of `member_aliases.tsv`.

use crate::permission::members::{Member, Members, normal, stem};
use crate::reference::{Action, Reference, ResourceType};

/// A variable of an ARN template, with what its members may be called.
pub(super) struct Variable {
    name: String,
    stem: String,
    kind: String,
    aliases: Vec<String>,
    /// What it is where no member gives it.
    default: Option<&'static str>,
    /// What its values may begin with, and the ARN has in another place.
    lead: Option<&'static str>,
    generic: bool,
    /// Whether the operation is about this type, so that its bare `name` or `id` is meant.
    is_subject: bool,
    wants_name: bool,
    wants_id: bool,
    ids: Option<Ids>,
    /// Whether the call makes the resource, so that what its source is called is another one.
    is_made: bool,
    keeps_slash: bool,
}

/// How ids of the service tell their type.
struct Ids {
    reference: &'static Reference,
    prefix: &'static str,
    kind: &'static str,
}

/// What a value says of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'m> {
    /// What stands in its ARN.
    Known(&'m str),
    /// An id of it that does not stand in its ARN.
    OtherId,
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

impl Variable {
    pub(super) fn new(
        variable: &'static str,
        kind: &'static ResourceType,
        action: &Action,
        event_name: &str,
        is_made: bool,
        reference: &'static Reference,
    ) -> Self {
        let name = normal(variable);
        let name = name.strip_suffix("withpath").unwrap_or(&name).to_owned();
        let kind_name = normal(kind.name);
        let own_stem = stem(&name).to_owned();
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
        let cells = reference.member_aliases(kind, variable);
        let marked = |mark: char| cells.iter().find_map(|cell| cell.strip_prefix(mark));
        let ids = Ids {
            reference,
            prefix: kind.prefix,
            kind: kind.name,
        };
        Self {
            aliases: cells
                .iter()
                .filter(|cell| !cell.starts_with(['=', '^']))
                .map(|alias| normal(alias))
                .collect(),
            default: marked('='),
            lead: marked('^'),
            generic,
            is_subject: about(&kind_name) || (!generic && about(&own_stem)) || only,
            wants_name: generic || ends(&["name"]) || !ends(&["id", "identifier", "uuid"]),
            wants_id: generic || ends(&["id", "identifier", "uuid"]),
            ids: reference.has_typed_ids(kind.prefix).then_some(ids),
            is_made,
            keeps_slash: kind.prefix == "logs",
            stem: own_stem,
            kind: kind_name,
            name,
        }
    }

    /// The values that the request gives for the variable, without repetitions. Several only if
    /// they stand under one name. `default` says whether what it does not give is the default.
    pub(super) fn values<'m>(&self, request: &'m Members<'_>, default: bool) -> Vec<Value<'m>> {
        let mut best: Option<((usize, usize), &str)> = None;
        let mut values: Vec<Value<'m>> = Vec::new();
        for member in request.iter() {
            let Some(rank) = self.rank(&member) else {
                continue;
            };
            if member.value.starts_with("arn:") {
                continue;
            }
            let Some(value) = self.usable(member.value) else {
                continue;
            };
            let rank = (rank, member.depth);
            match best {
                Some((known, _)) if known < rank => continue,
                Some((known, name)) if known == rank && name != member.name => continue,
                Some((known, _)) if known == rank => {}
                _ => {
                    best = Some((rank, member.name));
                    values.clear();
                }
            }
            if !values.contains(&value) {
                values.push(value);
            }
        }
        if values.is_empty() && default {
            values.extend(self.default.map(Value::Known));
        }
        values
    }

    /// How well a member's name fits, 0 the best; `None` if it does not.
    fn rank(&self, member: &Member<'_>) -> Option<usize> {
        let name = member.name;
        if self.is_made && name.starts_with("source") {
            return None;
        }
        if let Some(place) = self
            .aliases
            .iter()
            .position(|alias| alias == name || member.within_is(alias))
        {
            return Some(place);
        }
        let own = !self.generic;
        let own_stem = own && !self.stem.is_empty();
        // Behind the aliases.
        let rank = if own && name == self.name {
            0
        } else if own && member.within_is(&self.name) {
            1
        } else if own_stem && member.stem == self.stem {
            2
        } else if self.names_kind() && (member.stem == self.kind || name == self.kind) {
            3
        } else if self.names_kind() && member.stem_within_is(&self.kind) {
            4
        } else if own_stem && member.stem_within_is(&self.stem) {
            5
        } else if self.is_subject && member.depth <= 1 && self.is_bare(name) {
            6
        } else if own && self.stem.len() >= 6 && member.depth <= 2 && self.ends_alike(member) {
            7
        } else {
            return None;
        };
        Some(rank + 8)
    }

    /// Whether the member's name is the variable's with a word in front, `targetdbinstance`. What
    /// it is compared with or limited to is another resource.
    fn ends_alike(&self, member: &Member<'_>) -> bool {
        const OTHERS: [&str; 6] = ["excluded", "exclude", "max", "min", "parent", "default"];
        member.stem.ends_with(&self.stem)
            && !OTHERS.iter().any(|other| member.name.starts_with(other))
    }

    /// Whether the variable is the name or id of the type itself.
    fn names_kind(&self) -> bool {
        self.generic || self.stem == self.kind
    }

    fn is_bare(&self, name: &str) -> bool {
        (self.wants_name && matches!(name, "name" | "names" | "resourcename"))
            || (self.wants_id && matches!(name, "id" | "ids" | "identifier" | "resourceid"))
    }

    /// A value as the ARN holds it, or `None` if it can be no part of one.
    fn usable<'v>(&self, value: &'v str) -> Option<Value<'v>> {
        // Parameters and paths are written with a slash in front, and their ARNs have one already.
        let value = match value.strip_prefix('/') {
            Some(bare) if !self.keeps_slash => bare,
            _ => value,
        };
        let lead = self.lead.and_then(|lead| value.strip_prefix(lead));
        let value = lead.unwrap_or(value);
        if value.is_empty() || value.contains("://") || value.contains(['\n', '{', '"']) {
            return None;
        }
        let kind = self.ids.as_ref().filter(|_| looks_random(value));
        let kind = kind.and_then(|ids| Some((ids, ids.kind_of(value)?)));
        match kind {
            None => Some(Value::Known(value)),
            Some((ids, kind)) if kind != ids.kind => None,
            Some(_) if self.wants_id => Some(Value::Known(value)),
            Some(_) => Some(Value::OtherId),
        }
    }
}

impl Ids {
    fn kind_of(&self, id: &str) -> Option<&'static str> {
        let kind = self.reference.resource_type_of_id(self.prefix, id)?;
        Some(kind.name)
    }
}

/// Whether what stands behind the last hyphen of an id was not chosen by people.
fn looks_random(id: &str) -> bool {
    id.rsplit('-')
        .next()
        .is_some_and(|end| end.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
