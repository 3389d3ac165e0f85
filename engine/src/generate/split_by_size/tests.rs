//! Do the parts fit, grant the same, and are there as few as can be?

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::sizes::{Piece, Sizes, needs};
use super::*;
use crate::policy::Statement;

mod brute_force;

fn documents(document: &PolicyDocument, limit: usize) -> Vec<PolicyDocument> {
    split_by_size(document, limit).map_or(Vec::new(), |it| it.documents)
}

fn statement(sid: &str, actions: usize, resources: usize) -> Statement {
    let actions = (0..actions).map(|n| format!("s3:Action{n}")).collect();
    let resources = (0..resources)
        .map(|n| format!("arn:aws:s3:::{sid}/{n} \"é\""))
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
    assert_eq!(documents(&document, 6_144), [document]);
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
        let parts = documents(&document, limit);
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
fn whole_statements_stay_in_their_order_where_that_costs_no_document() {
    let sizes = [30, 10, 30, 10];
    let statements = ["A", "B", "C", "D"].into_iter().zip(sizes);
    let statements = statements.map(|(sid, n)| statement(sid, 1, n)).collect();
    let document = PolicyDocument::new(statements);
    let parts = documents(&document, needs(&statement("A", 1, 30)) * 3 / 2 + 40);
    let sids: Vec<Vec<&str>> = parts
        .iter()
        .map(|it| {
            it.statement
                .iter()
                .filter_map(|it| it.sid.as_deref())
                .collect()
        })
        .collect();
    assert_eq!(sids, [vec!["A", "B"], vec!["C", "D"]]);
}

#[test]
fn a_statement_in_the_middle_is_cut_to_fill_what_large_ones_leave() {
    // One after the other takes four documents, and so do whole statements.
    let large = needs(&statement("A", 1, 40));
    let document = PolicyDocument::new(vec![
        statement("A", 1, 40),
        statement("B", 8, 6),
        statement("C", 1, 40),
        statement("D", 8, 6),
        statement("E", 1, 40),
        statement("F", 1, 8),
    ]);
    let frame = PolicyDocument::new(Vec::new()).size();
    let rest = (document.size() - 3 * large - frame) / 3;
    let limit = frame + large + rest + 70;
    let split = split_by_size(&document, limit);
    let split = split.map(|it| (it.documents.len(), it.at_least));
    assert_eq!(split, Ok((3, 3)), "{limit}");
}

#[test]
fn inline_policies_have_one_limit_for_all() {
    let document = PolicyDocument::new(vec![statement("A", 1, 150)]);
    assert_eq!(
        fit(&document, Target::Managed).map(|it| it.documents.len()),
        Ok(1)
    );
    let error = fit(&document, Target::InlineUser).map_err(|error| error.to_string());
    let told = error.err().unwrap_or_default();
    assert!(
        told.contains("the inline policies of a user takes 2048"),
        "{told}"
    );
}

/// Documents that cutting makes at most: each may waste its own frame, that of a piece with its
/// actions and its name, and what comes next and is too large for what is left.
fn at_most(document: &PolicyDocument, limit: usize) -> usize {
    let waste = |statement: &Statement| {
        let sizes = Sizes::of(statement);
        let widest = |sums: &[usize]| {
            let pairs = sums.iter().zip(sums.iter().skip(1));
            pairs.map(|(a, b)| b - a + 1).max().unwrap_or_default()
        };
        let actions = sizes.actions.last().copied().unwrap_or_default() + sizes.actions.len();
        sizes.frame + actions + widest(&sizes.resources) + "Part9999".len() + 4
    };
    let waste = document.statement.iter().map(waste).max();
    let frame = PolicyDocument::new(Vec::new()).size();
    document
        .size()
        .div_ceil(limit - frame - waste.unwrap_or_default())
}

#[test]
fn what_a_piece_takes_is_what_it_is_written_in() {
    let statement = statement("A", 3, 4);
    let sizes = Sizes::of(&statement);
    for (actions, resources) in [(0..3, 0..4), (1..2, 0..4), (0..1, 3..4), (0..2, 1..3)] {
        let piece = Piece { actions, resources };
        let written = sizes.statement(&piece);
        assert_eq!(sizes.of_piece(&piece), needs(&written), "{piece:?}");
    }
}

#[test]
fn thousands_of_resources_are_split_into_as_few_documents_as_hold_them() {
    for target in [
        Target::Managed,
        Target::InlineRole,
        Target::InlineUser,
        Target::Scp,
    ] {
        let document = PolicyDocument::new(vec![statement("A", 2, 5_000), statement("B", 1, 3)]);
        let parts = documents(&document, target.limit());
        assert!(
            parts.iter().all(|it| it.size() <= target.limit()),
            "{target:?}"
        );
        let least = fewest(&document, target.limit());
        assert!(
            parts.len() <= at_most(&document, target.limit()),
            "{target:?}"
        );
        assert!(
            (least..=least + least / 8 + 1).contains(&parts.len()),
            "{least} {}",
            parts.len()
        );
    }
}

proptest! {
    #[test]
    fn no_fewer_documents_would_do_than_cuts_take(
        shapes in prop::collection::vec((1..4_usize, 1..80_usize), 1..12),
        limit in 2_000..6_144_usize,
    ) {
        let statements = shapes.iter().enumerate();
        let statements = statements.map(|(n, (a, r))| statement(&format!("S{n}"), *a, *r));
        let document = PolicyDocument::new(statements.collect());
        let split = split_by_size(&document, limit).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let parts = &split.documents;
        prop_assert!(split.at_least <= parts.len());
        prop_assert!(parts.len() >= fewest(&document, limit));
        prop_assert!(parts.len() <= at_most(&document, limit), "{} of {limit}", document.size());
        // Those that IAM lets one attach, ten at most, are at most one more than the bound.
        prop_assert!(parts.len() > 10 || parts.len() <= fewest(&document, limit) + 1);
        let again = split_by_size(&document, limit);
        prop_assert_eq!(again, Ok(split));
    }

    #[test]
    fn the_parts_fit_and_grant_the_same(
        shapes in prop::collection::vec((1..20_usize, 1..60_usize), 1..12),
        limit in 400..3_000_usize,
    ) {
        let statements = shapes.iter().enumerate();
        let statements = statements.map(|(n, (a, r))| statement(&format!("S{n}"), *a, *r));
        let document = PolicyDocument::new(statements.collect());
        let split = split_by_size(&document, limit).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let parts = split.documents;
        prop_assert!(parts.iter().all(|part| part.size() <= limit));
        prop_assert_eq!(grants(&parts), grants(&[document]));
        let sids: Vec<&str> = parts.iter().flat_map(|p| &p.statement).filter_map(|s| s.sid.as_deref()).collect();
        let unique: BTreeSet<&str> = sids.iter().copied().collect();
        prop_assert_eq!(unique.len(), sids.len());
    }
}
