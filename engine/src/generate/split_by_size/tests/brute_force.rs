//! On small policies, everything there is can be tried.
#![expect(clippy::indexing_slicing, reason = "tests")]

use super::*;
use crate::policy::{Actions, OneOrMany, Resources};

/// A way to cut a statement: actions and resources of each part.
type Way = Vec<(Vec<String>, Vec<String>)>;

/// All ways to cut a rectangle in two along one side, and the parts again, into at most `most` parts.
fn ways(actions: &[String], resources: &[String], most: usize) -> Vec<Way> {
    let mut all = vec![vec![(actions.to_vec(), resources.to_vec())]];
    if most < 2 {
        return all;
    }
    let mut both = |one: (&[String], &[String]), other: (&[String], &[String])| {
        for first in ways(one.0, one.1, most - 1) {
            for second in ways(other.0, other.1, most - first.len()) {
                all.push([first.clone(), second].concat());
            }
        }
    };
    for (some, others) in halves(actions) {
        both((&some, resources), (&others, resources));
    }
    for (some, others) in halves(resources) {
        both((actions, &some), (actions, &others));
    }
    all
}

/// The ways to tell values in two.
fn halves(values: &[String]) -> Vec<(Vec<String>, Vec<String>)> {
    let half = 1_u32 << values.len().saturating_sub(1);
    let choices = 1..half.max(1);
    choices
        .map(|choice| {
            let those = |chosen: bool| {
                let values = values.iter().enumerate();
                let values = values.filter(|(at, _)| (choice & (1 << at) != 0) == chosen);
                values.map(|(_, value)| value.clone()).collect()
            };
            (those(true), those(false))
        })
        .collect()
}

/// What the parts of each way take.
fn sizes(statement: &Statement, most: usize) -> BTreeSet<Vec<usize>> {
    let (actions, _) = statement.actions.patterns();
    let resources = statement.resources.as_ref().map(|it| it.patterns().0);
    let all = ways(actions, resources.unwrap_or_default(), most);
    all.into_iter()
        .map(|way| {
            let cut = way.len() > 1;
            let parts = way.into_iter().map(|(actions, resources)| {
                let part = Statement {
                    sid: statement.sid.clone().map(|sid| match cut {
                        true => format!("{sid}Part1"),
                        false => sid,
                    }),
                    actions: Actions::Action(OneOrMany::from_iter(actions)),
                    resources: Some(Resources::Resource(OneOrMany::from_iter(resources))),
                    ..statement.clone()
                };
                needs(&part)
            });
            let mut parts: Vec<usize> = parts.collect();
            parts.sort_unstable();
            parts
        })
        .collect()
}

/// Whether the parts of some way of each statement fit into what is left.
fn fits(left: &mut Vec<usize>, parts: &mut Vec<usize>, more: &[BTreeSet<Vec<usize>>]) -> bool {
    let Some(part) = parts.pop() else {
        let Some((ways, more)) = more.split_first() else {
            return true;
        };
        return ways.iter().any(|way| fits(left, &mut way.clone(), more));
    };
    for at in 0..left.len() {
        let known = left[at];
        if known >= part && !left[..at].contains(&known) {
            left[at] -= part;
            if fits(left, &mut parts.clone(), more) {
                return true;
            }
            left[at] = known;
        }
    }
    parts.push(part);
    false
}

/// The fewest documents; one more than `most` if so many do not do.
fn truth(document: &PolicyDocument, limit: usize, most: usize) -> usize {
    let room = limit + 1 - PolicyDocument::new(Vec::new()).size();
    (1..=most)
        .find(|documents| {
            let of = |statement| sizes(statement, *documents.min(&3));
            let all: Vec<BTreeSet<Vec<usize>>> = document.statement.iter().map(of).collect();
            fits(&mut vec![room; *documents], &mut Vec::new(), &all)
        })
        .unwrap_or(most + 1)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_way_makes_fewer_documents(
        shapes in prop::collection::vec(
            (1..4_usize, prop::collection::vec(1..60_usize, 1..4)),
            2..5,
        ),
        more in 0..260_usize,
    ) {
        let statements: Vec<Statement> = shapes
            .iter()
            .enumerate()
            .map(|(at, (actions, lengths))| {
                let actions = (0..*actions).map(|n| format!("s3:{}{n}", "A".repeat(9 * n)));
                let lengths = lengths.iter().enumerate();
                let resources = lengths.map(|(n, length)| format!("{n}{}", "x".repeat(*length)));
                Statement::allow(format!("S{at}"), actions.collect(), resources.collect())
            })
            .collect();
        let document = PolicyDocument::new(statements);
        let largest = document.statement.iter().map(needs).max().unwrap_or_default();
        // From where the largest statement must be cut to where two or three fit.
        let limit = PolicyDocument::new(Vec::new()).size() + largest * 3 / 4 + more;
        let Ok(split) = split_by_size(&document, limit) else {
            return Ok(());
        };
        // More than were found need not be tried: some statements have no way in three parts.
        let truth = truth(&document, limit, split.documents.len());
        prop_assert!(split.at_least <= truth, "{split:?} {truth}");
        prop_assert!(split.documents.len() >= truth.min(3), "{split:?} {truth}");
        if split.is_fewest() {
            prop_assert_eq!(split.documents.len(), truth);
        }
        // Where it is not proven it is right all the same, on policies as small as these.
        prop_assert!(split.documents.len() <= truth, "{} {truth}", split.documents.len());
    }
}
