//! Can a policy be split into so many documents?
//!
//! A search through all ways of giving each statement to a document, the largest first, and of
//! cutting some of them. That there is no way is said only if it holds for any cuts at all, and the
//! search came to its end. The number of its steps is bounded, so that the answer may be unknown.

mod cut;

use std::cmp::Reverse;

use super::greedy::name_of_part;
use super::sizes::{Sizes, needs};
use crate::policy::Statement;
use cut::{Part, Spread};

/// Steps of the search for each number of statements that are cut.
const STEPS: usize = 30_000;

/// What a search comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The documents.
    Found(Vec<Vec<Statement>>),
    /// There is no way.
    Impossible,
    /// None was found in so many steps.
    Unknown,
}

/// A statement to give to a document.
pub(super) struct Item<'a> {
    /// Its place in the policy.
    at: usize,
    statement: &'a Statement,
    sizes: Sizes<'a>,
    /// What it takes as a whole.
    whole: usize,
    /// What being cut in two adds at least; `None` if it cannot be cut.
    added: Option<usize>,
}

/// Splits `statements` into `documents` of `room` characters each, commas counted.
pub(super) fn search(statements: &[Statement], room: usize, documents: usize) -> Outcome {
    let mut items: Vec<Item<'_>> = statements.iter().enumerate().map(Item::of).collect();
    items.sort_by_key(|it| (Reverse(it.whole), it.at));
    let all: usize = items.iter().map(|it| it.whole).sum();
    let Some(slack) = (room * documents).checked_sub(all) else {
        return Outcome::Impossible;
    };
    let mut added: Vec<usize> = items.iter().filter_map(|it| it.added).collect();
    added.sort_unstable();
    let mut unknown = false;
    // If there is a way, then there is one with fewer cut statements than documents, where cuts are
    // thought to be possible anywhere: what is in parts that go round in a circle of documents can be
    // moved along it until a part is empty. So that is what is looked at to say that there is none.
    for cuts in 0..documents {
        if added.iter().take(cuts).sum::<usize>() > slack || added.len() < cuts {
            break;
        }
        let mut search = Search::new(&items, room, documents, cuts, slack);
        if search.place(0) {
            return Outcome::Found(search.documents());
        }
        unknown |= search.unknown;
    }
    match unknown {
        true => Outcome::Unknown,
        false => Outcome::Impossible,
    }
}

impl<'a> Item<'a> {
    fn of((at, statement): (usize, &'a Statement)) -> Self {
        let sizes = Sizes::of(statement);
        let whole = needs(statement);
        Self {
            added: cut::least_added(&sizes, whole, 2, name_length(statement)),
            at,
            statement,
            whole,
            sizes,
        }
    }

    /// What a part takes at least, even if as good as nothing is in it.
    fn least_part(&self) -> usize {
        (self.sizes.frame + name_length(self.statement)).saturating_sub(2)
    }
}

/// What the number in its name adds to a part: they are few.
fn name_length(statement: &Statement) -> usize {
    statement.sid.as_ref().map_or(0, |_| "Part1".len())
}

struct Search<'s, 'a> {
    items: &'s [Item<'a>],
    room: usize,
    /// Statements that are still to be chosen to be cut.
    cuts: usize,
    /// What is not taken by statements and what cutting adds at least.
    slack: usize,
    /// What is left in each document.
    left: Vec<usize>,
    /// The document of each item; `None` for those that are cut.
    place_of: Vec<Option<usize>>,
    /// The items to cut.
    cut: Vec<usize>,
    parts: Vec<Part>,
    /// What the smallest statement from here on takes, or a part of one.
    smallest: Vec<usize>,
    steps: usize,
    unknown: bool,
}

