//! How does a policy that is too large for IAM become several?
//!
//! Statements stay whole where that costs no document. Where it does, statements are cut where a
//! document is full, by resources first and by actions then, which grants the same: no fewer
//! documents could hold them, but for what the cuts themselves take. The same policy gives the
//! same documents.

use std::cmp::Reverse;

use crate::policy::{Actions, PolicyDocument, Resources, Statement};

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
        "the policy is {size} characters, {} takes {}: that makes {documents} documents of {} that can be attached",
        target.name(), target.limit(), target.most_documents()
    )]
    Documents {
        /// Its size, white space not counted.
        size: usize,
        /// Where it should be attached.
        target: Target,
        /// What it was split to.
        documents: usize,
    },
}

/// The policy as the fewest documents that can be attached to `target`.
pub fn fit(document: &PolicyDocument, target: Target) -> Result<Vec<PolicyDocument>, DoesNotFit> {
    let documents = split_by_size(document, target.limit())?;
    if documents.len() > target.most_documents() {
        return Err(DoesNotFit::Documents {
            size: document.size(),
            target,
            documents: documents.len(),
        });
    }
    Ok(documents)
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
    let fewest = (size - frame).div_ceil(room.max(1));
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
        if needs(statement) <= left {
            left -= needs(statement);
            if let Some(document) = documents.last_mut() {
                document.push(statement.clone());
            }
            continue;
        }
        let mut pieces: Vec<(usize, Statement)> = Vec::new();
        let mut waiting = vec![statement.clone()];
        while let Some(now) = waiting.pop() {
            let space = left.saturating_sub(name);
            let size = needs(&now);
            let (piece, rest) = match size <= space {
                true => (Some(now), Vec::new()),
                false => match cut(&now, space) {
                    Some((piece, rest)) => (Some(piece), rest),
                    None if left == room => return Err(too_large(&now, room)),
                    None => (None, vec![now]),
                },
            };
            let full = !rest.is_empty();
            if let Some(piece) = piece {
                left = left.saturating_sub(needs(&piece) + name);
                pieces.push((documents.len() - 1, piece));
            }
            waiting.extend(rest.into_iter().rev());
            if full {
                documents.push(Vec::new());
                left = room;
            }
        }
        let several = pieces.len() > 1;
        for (number, (document, mut piece)) in pieces.into_iter().enumerate() {
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

/// The largest piece of a statement that fits, and what is left of it.
fn cut(statement: &Statement, space: usize) -> Option<(Statement, Vec<Statement>)> {
    let actions = statement.actions.patterns().0;
    let resources = statement
        .resources
        .as_ref()
        .map_or(&[][..], |it| it.patterns().0);
    let with = |actions: &[String], resources: &[String]| Statement {
        actions: Actions::Action(actions.iter().cloned().collect()),
        resources: Some(Resources::Resource(resources.iter().cloned().collect())),
        ..statement.clone()
    };
    let most = most(resources.len(), |n| {
        needs(&with(actions, resources.get(..n).unwrap_or_default())) <= space
    });
    if most > 0 {
        let (these, others) = resources.split_at(most);
        return Some((with(actions, these), vec![with(actions, others)]));
    }
    let (one, others) = resources.split_at(resources.len().min(1));
    let most = self::most(actions.len(), |n| {
        needs(&with(actions.get(..n).unwrap_or_default(), one)) <= space
    });
    if most == 0 {
        return None;
    }
    let (these, more) = actions.split_at(most);
    let mut rest = vec![with(more, one)];
    if !others.is_empty() {
        rest.push(with(actions, others));
    }
    Some((with(these, one), rest))
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

fn too_large(statement: &Statement, room: usize) -> DoesNotFit {
    DoesNotFit::Statement {
        sid: statement.sid.clone().unwrap_or_default(),
        size: needs(statement),
        limit: room,
    }
}

/// Characters that a statement takes in a document, with its comma.
fn needs(statement: &Statement) -> usize {
    let alone = PolicyDocument::new(vec![statement.clone()]).size();
    alone - PolicyDocument::new(Vec::new()).size() + 1
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn statement(sid: &str, actions: usize, resources: usize) -> Statement {
        let actions = (0..actions).map(|n| format!("s3:Action{n}")).collect();
        let resources = (0..resources)
            .map(|n| format!("arn:aws:s3:::{sid}/{n}"))
            .collect();
        Statement::allow(sid, actions, resources)
    }

    /// Each action with each of its resources.
    fn grants(documents: &[PolicyDocument]) -> BTreeSet<(String, String)> {
        let statements = documents.iter().flat_map(|document| &document.statement);
        statements
            .flat_map(|statement| {
                let actions = statement.actions.patterns().0.iter();
                let resources = statement
                    .resources
                    .as_ref()
                    .map_or(&[][..], |it| it.patterns().0);
                actions.flat_map(|action| {
                    resources
                        .iter()
                        .map(|resource| (action.clone(), resource.clone()))
                })
            })
            .collect()
    }

    #[test]
    fn a_policy_that_fits_stays_whole() {
        let document = PolicyDocument::new(vec![statement("A", 2, 2)]);
        assert_eq!(split_by_size(&document, 6_144), Ok(vec![document]));
    }

    #[test]
    fn statements_stay_whole_where_that_costs_no_document() {
        let document = PolicyDocument::new(vec![
            statement("A", 1, 30),
            statement("B", 1, 30),
            statement("C", 1, 30),
        ]);
        let one = needs(&statement("A", 1, 30));
        let sids = |limit: usize| -> Vec<Vec<String>> {
            let parts = split_by_size(&document, limit).unwrap_or_default();
            let sids = parts.iter().map(|part| part.statement.iter());
            sids.map(|it| it.filter_map(|it| it.sid.clone()).collect())
                .collect()
        };
        assert_eq!(sids(2 * one + 40), [vec!["A", "B"], vec!["C"]]);
        // Two documents would do if one statement is cut; whole ones would need three.
        let expected = [vec!["A", "BPart1"], vec!["BPart2", "C"]];
        assert_eq!(sids(one + one / 2 + 200), expected);
    }

    #[test]
    fn inline_policies_have_one_limit_for_all() {
        let document = PolicyDocument::new(vec![statement("A", 1, 150)]);
        assert_eq!(fit(&document, Target::Managed).map(|it| it.len()), Ok(1));
        let error = fit(&document, Target::InlineUser).map_err(|error| error.to_string());
        let told = error.err().unwrap_or_default();
        assert!(
            told.contains("the inline policies of a user takes 2048"),
            "{told}"
        );
    }

    proptest! {
        #[test]
        fn the_parts_fit_and_grant_the_same(
            shapes in prop::collection::vec((1..20_usize, 1..60_usize), 1..12),
            limit in 400..3_000_usize,
        ) {
            let statements = shapes.iter().enumerate();
            let statements = statements.map(|(n, (a, r))| statement(&format!("S{n}"), *a, *r));
            let document = PolicyDocument::new(statements.collect());
            let parts = split_by_size(&document, limit).map_err(|e| TestCaseError::fail(e.to_string()))?;
            prop_assert!(parts.iter().all(|part| part.size() <= limit));
            prop_assert_eq!(grants(&parts), grants(&[document]));
            let sids: Vec<&str> = parts.iter().flat_map(|p| &p.statement).filter_map(|s| s.sid.as_deref()).collect();
            let unique: BTreeSet<&str> = sids.iter().copied().collect();
            prop_assert_eq!(unique.len(), sids.len());
            // No document has room for the next one: but for the name of a piece, they are full.
            for pair in parts.windows(2) {
                let both: usize = pair.iter().map(PolicyDocument::size).sum();
                prop_assert!(both + "Part9999".len() > limit, "{both} of {limit}");
            }
        }
    }
}
