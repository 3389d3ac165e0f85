//! What does the mapping say of every operation that AWS's SDK for Python knows?

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

use std::collections::BTreeMap;

use trailwright_engine::Reference;
use trailwright_engine::permission::{Call, Mapper, Needs};

/// Event source and name of each operation.
fn operations() -> Vec<(String, String)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/reference/operation_names.tsv");
    let text = std::fs::read_to_string(path).unwrap();
    let mut source = String::new();
    let mut operations = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix('@') {
            Some(label) => source = format!("{label}.amazonaws.com"),
            None => operations.push((source.clone(), line.to_owned())),
        }
    }
    operations
}

#[test]
fn no_action_comes_out_that_aws_does_not_have() {
    let reference = Reference::bundled();
    let operations = operations();
    assert!(operations.len() > 19_000);
    for (event_source, event_name) in &operations {
        let call = Call {
            event_source,
            event_name,
            ..Call::default()
        };
        let Needs::Permissions(permissions) = Mapper::bundled().needs(&call) else {
            continue;
        };
        for permission in permissions {
            let (prefix, name) = permission.action.split_once(':').unwrap();
            let action = reference.action(prefix, name);
            assert_eq!(
                action.map(|it| it.name),
                Some(name),
                "{event_source} {event_name}"
            );
        }
    }
}

#[test]
fn nearly_every_operation_is_mapped() {
    let operations = operations();
    let mut unmapped: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (event_source, event_name) in &operations {
        let call = Call {
            event_source,
            event_name,
            ..Call::default()
        };
        if Mapper::bundled().needs(&call) == Needs::Unknown {
            unmapped.entry(event_source).or_default().push(event_name);
        }
    }
    let missed = unmapped.values().map(Vec::len).sum::<usize>();
    let share = 1.0 - missed as f64 / operations.len() as f64;
    for (source, names) in &unmapped {
        eprintln!("{source} {} {}", names.len(), names.join(" "));
    }
    eprintln!(
        "{:.2}% of {} operations mapped",
        100.0 * share,
        operations.len()
    );
    assert!(share >= 0.962, "{share}");
}
