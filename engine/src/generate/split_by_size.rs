//! How does a policy that is too large for IAM become several?
//!
//! Statements stay whole where that costs no document. Where it does, statements are cut where a
//! document is full, by resources first and by actions then, which grants the same. No way of
//! splitting makes fewer documents than all characters fill: mostly it is just as many, and never
//! more than what the cuts themselves take adds. The same policy gives the same documents.

use std::cmp::Reverse;
use std::ops::Range;

use crate::policy::{Actions, OneOrMany, PolicyDocument, Resources, Statement};

/// Where a policy is to be attached, which says how large it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Target {
    /// A managed policy of the customer.
    #[default]
    Managed,
    /// Inline in a role; the limit is for all of a role's inline policies together.
    InlineRole,
    /// Inline in a user.
    InlineUser,
    /// Inline in a group.
    InlineGroup,
    /// The permissions boundary of a role or user, which is one managed policy.
    Boundary,
    /// A service control policy.
    Scp,
}

impl Target {
    /// Characters that IAM takes, white space not counted.
    pub fn limit(self) -> usize {
        match self {
            Self::Managed | Self::Boundary => 6_144,
            Self::InlineRole => 10_240,
            Self::InlineUser => 2_048,
            Self::InlineGroup | Self::Scp => 5_120,
        }
    }

    /// Documents that can be attached: ten managed policies by default, five service control
    /// policies, one boundary. The limit of inline policies is one for all of them.
    pub fn most_documents(self) -> usize {
        match self {
            Self::Managed => 10,
            Self::Scp => 5,
            Self::InlineRole | Self::InlineUser | Self::InlineGroup | Self::Boundary => 1,
        }
    }

    /// As people name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Managed => "a managed policy",
            Self::InlineRole => "the inline policies of a role",
            Self::InlineUser => "the inline policies of a user",
            Self::InlineGroup => "the inline policies of a group",
            Self::Boundary => "a permissions boundary",
            Self::Scp => "a service control policy",
        }
    }
}

/// A policy that cannot be attached where it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DoesNotFit {
    /// A single action on a single resource is larger than a document may be.
    #[error(
        "statement `{sid}` cannot be cut to less than {size} characters, and a document takes {limit}"
    )]
    Statement {
        /// The statement.
        sid: String,
        /// Its least size.
        size: usize,
        /// What a document takes.
        limit: usize,
    },
    /// It is more documents than can be attached.
    #[error(
        "the policy is {size} characters, {} takes {}: that makes {documents} documents of {} that can be attached; \
         the largest statement is `{largest}` with {resources} resources",
        target.name(), target.limit(), target.most_documents()
    )]
    Documents {
        /// Its size, white space not counted.
        size: usize,
        /// Where it should be attached.
        target: Target,
        /// What it was split to.
        documents: usize,
        /// The name of its largest statement.
        largest: String,
        /// The resources of that.
        resources: usize,
    },
}

/// The policy as the fewest documents that can be attached to `target`.
pub fn fit(document: &PolicyDocument, target: Target) -> Result<Vec<PolicyDocument>, DoesNotFit> {
    let documents = split_by_size(document, target.limit())?;
    if documents.len() > target.most_documents() {
        let largest = document.statement.iter().max_by_key(|it| needs(it));
        return Err(DoesNotFit::Documents {
            size: document.size(),
            target,
            documents: documents.len(),
            largest: largest.and_then(|it| it.sid.clone()).unwrap_or_default(),
            resources: largest.map_or(0, |it| resources_of(it).len()),
        });
    }
    Ok(documents)
}

/// A number of documents that no way of splitting a policy can do with less of: what all its
/// statements take, cut anywhere, without anything for the cuts.
fn fewest(document: &PolicyDocument, limit: usize) -> usize {
    let frame = PolicyDocument::new(Vec::new()).size();
    // A comma stands between two statements.
    let room = (limit + 1).saturating_sub(frame).max(1);
    (document.size() + 1)
        .saturating_sub(frame)
        .div_ceil(room)
        .max(1)
}

