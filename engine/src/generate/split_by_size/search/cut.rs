//! How are statements cut to fill what is left in documents?

use super::{Item, name_length};
use crate::generate::split_by_size::sizes::{Sizes, actions_of, resources_of};
use crate::policy::{Actions, OneOrMany, Resources, Statement};

/// A statement is cut into no more parts, so that one digit numbers them.
const MOST_PARTS: usize = 9;

/// Some actions of a statement on some of its resources, in a document.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// The statement's place in the policy.
    pub(super) at: usize,
    pub(super) document: usize,
    pub(super) is_cut: bool,
    actions: Vec<usize>,
    resources: Vec<usize>,
}

impl Part {
    pub(super) fn whole(item: &Item<'_>, document: usize) -> Self {
        Self {
            at: item.at,
            document,
            is_cut: false,
            actions: Vec::new(),
            resources: Vec::new(),
        }
    }

    /// The part of `statement` that it is.
    pub(super) fn statement(&self, statement: &Statement) -> Statement {
        if !self.is_cut {
            return statement.clone();
        }
        let some = |values: &[String], of: &[usize]| -> OneOrMany {
            let mut of = of.to_vec();
            of.sort_unstable();
            of.iter()
                .filter_map(|at| values.get(*at).cloned())
                .collect()
        };
        Statement {
            actions: Actions::Action(some(actions_of(statement), &self.actions)),
            resources: Some(Resources::Resource(some(
                resources_of(statement),
                &self.resources,
            ))),
            ..statement.clone()
        }
    }
}

/// What cutting a statement into `parts` adds at least, however it is cut; `None` if it cannot be.
///
/// Each part has the frame and a name. Of a list with `n` values each takes one more for a comma,
/// and the list one more, or one less if it has a single value. And either each action stands in two
/// parts, or each resource does: one that has all its resources in one part and one that has all its
/// actions in one would have the same part, which is the whole.
pub(super) fn least_added(
    sizes: &Sizes<'_>,
    whole: usize,
    parts: usize,
    name: usize,
) -> Option<usize> {
    let list = |sums: &[usize]| (sums.last().copied().unwrap_or_default(), sums.len() - 1);
    let (actions, resources) = (list(&sizes.actions), list(&sizes.resources));
    if actions.1 < 2 && resources.1 < 2 {
        return None;
    }
    let (actions, resources) = (actions.0 + actions.1, resources.0 + resources.1);
    let cut = parts * (sizes.frame + name - 2) + actions + resources + actions.min(resources);
    Some(cut.saturating_sub(whole))
}

/// Whether what is left can take the items at all, cut anywhere.
pub(super) fn may_fit(items: &[&Item<'_>], left: &[usize]) -> bool {
    let mut left: Vec<usize> = left.to_vec();
    left.sort_unstable_by(|a, b| b.cmp(a));
    let added = |item: &Item<'_>, parts| {
        let name = name_length(item.statement);
        least_added(&item.sizes, item.whole, parts, name).unwrap_or_default()
    };
    if let [item] = items {
        let open = |parts: usize| left.iter().take(parts).sum::<usize>();
        return (2..=left.len()).any(|parts| item.whole + added(item, parts) <= open(parts));
    }
    let least = items.iter().map(|it| it.least_part());
    let least = least.min().unwrap_or_default();
    let open: usize = left.iter().filter(|it| **it >= least).sum();
    open >= items.iter().map(|it| it.whole + added(it, 2)).sum()
}

/// Gives parts of statements to documents.
pub(super) struct Spread {
    left: Vec<usize>,
    parts: Vec<Part>,
    steps: usize,
}

/// What of a statement has no document yet.
#[derive(Clone)]
struct Rest<'i, 'a> {
    item: &'i Item<'a>,
    actions: Vec<usize>,
    resources: Vec<usize>,
    /// Parts that have a document.
    placed: usize,
}

/// Along which list a statement is cut.
#[derive(Clone, Copy)]
enum Along {
    Resources,
    Actions,
}

impl Spread {
    pub(super) fn new(left: Vec<usize>, steps: usize) -> Self {
        Self {
            left,
            parts: Vec::new(),
            steps,
        }
    }

    /// Steps that are left.
    pub(super) fn steps(&self) -> usize {
        self.steps
    }

