//! How is a policy cut up that is larger than IAM takes?
//!
//! Statements go whole where they fit. One that is larger than a document is cut by its
//! resources first and its actions then, which grants the same. The documents are as few as
//! first-fit on falling sizes makes them, and the same for the same policy.

use std::cmp::Reverse;

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
    /// A service control policy.
    Scp,
}

impl Target {
    /// Characters that IAM takes, white space not counted.
    pub fn limit(self) -> usize {
        match self {
            Self::Managed => 6_144,
            Self::InlineRole => 10_240,
            Self::InlineUser => 2_048,
            Self::InlineGroup | Self::Scp => 5_120,
        }
    }
}

/// A single action on a single resource that is larger than a document may be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "statement `{sid}` cannot be cut to less than {size} characters, and a document takes {limit}"
)]
pub struct TooLarge {
    /// The statement.
    pub sid: String,
    /// Its least size.
    pub size: usize,
    /// What a document takes.
    pub limit: usize,
}

/// The policy as documents of at most `limit` characters each, white space not counted.
pub fn split_by_size(
    document: &PolicyDocument,
    limit: usize,
) -> Result<Vec<PolicyDocument>, TooLarge> {
    if document.size() <= limit {
        return Ok(vec![document.clone()]);
    }
    let frame = PolicyDocument::new(Vec::new()).size();
    let room = limit.saturating_sub(frame);
    let mut pieces: Vec<(usize, Statement)> = Vec::new();
    for statement in &document.statement {
        let whole = size(statement) <= room;
        // A piece is named for its statement and its number.
        let room = if whole {
            room
        } else {
            room.saturating_sub("Part9999".len())
        };
        for piece in cut(statement, room)? {
            pieces.push((pieces.len(), piece));
        }
    }
    // Largest first; equal ones in the order of the policy.
    pieces.sort_by_key(|(at, piece)| (Reverse(size(piece)), *at));
    let mut documents: Vec<(usize, Vec<(usize, Statement)>)> = Vec::new();
    for (at, piece) in pieces {
        // A comma stands between two statements.
        let needs = size(&piece) + 1;
        match documents
            .iter_mut()
            .find(|(used, _)| used + needs <= room + 1)
        {
            Some((used, statements)) => {
                *used += needs;
                statements.push((at, piece));
            }
            None => documents.push((needs, vec![(at, piece)])),
        }
    }
    let mut documents: Vec<Vec<(usize, Statement)>> = documents
        .into_iter()
        .map(|(_, statements)| statements)
        .collect();
    for statements in &mut documents {
        statements.sort_by_key(|(at, _)| *at);
    }
    documents.sort_by_key(|statements| statements.first().map(|(at, _)| *at));
    Ok(documents
        .into_iter()
        .map(|statements| {
            statements
                .into_iter()
                .map(|(_, statement)| statement)
                .collect()
        })
        .map(PolicyDocument::new)
        .collect())
}

/// A statement as pieces of at most `room` characters that grant the same together.
fn cut(statement: &Statement, room: usize) -> Result<Vec<Statement>, TooLarge> {
    if size(statement) <= room {
        return Ok(vec![statement.clone()]);
    }
    let actions = statement.actions.patterns().0;
    let resources = statement
        .resources
        .as_ref()
        .map_or(&[][..], |it| it.patterns().0);
    let halves = if resources.len() > 1 {
        halved(resources).map(|half| Statement {
            resources: Some(Resources::Resource(half)),
            ..statement.clone()
        })
    } else if actions.len() > 1 {
        halved(actions).map(|half| Statement {
            actions: Actions::Action(half),
            ..statement.clone()
        })
    } else {
        return Err(TooLarge {
            sid: statement.sid.clone().unwrap_or_default(),
            size: size(statement),
            limit: room,
        });
    };
    let mut pieces = Vec::new();
    for half in &halves {
        pieces.extend(cut(half, room)?);
    }
    // Each piece needs a name of its own.
    for (number, piece) in pieces.iter_mut().enumerate() {
        let name = statement.sid.as_deref().unwrap_or_default();
        piece.sid = Some(format!("{name}Part{}", number + 1));
    }
    Ok(pieces)
}

fn halved(values: &[String]) -> [OneOrMany; 2] {
    let (first, second) = values.split_at(values.len() / 2);
    [first, second].map(|half| half.iter().cloned().collect())
}

/// Characters of a statement in a document, white space not counted.
fn size(statement: &Statement) -> usize {
    let alone = PolicyDocument::new(vec![statement.clone()]).size();
    alone - PolicyDocument::new(Vec::new()).size()
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
        }
    }
}
