//! How does a policy that is too large for IAM become several?
//!
//! Into the fewest documents. Statements stay whole where that costs no document, and in the order
//! of the policy where that costs none either. Where it does, statements are cut, by resources or by
//! actions, which grants the same. A search for fewer documents ends where it is proven that there
//! are none, or after so many steps: then it is told that fewer may do, and how many at least. The
//! same policy gives the same documents.

mod greedy;
mod search;
mod sizes;
mod target;

use crate::policy::{PolicyDocument, Statement};
use search::Outcome;
use sizes::{needs, resources_of};
pub use target::Target;

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
        "the policy is {size} characters, {} takes {}: that makes {documents} documents{} of {} that can be attached; \
         the largest statement is `{largest}` with {resources} resources",
        target.name(), target.limit(), perhaps(*documents, *at_least), target.most_documents()
    )]
    Documents {
        /// Its size, white space not counted.
        size: usize,
        /// Where it should be attached.
        target: Target,
        /// What it was split to.
        documents: usize,
        /// A number of documents that is needed for sure.
        at_least: usize,
        /// The name of its largest statement.
        largest: String,
        /// The resources of that.
        resources: usize,
    },
}

/// The documents of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// One or more, each small enough.
    pub documents: Vec<PolicyDocument>,
    /// No way of splitting makes fewer documents than this. Mostly it is how many there are; if not,
    /// the search for fewer ended before its end.
    pub at_least: usize,
}

impl Split {
    /// Whether it is proven that fewer documents do not do.
    pub fn is_fewest(&self) -> bool {
        self.documents.len() <= self.at_least
    }
}

/// In words, if fewer may do.
fn perhaps(documents: usize, at_least: usize) -> String {
    match at_least < documents {
        true => format!(" (perhaps fewer, {at_least} at least)"),
        false => String::new(),
    }
}

/// The policy as the fewest documents that can be attached to `target`.
pub fn fit(document: &PolicyDocument, target: Target) -> Result<Split, DoesNotFit> {
    // One document that is too large is not better for being known to make three and not four.
    let searched = match target.most_documents() {
        1 => 0,
        most => most,
    };
    let split = split(document, target.limit(), searched)?;
    if split.documents.len() > target.most_documents() {
        let largest = document.statement.iter().max_by_key(|it| needs(it));
        return Err(DoesNotFit::Documents {
            size: document.size(),
            target,
            documents: split.documents.len(),
            at_least: split.at_least,
            largest: largest.and_then(|it| it.sid.clone()).unwrap_or_default(),
            resources: largest.map_or(0, |it| resources_of(it).len()),
        });
    }
    Ok(split)
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

/// The most documents that are searched for: more cannot be attached anywhere.
const SEARCHED: usize = 10;

/// The policy as documents of at most `limit` characters each, white space not counted.
pub fn split_by_size(document: &PolicyDocument, limit: usize) -> Result<Split, DoesNotFit> {
    split(document, limit, SEARCHED)
}

/// The same, where no more documents than so many are searched for.
fn split(document: &PolicyDocument, limit: usize, searched: usize) -> Result<Split, DoesNotFit> {
    if document.size() <= limit {
        return Ok(Split {
            documents: vec![document.clone()],
            at_least: 1,
        });
    }
    let frame = PolicyDocument::new(Vec::new()).size();
    // A comma stands between two statements.
    let room = limit.saturating_sub(frame) + 1;
    let statements = &document.statement;
    let bound = fewest(document, limit);
    let mut best = quickest(statements, room, bound)?;
    let mut at_least = bound;
    let mut proven = true;
    for documents in bound..best.len().min(searched + 1) {
        match search::search(statements, room, documents) {
            Outcome::Found(found) => {
                best = found;
                break;
            }
            Outcome::Impossible if proven => at_least = documents + 1,
            Outcome::Impossible => {}
            Outcome::Unknown => proven = false,
        }
    }
    Ok(Split {
        documents: best.into_iter().map(PolicyDocument::new).collect(),
        at_least,
    })
}

/// The best of what is found at once. Of those with as many documents the first.
fn quickest(
    statements: &[Statement],
    room: usize,
    at_least: usize,
) -> Result<Vec<Vec<Statement>>, DoesNotFit> {
    let whole = greedy::in_order(statements, room).map(|in_order| {
        if in_order.len() <= at_least {
            return in_order;
        }
        // No longer in their order, and so perhaps in fewer.
        let mixed = greedy::whole(statements, room);
        let fewer = mixed.filter(|it| it.len() < in_order.len());
        fewer.unwrap_or(in_order)
    });
    let whole = match whole {
        Some(whole) if whole.len() <= at_least => return Ok(whole),
        other => other,
    };
    let filled = greedy::filled(statements, room)?;
    Ok(whole
        .filter(|it| it.len() <= filled.len())
        .unwrap_or(filled))
}

#[cfg(test)]
mod tests;