    /// The parts of all items, if a way is found: in this order or in the other.
    pub(super) fn items(&mut self, items: &[&Item<'_>]) -> Option<Vec<Part>> {
        let rest = |item| Rest::of(item);
        let mut rests: Vec<Rest<'_, '_>> = items.iter().map(|it| rest(it)).collect();
        if self.place(&mut rests.clone()) {
            return Some(std::mem::take(&mut self.parts));
        }
        rests.reverse();
        (rests.len() > 1 && self.place(&mut rests)).then(|| std::mem::take(&mut self.parts))
    }

    /// Places all rests, the last one first.
    fn place(&mut self, rests: &mut Vec<Rest<'_, '_>>) -> bool {
        let Some(rest) = rests.pop() else {
            return true;
        };
        if self.one(&rest, rests) {
            return true;
        }
        rests.push(rest);
        false
    }

    fn one<'i, 'a>(&mut self, rest: &Rest<'i, 'a>, others: &mut Vec<Rest<'i, 'a>>) -> bool {
        // The fullest document that takes it whole, else the emptiest for a part of it.
        let mut documents: Vec<(usize, usize)> = self.left.iter().copied().zip(0..).collect();
        documents.sort_unstable();
        documents.dedup_by_key(|(left, _)| *left);
        let size = rest.size(&rest.actions, &rest.resources);
        if rest.placed > 0 {
            for (left, document) in documents.iter().filter(|(left, _)| *left >= size) {
                let part = rest.part(*document, &rest.actions, &rest.resources);
                if !self.step(1) {
                    return false;
                }
                if self.put(part, *left, size, others, None) {
                    return true;
                }
            }
        }
        if rest.placed + 2 > MOST_PARTS {
            return false;
        }
        for (left, document) in documents.into_iter().rev() {
            for along in [Along::Resources, Along::Actions] {
                let work = rest.list(along).len() * left / 256;
                let Some((taken, kept)) = rest.most(along, left) else {
                    continue;
                };
                let (actions, resources) = rest.with(along, taken);
                let size = rest.size(&actions, &resources);
                let part = rest.part(document, &actions, &resources);
                let (actions, resources) = rest.with(along, kept);
                let next = Rest {
                    item: rest.item,
                    actions,
                    resources,
                    placed: rest.placed + 1,
                };
                if !self.step(1 + work) {
                    return false;
                }
                if self.put(part, left, size, others, Some(next)) {
                    return true;
                }
            }
        }
        false
    }

    /// Puts a part into its document, and places what is left then.
    fn put<'i, 'a>(
        &mut self,
        part: Part,
        left: usize,
        size: usize,
        others: &mut Vec<Rest<'i, 'a>>,
        next: Option<Rest<'i, 'a>>,
    ) -> bool {
        let document = part.document;
        let set = |all: &mut Vec<usize>, left| {
            if let Some(of_document) = all.get_mut(document) {
                *of_document = left;
            }
        };
        set(&mut self.left, left - size);
        self.parts.push(part);
        let more = next.is_some();
        others.extend(next);
        if self.place(others) {
            return true;
        }
        if more {
            others.pop();
        }
        self.parts.pop();
        set(&mut self.left, left);
        false
    }

    fn step(&mut self, steps: usize) -> bool {
        self.steps = self.steps.saturating_sub(steps);
        self.steps > 0
    }
}

impl<'i, 'a> Rest<'i, 'a> {
    fn of(item: &'i Item<'a>) -> Self {
        Self {
            item,
            actions: (0..item.sizes.actions.len() - 1).collect(),
            resources: (0..item.sizes.resources.len() - 1).collect(),
            placed: 0,
        }
    }

    fn part(&self, document: usize, actions: &[usize], resources: &[usize]) -> Part {
        Part {
            at: self.item.at,
            document,
            is_cut: true,
            actions: actions.to_vec(),
            resources: resources.to_vec(),
        }
    }

    fn list(&self, along: Along) -> &[usize] {
        match along {
            Along::Resources => &self.resources,
            Along::Actions => &self.actions,
        }
    }

    fn with(&self, along: Along, list: Vec<usize>) -> (Vec<usize>, Vec<usize>) {
        match along {
            Along::Resources => (self.actions.clone(), list),
            Along::Actions => (list, self.resources.clone()),
        }
    }

    /// What a part takes in a document, with its name.
    fn size(&self, actions: &[usize], resources: &[usize]) -> usize {
        let sizes = &self.item.sizes;
        let name = name_length(self.item.statement);
        sizes.frame + name + list(&sizes.actions, actions) + list(&sizes.resources, resources)
    }

    /// The values that fill `left` best, not all of them, and the others.
    fn most(&self, along: Along, left: usize) -> Option<(Vec<usize>, Vec<usize>)> {
        let values = self.list(along);
        let sums = match along {
            Along::Resources => &self.item.sizes.resources,
            Along::Actions => &self.item.sizes.actions,
        };
        let (actions, resources) = self.with(along, Vec::new());
        // An empty list takes two for its brackets, and one comma too few.
        let around = self.size(&actions, &resources) - 2;
        let space = left.checked_sub(around)?;
        // The last value of a choice with each sum, commas counted.
        let mut reached: Vec<Option<usize>> = vec![None; space + 2];
        let all: usize = values.iter().map(|at| size_of(sums, *at) + 1).sum();
        let mut highest = 0;
        for at in values {
            let size = size_of(sums, *at) + 1;
            let to = (highest + size).min(space + 1);
            for sum in (size..=to).rev() {
                let open = reached.get(sum).is_some_and(Option::is_none);
                let from = sum - size;
                if open && (from == 0 || reached.get(from).is_some_and(Option::is_some)) {
                    if let Some(slot) = reached.get_mut(sum) {
                        *slot = Some(*at);
                    }
                    highest = highest.max(sum);
                }
            }
        }
        let mut sums_of = (1..=highest.min(all.saturating_sub(1))).rev();
        sums_of.find_map(|sum| {
            let mut taken = Vec::new();
            let mut open = sum;
            while open > 0 {
                let at = reached.get(open).copied().flatten()?;
                taken.push(at);
                open = open.checked_sub(size_of(sums, at) + 1)?;
            }
            taken.sort_unstable();
            let fits = around + list(sums, &taken) <= left;
            let kept: Vec<usize> = values
                .iter()
                .copied()
                .filter(|it| !taken.contains(it))
                .collect();
            (fits && !kept.is_empty()).then_some((taken, kept))
        })
    }
}

/// What some of a list's values take.
fn list(sums: &[usize], of: &[usize]) -> usize {
    let values: usize = of.iter().map(|at| size_of(sums, *at)).sum();
    // A single value stands without brackets, several with commas between them.
    values
        + if of.len() == 1 {
            0
        } else {
            1 + of.len().max(1)
        }
}

fn size_of(sums: &[usize], at: usize) -> usize {
    let sum = |at: usize| sums.get(at).copied().unwrap_or_default();
    sum(at + 1) - sum(at)
}
