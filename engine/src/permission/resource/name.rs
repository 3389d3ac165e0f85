//! Which member of a request gives a variable of an ARN template?
//!
//! Mostly the one that bears its name. The others are told by habits of AWS's naming: the type
//! with `Name`, `Id` or `Identifier` behind it, or a bare `name` where the operation's own name
//! says what it is about. Exceptions are rows of `member_aliases.tsv`.

use super::kinds::Kinds;
use crate::permission::members::{Ends, Member, Members, normal, stem};
use crate::reference::{Action, Reference, ResourceType};

/// A variable of an ARN template, with what its members may be called.
pub(super) struct Variable {
    /// As the template spells it.
    raw: &'static str,
    name: String,
    stem: String,
    kind: String,
    aliases: Vec<Alias>,
    /// What it is where no member gives it.
    default: Option<&'static str>,
    /// What its values may begin with, and the ARN has in another place.
    lead: Option<&'static str>,
    /// The same, told by the template: the `p-` of `p-${PolicyId}`.
    own_lead: Option<&'static str>,
    /// What its values end before: the version behind a name.
    cut: Option<&'static str>,
    /// Whether no member gives it but those in `aliases`.
    is_foreign: bool,
    generic: bool,
    /// Whether the operation is about this type, so that its bare `name` or `id` is meant.
    is_subject: bool,
    wants_name: bool,
    wants_id: bool,
    /// Whether the call makes a resource with an id, so that its name is not in its ARN.
    is_made_with_id: bool,
    /// Whether it says that it is an id, or a name.
    is_id: bool,
    is_name: bool,
    ids: Option<Ids>,
    /// Whether the call makes the resource, so that what its source is called is another one.
    is_made: bool,
    keeps_slash: bool,
    /// Whether it is the id of a key of KMS, which an alias is not.
    is_key: bool,
    /// How the names of members that may give it end.
    ends: Ends,
}

/// A member that the table says gives a variable.
struct Alias {
    name: String,
    /// Its place in the list; members that give a value each share one.
    rank: usize,
    /// Whether others share its place.
    joined: bool,
    /// Whether it names the resource by what is not in its ARN.
    other: bool,
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

/// A member by what is around it and its own name.
pub(super) type MemberName<'m> = (&'m str, &'m str);

/// What a request gives for a variable.
pub(super) struct Bound<'m> {
    /// How well its name fits and how deep it stands, less being better.
    pub(super) rank: (usize, usize),
    /// The member that gives it.
    pub(super) from: MemberName<'m>,
    pub(super) values: Vec<Value<'m>>,
}

impl Bound<'_> {
    /// Whether the member is named for what it gives, and not only `id` or `name`.
    pub(super) fn is_named(&self) -> bool {
        self.rank.0 < BEHIND_ALIASES + 6
    }

    /// Whether the table says that the member gives the variable.
    pub(super) fn is_listed(&self) -> bool {
        self.rank.0 < BEHIND_ALIASES
    }
}

/// The rank of the best fit that no table tells.
const BEHIND_ALIASES: usize = 8;

/// Members that give the name or the id of what the operation is about.
const BARE_NAMES: [&str; 3] = ["name", "names", "resourcename"];
const BARE_IDS: [&str; 4] = ["id", "ids", "identifier", "resourceid"];

/// What members begin with that name the two ends of a copy, a move or a swap.
const ENDS: [&str; 3] = ["source", "target", "destination"];

