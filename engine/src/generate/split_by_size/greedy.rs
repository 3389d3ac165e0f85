//! Which documents come of taking one statement after the other?
//!
//! Quick, and mostly as few as can be. What is better is for the search to find.

use std::cmp::Reverse;

use super::DoesNotFit;
use super::sizes::{Piece, Sizes, needs};
use crate::policy::Statement;

/// The statements in their order, each whole in the document of the one before or the next, if
/// each fits in one.
pub(super) fn in_order(statements: &[Statement], room: usize) -> Option<Vec<Vec<Statement>>> {
    let mut documents: Vec<Vec<Statement>> = Vec::new();
    let mut left = 0;
    for statement in statements {
        let needs = needs(statement);
        if needs > room {
            return None;
        }
        if needs > left {
            documents.push(Vec::new());
            left = room;
        }
        left -= needs;
        documents.last_mut()?.push(statement.clone());
    }
    Some(documents)
}

/// The statements in as few documents as first-fit on falling sizes makes, if each fits.
pub(super) fn whole(statements: &[Statement], room: usize) -> Option<Vec<Vec<Statement>>> {
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
pub(super) fn filled(
    statements: &[Statement],
    room: usize,
) -> Result<Vec<Vec<Statement>>, DoesNotFit> {
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
                piece.sid = name_of_part(statement, number + 1);
            }
            if let Some(document) = documents.get_mut(document) {
                document.push(piece);
            }
        }
    }
    documents.retain(|statements| !statements.is_empty());
    Ok(documents)
}

/// The name of a piece. What has none gets none.
pub(super) fn name_of_part(statement: &Statement, number: usize) -> Option<String> {
    let name = statement.sid.as_deref()?;
    Some(format!("{name}Part{number}"))
}
