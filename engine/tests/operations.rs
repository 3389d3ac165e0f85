//! What does the mapping say of every operation that AWS's SDK for Python knows?

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

use std::collections::BTreeMap;

use trailwright_engine::Reference;
use trailwright_engine::permission::{Call, Mapper, Needs};

/// Event source and name of each operation, and whether it is newer than the reference.
fn operations() -> Vec<(String, String, bool)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/reference/operation_names.tsv");
    let text = std::fs::read_to_string(path).unwrap();
    let mut source = String::new();
    let mut operations = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix('@') {
            Some(label) => source = format!("{label}.amazonaws.com"),
            None => {
                let (name, newer) = line.split_once('\t').unwrap_or((line, ""));
                operations.push((source.clone(), name.to_owned(), newer == "newer"));
            }
        }
    }
    operations
}

#[test]
fn no_action_comes_out_that_aws_does_not_have() {
    let reference = Reference::bundled();
    let operations = operations();
    assert!(operations.len() > 19_000);
    for (event_source, event_name, _) in &operations {
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
    let is_unmapped = |event_source: &str, event_name: &str| {
        let call = Call {
            event_source,
            event_name,
            ..Call::default()
        };
        Mapper::bundled().needs(&call) == Needs::Unknown
    };
    let mut unmapped: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let (mut older, mut older_missed, mut missed) = (0, 0, 0);
    for (event_source, event_name, newer) in &operations {
        older += usize::from(!newer);
        if is_unmapped(event_source, event_name) {
            missed += 1;
            older_missed += usize::from(!newer);
            if !newer {
                unmapped.entry(event_source).or_default().push(event_name);
            }
        }
    }
    for (source, names) in &unmapped {
        eprintln!("{source} {} {}", names.len(), names.join(" "));
    }
    let share = |missed: usize, of: usize| 1.0 - missed as f64 / of as f64;
    let (all, of_its_day) = (share(missed, operations.len()), share(older_missed, older));
    eprintln!(
        "{:.2}% of {} operations mapped",
        100.0 * all,
        operations.len()
    );
    eprintln!(
        "{:.2}% of the {older} that the reference is not older than",
        100.0 * of_its_day
    );
    assert!(all >= 0.962, "{all}");
    assert!(of_its_day >= 0.98, "{of_its_day}");
}