/// The policy as documents of at most `limit` characters each, white space not counted.
pub fn split_by_size(
    document: &PolicyDocument,
    limit: usize,
) -> Result<Vec<PolicyDocument>, DoesNotFit> {
    let size = document.size();
    if size <= limit {
        return Ok(vec![document.clone()]);
    }
    let frame = PolicyDocument::new(Vec::new()).size();
    // A comma stands between two statements.
    let room = limit.saturating_sub(frame) + 1;
    let fewest = fewest(document, limit);
    let whole = whole(&document.statement, room);
    let parts = match whole {
        Some(whole) if whole.len() <= fewest => whole,
        whole => {
            let filled = filled(&document.statement, room)?;
            match whole {
                Some(whole) if whole.len() <= filled.len() => whole,
                _ => filled,
            }
        }
    };
    Ok(parts.into_iter().map(PolicyDocument::new).collect())
}

/// The statements in as few documents as first-fit on falling sizes makes, if each fits.
fn whole(statements: &[Statement], room: usize) -> Option<Vec<Vec<Statement>>> {
    let mut sized: Vec<(usize, usize, &Statement)> = statements
        .iter()
        .enumerate()
        .map(|(at, statement)| (needs(statement), at, statement))
        .collect();
    if sized.iter().any(|(needs, ..)| *needs > room) {
        return None;
    }
    // Largest first; equal ones in the order of the policy.
    sized.sort_by_key(|(needs, at, _)| (Reverse(*needs), *at));
    let mut documents: Vec<(usize, Vec<(usize, &Statement)>)> = Vec::new();
    for (needs, at, statement) in sized {
        match documents.iter_mut().find(|(used, _)| used + needs <= room) {
            Some((used, statements)) => {
                *used += needs;
                statements.push((at, statement));
            }
            None => documents.push((needs, vec![(at, statement)])),
        }
    }
    for (_, statements) in &mut documents {
        statements.sort_by_key(|(at, _)| *at);
    }
    documents.sort_by_key(|(_, statements)| statements.first().map(|(at, _)| *at));
    let documents = documents.into_iter();
    Some(
        documents
            .map(|(_, statements)| statements.into_iter().map(|(_, it)| it.clone()).collect())
            .collect(),
    )
}

/// The statements one after the other, each cut where a document is full.
fn filled(statements: &[Statement], room: usize) -> Result<Vec<Vec<Statement>>, DoesNotFit> {
    // A piece is named for its statement and its number.
    let name = "Part9999".len();
    let mut documents: Vec<Vec<Statement>> = vec![Vec::new()];
    let mut left = room;
    for statement in statements {
        let sizes = Sizes::of(statement);
        let mut pieces: Vec<(usize, Piece)> = Vec::new();
        let mut waiting = vec![sizes.whole()];
        while let Some(now) = waiting.pop() {
            let cut = !pieces.is_empty() || sizes.of_piece(&now) > left;
            let space = left.saturating_sub(if cut { name } else { 0 });
            let (piece, rest) = match sizes.of_piece(&now) <= space {
                true => (Some(now), Vec::new()),
                false => match sizes.cut(&now, space) {
                    Some((piece, rest)) => (Some(piece), rest),
                    None if left == room => {
                        return Err(DoesNotFit::Statement {
                            sid: statement.sid.clone().unwrap_or_default(),
                            size: sizes.least(&now),
                            limit: room,
                        });
                    }
                    None => (None, vec![now]),
                },
            };
            let full = !rest.is_empty();
            if let Some(piece) = piece {
                left = left.saturating_sub(sizes.of_piece(&piece) + if cut { name } else { 0 });
                pieces.push((documents.len() - 1, piece));
            }
            waiting.extend(rest.into_iter().rev());
            if full {
                documents.push(Vec::new());
                left = room;
            }
        }
        let several = pieces.len() > 1;
        for (number, (document, piece)) in pieces.into_iter().enumerate() {
            let mut piece = sizes.statement(&piece);
            if several {
                let name = statement.sid.as_deref().unwrap_or_default();
                piece.sid = Some(format!("{name}Part{}", number + 1));
            }
            if let Some(document) = documents.get_mut(document) {
                document.push(piece);
            }
        }
    }
    documents.retain(|statements| !statements.is_empty());
    Ok(documents)
}

/// A part of a statement: some of its actions on some of its resources.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    actions: Range<usize>,
    resources: Range<usize>,
}

/// A statement with what its parts take, so that none is written to know.
struct Sizes<'a> {
    statement: &'a Statement,
    /// Without actions and resources, with its comma.
    frame: usize,
    /// What the values before each one take together.
    actions: Vec<usize>,
    resources: Vec<usize>,
}

