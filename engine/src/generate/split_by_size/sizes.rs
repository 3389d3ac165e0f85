//! What does a part of a statement take in a document?

use std::ops::Range;

use crate::policy::{Actions, OneOrMany, PolicyDocument, Resources, Statement};

/// A part of a statement: some of its actions on some of its resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) actions: Range<usize>,
    pub(super) resources: Range<usize>,
}

/// A statement with what its parts take, so that none is written to know.
pub(super) struct Sizes<'a> {
    statement: &'a Statement,
    /// Without actions and resources, with its comma.
    pub(super) frame: usize,
    /// What the values before each one take together.
    pub(super) actions: Vec<usize>,
    pub(super) resources: Vec<usize>,
}

impl<'a> Sizes<'a> {
    pub(super) fn of(statement: &'a Statement) -> Self {
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

    pub(super) fn whole(&self) -> Piece {
        Piece {
            actions: 0..self.actions.len() - 1,
            resources: 0..self.resources.len() - 1,
        }
    }

    /// What a piece takes in a document, with its comma.
    pub(super) fn of_piece(&self, piece: &Piece) -> usize {
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
    pub(super) fn least(&self, piece: &Piece) -> usize {
        let first = |of: &Range<usize>| of.start..of.end.min(of.start + 1);
        self.of_piece(&Piece {
            actions: first(&piece.actions),
            resources: first(&piece.resources),
        })
    }

    /// The largest part of a piece that fits, and what is left of it.
    pub(super) fn cut(&self, piece: &Piece, space: usize) -> Option<(Piece, Vec<Piece>)> {
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

    pub(super) fn statement(&self, piece: &Piece) -> Statement {
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

pub(super) fn actions_of(statement: &Statement) -> &[String] {
    statement.actions.patterns().0
}

pub(super) fn resources_of(statement: &Statement) -> &[String] {
    let resources = statement.resources.as_ref();
    resources.map_or(&[], |it| it.patterns().0)
}

/// Characters of a text in JSON, white space not counted.
fn size_of_text(text: &str) -> usize {
    // A text always has a JSON form.
    let json = serde_json::to_string(text).unwrap_or_default();
    json.chars().filter(|sign| !sign.is_whitespace()).count()
}

/// Characters that a statement takes in a document, with its comma.
pub(super) fn needs(statement: &Statement) -> usize {
    let alone = PolicyDocument::new(vec![statement.clone()]).size();
    alone - PolicyDocument::new(Vec::new()).size() + 1
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