/// What variables end in that tell something of a resource and are not its name.
const DESCRIBING: [&str; 5] = ["type", "version", "region", "scope", "status"];

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
        let cells = of_operation(reference.member_aliases(kind, variable), event_name);
        let marked = |mark: char| cells.iter().find_map(|cell| cell.strip_prefix(mark));
        let ids = Ids {
            reference,
            prefix: kind.prefix,
            kind: kind.name,
        };
        let mut new = Self {
            raw: variable,
            is_foreign: cells.contains(&"!"),
            aliases: aliases(&cells),
            default: marked('='),
            lead: marked('^'),
            cut: marked('<'),
            own_lead: own_lead(variable, kind),
            generic,
            is_subject: about(&kind_name) || (!generic && about(&own_stem)) || only,
            wants_name: generic
                || ends(&["name"])
                || !ends(&["id", "identifier", "uuid"]) && !ends(&DESCRIBING),
            wants_id: generic && name != "name" || ends(&["id", "identifier", "uuid"]),
            is_made_with_id: generic
                && ends(&["id", "identifier", "uuid"])
                && ["Create", "Import", "Register", "Associate"]
                    .iter()
                    .any(|verb| event_name.starts_with(verb)),
            is_id: ends(&["id", "uuid"]),
            is_name: ends(&["name"]) && !generic,
            ids: reference.has_typed_ids(kind.prefix).then_some(ids),
            is_made,
            keeps_slash: kind.prefix == "logs",
            is_key: kind.arn_templates.iter().any(|it| it.contains(":kms:"))
                && !kind.name.eq_ignore_ascii_case("alias"),
            stem: own_stem,
            kind: kind_name,
            name,
            ends: Ends::default(),
        };
        new.note_ends();
        new
    }

    /// Most members of a request are told apart from those wanted by their last sign.
    fn note_ends(&mut self) {
        let mut names: Vec<&str> = self.aliases.iter().map(|alias| &*alias.name).collect();
        let mut stems: Vec<&str> = Vec::new();
        if !self.is_foreign {
            names.extend([&*self.name, &*self.kind]);
            names.extend(BARE_NAMES.iter().chain(&BARE_IDS));
            names.push("s");
            stems.extend([&*self.stem, &*self.kind, ""]);
        }
        self.ends = Ends::of(&names, &stems);
    }

    /// Whether no member is known to give it but by its name.
    pub(super) fn has_no_alias(&self) -> bool {
        self.aliases.is_empty()
    }

    /// Whether several members give a resource each.
    pub(super) fn has_joined(&self) -> bool {
        self.aliases.iter().any(|alias| alias.joined)
    }

    /// What the request gives for the variable, if anything: values without repetitions, several
    /// only if they stand under one name. A member in `taken` gives another variable.
    pub(super) fn bind<'m>(
        &self,
        request: &'m Members<'_>,
        kinds: &Kinds,
        taken: &[MemberName<'m>],
    ) -> Option<Bound<'m>> {
        let mut best: Option<Bound<'m>> = None;
        for member in request.ending(self.ends) {
            let Some(rank) = self.rank(&member) else {
                continue;
            };
            let rank = (rank, member.depth);
            let from = (member.around, member.name);
            let worse = best.as_ref().is_some_and(|best| {
                let is_other = || !self.is_joined(rank.0) && !are_two_ends(best.from, from);
                best.rank < rank || best.rank == rank && best.from != from && is_other()
            });
            if worse || taken.contains(&from) {
                continue;
            }
            // The ARN of a cluster gives the name of the cluster in the ARN of a service.
            let value = match member.value.starts_with("arn:") {
                true => kinds.value_in(member.value, self.raw).map(Value::Known),
                false if self.is_other(rank.0) => Some(Value::OtherId),
                false => self.usable(member.value),
            };
            let Some(value) = value else {
                continue;
            };
            match &mut best {
                Some(best) if best.rank == rank => {
                    if !best.values.contains(&value) {
                        best.values.push(value);
                    }
                }
                _ => {
                    best = Some(Bound {
                        rank,
                        from,
                        values: vec![value],
                    });
                }
            }
        }
        best
    }

    /// What the variable is where the request does not give it.
    pub(super) fn default(&self) -> Option<Value<'static>> {
        self.default.map(Value::Known)
    }

    /// How well a member's name fits, 0 the best; `None` if it does not.
    fn rank(&self, member: &Member<'_>) -> Option<usize> {
        let name = member.name;
        if self.is_made && name.starts_with("source") {
            return None;
        }
        let mut aliases = self.aliases.iter();
        if let Some(alias) =
            aliases.find(|alias| alias.name == name || member.within_is(&alias.name))
        {
            return Some(alias.rank);
        }
        if self.is_foreign {
            return None;
        }
        let own = !self.generic;
        // An id is no name, and the other way round.
        let crosswise = (self.is_id && name.ends_with("name"))
            || (self.is_name && self.ids.is_none() && name.ends_with("id"));
        let own_stem = own && !self.stem.is_empty() && !crosswise;
        let names_kind = self.names_kind() && !crosswise;
        // Behind the aliases.
        let rank = if own && name == self.name {
            0
        } else if own && member.within_is(&self.name) {
            1
        } else if own_stem && member.stem == self.stem {
            2
        } else if names_kind && (member.stem == self.kind || self.is_kind(name)) {
            3
        } else if names_kind && member.stem_within_is(&self.kind) {
            4
        } else if own_stem && member.stem_within_is(&self.stem) {
            5
        } else if self.is_subject && member.depth <= 1 && self.is_bare(name) {
            6
        } else if own_stem && self.stem.len() >= 6 && member.depth <= 2 && self.ends_alike(member) {
            7
        } else {
            return None;
        };
        Some(rank + BEHIND_ALIASES)
    }

    /// Whether several members of this rank give a value each.
    fn is_joined(&self, rank: usize) -> bool {
        let mut aliases = self.aliases.iter();
        aliases.any(|alias| alias.rank == rank && alias.joined)
    }

    /// Whether a member of this rank names the resource by what is not in its ARN.
    fn is_other(&self, rank: usize) -> bool {
        let mut aliases = self.aliases.iter();
        aliases.any(|alias| alias.rank == rank && alias.other)
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

    /// Whether the name is that of the type, `cluster` or `clusters`.
    fn is_kind(&self, name: &str) -> bool {
        name == self.kind || name.strip_suffix('s') == Some(&*self.kind)
    }

    fn is_bare(&self, name: &str) -> bool {
        (self.wants_name && !self.is_made_with_id && BARE_NAMES.contains(&name))
            || (self.wants_id && BARE_IDS.contains(&name))
    }

    /// A value as the ARN holds it, or `None` if it can be no part of one.
    fn usable<'v>(&self, value: &'v str) -> Option<Value<'v>> {
        // Parameters and paths are written with a slash in front, and their ARNs have one already.
        let value = match value.strip_prefix('/') {
            Some(bare) if !self.keeps_slash => bare,
            _ => value,
        };
        let value = match self.cut {
            Some(sign) => value.split(sign).next().unwrap_or(value),
            None => value,
        };
        // By bytes, as it is asked of most values of most requests.
        let bytes = value.as_bytes();
        let is_text = bytes.iter().any(|byte| matches!(byte, b'\n' | b'{' | b'"'));
        if bytes.is_empty() || is_text || bytes.windows(3).any(|signs| signs == b"://") {
            return None;
        }
        if self.is_key && value.starts_with("alias/") {
            return Some(Value::OtherId);
        }
        // What the template has in front of the variable is not said twice.
        let mut inner = value;
        for lead in [self.lead, self.own_lead].into_iter().flatten() {
            inner = inner.strip_prefix(lead).unwrap_or(inner);
        }
        // Nor is an id without it one of this type, where ids tell their type.
        if self.ids.is_some() && self.own_lead.is_some_and(|lead| !value.starts_with(lead)) {
            return None;
        }
        let kind = self.ids.as_ref().filter(|_| looks_random(value));
        let kind = kind.and_then(|ids| Some((ids, ids.kind_of(value)?)));
        match kind {
            None => Some(Value::Known(inner)),
            Some((ids, kind)) if kind != ids.kind => None,
            Some(_) if self.wants_id => Some(Value::Known(inner)),
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

/// Whether two members differ in the end that they name alone: `sourceSnapshotName` and
/// `targetSnapshotName`.
fn are_two_ends(one: MemberName<'_>, other: MemberName<'_>) -> bool {
    fn bare(name: &str) -> &str {
        let bare = ENDS.iter().find_map(|end| name.strip_prefix(end));
        bare.unwrap_or(name)
    }
    bare(one.0) == bare(other.0) && bare(one.1) == bare(other.1)
}

/// The members that a cell of the table lists. One that names the resource by what is not in its ARN
/// comes last.
fn aliases(cells: &[&str]) -> Vec<Alias> {
    let mut aliases: Vec<Alias> = Vec::new();
    for cell in cells {
        if cell.starts_with(['=', '^', '!', '<']) {
            continue;
        }
        let (joined, other) = (cell.starts_with('+'), cell.starts_with('%'));
        let before = aliases.iter().rfind(|alias| !alias.other);
        let rank = match before {
            _ if other => BEHIND_ALIASES - 1,
            Some(before) if joined => before.rank,
            Some(before) => before.rank + 1,
            None => 0,
        };
        aliases.push(Alias {
            name: normal(cell),
            rank,
            joined,
            other,
        });
    }
    aliases
}

/// The cells that hold for an operation: `name@CreateWorkGroup|GetWorkGroup` is for these alone.
fn of_operation(cells: &[&'static str], event_name: &str) -> Vec<&'static str> {
    let of = |cell: &&'static str| match cell.split_once('@') {
        Some((member, operations)) => {
            let mut operations = operations.split('|');
            operations.any(|of| of == event_name).then_some(member)
        }
        None => Some(*cell),
    };
    cells.iter().filter_map(of).collect()
}

/// What stands right in front of a variable in the same part of its template.
fn own_lead(variable: &str, kind: &'static ResourceType) -> Option<&'static str> {
    let marked = format!("${{{variable}}}");
    let template = kind
        .arn_templates
        .iter()
        .find_map(|text| text.split_once(&marked));
    let (before, _) = template?;
    let lead = before.rsplit(['/', ':', '}']).next()?;
    lead.ends_with('-').then_some(lead)
}

/// Whether what stands behind the last hyphen of an id was not chosen by people.
fn looks_random(id: &str) -> bool {
    let end = id.rsplit('-').next().unwrap_or(id);
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    end.bytes().all(|byte| byte.is_ascii_hexdigit())
        || end.bytes().all(plain) && end.bytes().any(|byte| byte.is_ascii_digit())
}