impl<'s, 'a> Search<'s, 'a> {
    fn new(
        items: &'s [Item<'a>],
        room: usize,
        documents: usize,
        cuts: usize,
        slack: usize,
    ) -> Self {
        let mut smallest = vec![usize::MAX];
        for item in items.iter().rev() {
            let known = smallest.last().copied().unwrap_or(usize::MAX);
            let least = match item.added {
                Some(_) if cuts > 0 => item.least_part(),
                _ => item.whole,
            };
            smallest.push(known.min(least));
        }
        smallest.reverse();
        Self {
            items,
            room,
            cuts,
            slack,
            left: vec![room; documents],
            place_of: vec![None; items.len()],
            cut: Vec::new(),
            parts: Vec::new(),
            smallest,
            steps: STEPS,
            unknown: false,
        }
    }

    /// Gives the items from `next` on to documents. Whether that is possible.
    fn place(&mut self, next: usize) -> bool {
        if !self.step(1) {
            return false;
        }
        let Some(item) = self.items.get(next) else {
            return self.spread();
        };
        if self.items.len() - next < self.cuts || !self.has_room(next) {
            return false;
        }
        if self.items.len() - next > self.cuts && item.whole <= self.room {
            let mut tried = Vec::with_capacity(self.left.len());
            for document in 0..self.left.len() {
                let left = self.left.get(document).copied().unwrap_or_default();
                // Of documents that are equally full one is as good as the other.
                if left < item.whole || tried.contains(&left) {
                    continue;
                }
                tried.push(left);
                self.put(next, document, left - item.whole, Some(document));
                if self.place(next + 1) {
                    return true;
                }
                self.put(next, document, left, None);
            }
        }
        let Some(added) = item.added.filter(|it| self.cuts > 0 && *it <= self.slack) else {
            return false;
        };
        self.cuts -= 1;
        self.slack -= added;
        self.cut.push(next);
        if self.place(next + 1) {
            return true;
        }
        self.cut.pop();
        self.slack += added;
        self.cuts += 1;
        false
    }

    fn put(&mut self, item: usize, document: usize, left: usize, place: Option<usize>) {
        if let (Some(of_document), Some(of_item)) =
            (self.left.get_mut(document), self.place_of.get_mut(item))
        {
            *of_document = left;
            *of_item = place;
        }
    }

    /// Whether the documents have room for what is still to be placed: what is left in those that
    /// cannot take the smallest of it counts for nothing.
    fn has_room(&self, next: usize) -> bool {
        let of_cut = self.cut.iter().filter_map(|at| self.items.get(*at));
        let parts = of_cut.clone().map(Item::least_part);
        let smallest = self.smallest.get(next).copied().unwrap_or(usize::MAX);
        let smallest = parts.min().unwrap_or(usize::MAX).min(smallest);
        let open: usize = self.left.iter().filter(|it| **it >= smallest).sum();
        let whole = self.items.iter().skip(next).map(|it| it.whole);
        let cut = of_cut.map(|it| it.whole + it.added.unwrap_or_default());
        open >= whole.chain(cut).sum()
    }

    /// Gives parts of the items that are cut to what is left in the documents.
    fn spread(&mut self) -> bool {
        if self.cut.is_empty() {
            return true;
        }
        let cut: Vec<&Item<'a>> = self
            .cut
            .iter()
            .filter_map(|at| self.items.get(*at))
            .collect();
        if !cut::may_fit(&cut, &self.left) {
            return false;
        }
        let mut spread = Spread::new(self.left.clone(), self.steps);
        let found = spread.items(&cut);
        self.steps = spread.steps();
        match found {
            Some(parts) => self.parts = parts,
            None => self.unknown = true,
        }
        !self.parts.is_empty()
    }

    fn step(&mut self, steps: usize) -> bool {
        self.steps = self.steps.saturating_sub(steps);
        self.unknown |= self.steps == 0;
        self.steps > 0
    }

    /// What was found, in the order of the policy.
    fn documents(&self) -> Vec<Vec<Statement>> {
        let mut documents: Vec<Vec<(usize, Part)>> = vec![Vec::new(); self.left.len()];
        let whole = self.items.iter().zip(&self.place_of);
        let whole = whole.filter_map(|(item, place)| Some(Part::whole(item, (*place)?)));
        for part in whole.chain(self.parts.iter().cloned()) {
            if let Some(document) = documents.get_mut(part.document) {
                document.push((part.at, part));
            }
        }
        for document in &mut documents {
            document.sort_by_key(|(at, _)| *at);
        }
        documents.retain(|it| !it.is_empty());
        documents.sort_by_key(|it| it.first().map(|(at, _)| *at));
        let mut numbers = vec![0; self.items.len()];
        let mut statement = |part: &Part| {
            let item = self.items.iter().find(|it| it.at == part.at)?;
            let mut statement = part.statement(item.statement);
            if part.is_cut
                && let Some(number) = numbers.get_mut(part.at)
            {
                *number += 1;
                statement.sid = name_of_part(item.statement, *number);
            }
            Some(statement)
        };
        documents
            .iter()
            .map(|it| it.iter().filter_map(|(_, part)| statement(part)).collect())
            .collect()
    }
}