impl<'a> Sizes<'a> {
    fn of(statement: &'a Statement) -> Self {
        let empty = Statement {
            actions: Actions::Action("".into()),
            resources: Some(Resources::Resource("".into())),
            ..statement.clone()
        };
        let sums = |values: &[String]| {
            let mut sum = 0;
            let mut sums = vec![0];
            sums.extend(values.iter().map(|value| {
                sum += size_of_text(value);
                sum
            }));
            sums
        };
        Self {
            statement,
            frame: needs(&empty) - 2 * size_of_text(""),
            actions: sums(actions_of(statement)),
            resources: sums(resources_of(statement)),
        }
    }

    fn whole(&self) -> Piece {
        Piece {
            actions: 0..self.actions.len() - 1,
            resources: 0..self.resources.len() - 1,
        }
    }

    /// What a piece takes in a document, with its comma.
    fn of_piece(&self, piece: &Piece) -> usize {
        let list = |sums: &[usize], of: &Range<usize>| {
            let at = |index: usize| sums.get(index).copied().unwrap_or_default();
            // A single value stands without brackets, several with commas between them.
            let around = if of.len() == 1 {
                0
            } else {
                1 + of.len().max(1)
            };
            at(of.end) - at(of.start) + around
        };
        self.frame + list(&self.actions, &piece.actions) + list(&self.resources, &piece.resources)
    }

    /// The first action of a piece on its first resource.
    fn least(&self, piece: &Piece) -> usize {
        let first = |of: &Range<usize>| of.start..of.end.min(of.start + 1);
        self.of_piece(&Piece {
            actions: first(&piece.actions),
            resources: first(&piece.resources),
        })
    }

    /// The largest part of a piece that fits, and what is left of it.
    fn cut(&self, piece: &Piece, space: usize) -> Option<(Piece, Vec<Piece>)> {
        let Piece { actions, resources } = piece;
        let with = |actions: Range<usize>, resources: Range<usize>| Piece { actions, resources };
        let most = most(resources.len(), |n| {
            let these = resources.start..resources.start + n;
            self.of_piece(&with(actions.clone(), these)) <= space
        });
        if most > 0 {
            let at = resources.start + most;
            return Some((
                with(actions.clone(), resources.start..at),
                vec![with(actions.clone(), at..resources.end)],
            ));
        }
        let behind = resources.end.min(resources.start + 1);
        let one = resources.start..behind;
        let most = self::most(actions.len(), |n| {
            let these = actions.start..actions.start + n;
            self.of_piece(&with(these, one.clone())) <= space
        });
        if most == 0 {
            return None;
        }
        let at = actions.start + most;
        let mut rest = vec![with(at..actions.end, one.clone())];
        if behind < resources.end {
            rest.push(with(actions.clone(), behind..resources.end));
        }
        Some((with(actions.start..at, one), rest))
    }

    fn statement(&self, piece: &Piece) -> Statement {
        if *piece == self.whole() {
            return self.statement.clone();
        }
        let some = |values: &[String], of: &Range<usize>| -> OneOrMany {
            let values = values.get(of.clone()).unwrap_or_default();
            values.iter().cloned().collect()
        };
        Statement {
            actions: Actions::Action(some(actions_of(self.statement), &piece.actions)),
            resources: Some(Resources::Resource(some(
                resources_of(self.statement),
                &piece.resources,
            ))),
            ..self.statement.clone()
        }
    }
}

fn actions_of(statement: &Statement) -> &[String] {
    statement.actions.patterns().0
}

fn resources_of(statement: &Statement) -> &[String] {
    let resources = statement.resources.as_ref();
    resources.map_or(&[], |it| it.patterns().0)
}

/// Characters of a text in JSON, white space not counted.
fn size_of_text(text: &str) -> usize {
    // A text always has a JSON form.
    let json = serde_json::to_string(text).unwrap_or_default();
    json.chars().filter(|sign| !sign.is_whitespace()).count()
}

/// The largest number below `of` that fits, where each smaller one does as well.
fn most(of: usize, fits: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, of);
    while high - low > 1 {
        let middle = low.midpoint(high);
        if fits(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// Characters that a statement takes in a document, with its comma.
fn needs(statement: &Statement) -> usize {
    let alone = PolicyDocument::new(vec![statement.clone()]).size();
    alone - PolicyDocument::new(Vec::new()).size() + 1
}

#[cfg(test)]
mod tests;
