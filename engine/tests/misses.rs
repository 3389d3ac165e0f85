//! What does the mapping not know, and why?
//!
//! `misses.tsv` explains each miss. It is compared with what the mapping says now, both ways, so
//! that it lists neither too little nor too much.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use trailwright_engine::activity::Outcome;
use trailwright_engine::event::Row;
use trailwright_engine::permission::{Call, Mapper, Needs, Origin};
use trailwright_tests::fixture;

const TABLE: &str = include_str!("misses.tsv");

/// The rows of a kind, without the kind.
fn rows(kind: &str) -> impl Iterator<Item = Vec<&'static str>> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    let cells = lines.map(|line| line.split('\t').collect::<Vec<_>>());
    cells
        .filter(move |cells| cells[0] == kind)
        .map(|cells| cells[1..].to_vec())
}

/// Sources and names in the rows of some kinds.
fn listed(kinds: &[&str]) -> BTreeSet<(String, String)> {
    let rows = kinds.iter().flat_map(|kind| rows(kind));
    rows.map(|cells| (cells[0].to_owned(), cells[1].to_owned()))
        .collect()
}

/// The records of all bundled logs that are whole.
fn records() -> Vec<String> {
    let mut records = Vec::new();
    for name in fixture::WHOLE {
        for file in fixture::json_files(&fixture::folder(name)) {
            let log: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
            let array = log.get("Records").unwrap_or(&log).as_array().unwrap();
            records.extend(array.iter().map(Value::to_string));
        }
    }
    records
}

#[test]
fn every_row_says_why() {
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        assert_eq!(cells.len(), 4, "{line}");
        assert!(cells.iter().all(|cell| !cell.is_empty()), "{line}");
    }
}

#[test]
fn calls_that_nobody_knows_are_in_the_table_and_no_others() {
    let listed = listed(&["unmapped", "invented"]);
    for (event_source, event_name) in &listed {
        let call = Call {
            event_source,
            event_name,
            ..Call::default()
        };
        let needs = Mapper::bundled().needs(&call);
        assert_eq!(needs, Needs::Unknown, "{event_source} {event_name}");
    }
    for record in records() {
        let row = Row::from_record(&record).unwrap();
        let call = Call::of(&row);
        if Mapper::bundled().needs(&call) == Needs::Unknown {
            let pair = (call.event_source.to_owned(), call.event_name.to_owned());
            assert!(listed.contains(&pair), "{pair:?} is not explained");
        }
    }
}

#[test]
fn successful_calls_without_a_concrete_resource_are_in_the_table_and_no_others() {
    let mut missed = BTreeSet::new();
    for record in records() {
        let row = Row::from_record(&record).unwrap();
        let call = Call::of(&row);
        let outcome = Outcome::of(row.text("error_code"), row.text("error_message"));
        let is_call = call.event_type.is_none_or(|kind| kind == "AwsApiCall");
        let by_service = row.text("principal_type") == Some("AWSService");
        let has_parameters = call.request_parameters.is_some_and(|text| text != "{}");
        if outcome != Outcome::Allowed || !is_call || by_service || !has_parameters {
            continue;
        }
        let Needs::Permissions(permissions) = Mapper::bundled().needs(&call) else {
            continue;
        };
        let has = |of: &[Origin]| permissions.iter().any(|it| of.contains(&it.origin));
        if has(&[Origin::Widened, Origin::Untold])
            && !has(&[Origin::Event, Origin::Partial, Origin::Created])
        {
            missed.insert((call.event_source.to_owned(), call.event_name.to_owned()));
        }
    }
    assert_eq!(missed, listed(&["resource"]));
}

#[test]
fn operations_that_the_reference_has_no_action_for_are_counted() {
    let names = include_str!("../reference/operation_names.tsv");
    let mut counts: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let mut source = "";
    for line in names.lines().filter(|line| !line.starts_with('#')) {
        if let Some(label) = line.strip_prefix('@') {
            source = label;
            continue;
        }
        let (event_name, newer) = line.split_once('\t').unwrap_or((line, ""));
        let call = Call {
            event_source: &format!("{source}.amazonaws.com"),
            event_name,
            ..Call::default()
        };
        if Mapper::bundled().needs(&call) == Needs::Unknown {
            let kind = if newer.is_empty() {
                "operations"
            } else {
                "newer"
            };
            *counts.entry((kind, source.to_owned())).or_default() += 1;
        }
    }
    let kinds = ["operations", "newer"].into_iter();
    let listed = kinds.flat_map(|kind| {
        rows(kind).map(move |cells| ((kind, cells[0].to_owned()), cells[1].parse().unwrap()))
    });
    assert_eq!(counts, listed.collect());
}
