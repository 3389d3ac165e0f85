//! Is a resource found in the request of every operation that must have one?
//!
//! `operation_members.tsv` says which texts a request holds. They are filled here as callers fill
//! them, in both casings, those required alone and with the others, and the mapping must find
//! what the action is checked on.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use trailwright_engine::Reference;
use trailwright_engine::permission::{Call, Mapper, Needs, Origin};
use trailwright_engine::reference::Action;

const MEMBERS: &str = include_str!("../reference/operation_members.tsv");
const ID_PREFIXES: &str = include_str!("../reference/id_prefixes.tsv");

const MISSES: &str = include_str!("misses.tsv");

struct Operation {
    event_source: String,
    event_name: &'static str,
    members: Vec<&'static str>,
}

fn operations() -> Vec<Operation> {
    let mut source = "";
    let mut operations = Vec::new();
    for line in MEMBERS.lines().filter(|line| !line.starts_with('#')) {
        if let Some(label) = line.strip_prefix('@') {
            source = label;
            continue;
        }
        let (event_name, members) = line.split_once('\t').unwrap_or((line, ""));
        operations.push(Operation {
            event_source: format!("{source}.amazonaws.com"),
            event_name,
            members: members.split(',').filter(|it| !it.is_empty()).collect(),
        });
    }
    operations
}

/// A name without case and separators.
fn normal(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.collect::<String>().to_lowercase()
}

/// What a member is about: `instanceIds` is `instance`.
fn stem(member: &str) -> String {
    let name = normal(member);
    let ends = [
        "ids",
        "id",
        "names",
        "name",
        "arns",
        "arn",
        "identifiers",
        "identifier",
    ];
    let end = ends.iter().find_map(|end| name.strip_suffix(end));
    end.unwrap_or(&name).to_owned()
}

/// A value as a caller would give it.
fn value(member: &str, action: &Action) -> String {
    let reference = Reference::bundled();
    let (name, stem) = (normal(member), stem(member));
    if name.ends_with("arn") || name.ends_with("arns") || name.ends_with("arnlist") {
        let mut required = action.resource_types.iter().filter(|it| it.required);
        let first = required.clone().next().unwrap().name;
        let named = required.find(|it| stem.contains(&normal(it.name)));
        let elsewhere = [
            "role",
            "kms",
            "key",
            "topic",
            "loggroup",
            "bucket",
            "certificate",
        ];
        let is_own = !elsewhere.iter().any(|it| stem.contains(it));
        let kind = named.map(|it| it.name).or(is_own.then_some(first));
        let kind = kind.and_then(|kind| reference.resource_type(action.prefix, kind));
        return match kind {
            Some(kind) => filled(kind.arn_templates[0]),
            None => "arn:aws:iam::111122223333:role/passed".to_owned(),
        };
    }
    if name.ends_with("url") {
        return format!(
            "https://{}.us-east-1.amazonaws.com/111122223333/some",
            action.prefix
        );
    }
    for row in ID_PREFIXES.lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = row.split('\t').collect();
        if cells[0] == action.prefix && normal(cells[2]) == stem {
            return format!("{}0123456789abcdef0", cells[1]);
        }
    }
    match (action.prefix, &*name) {
        // A build is named by its project and an id of its own.
        ("codebuild", "id" | "ids") => "some-project:0123".to_owned(),
        ("bedrock", "modelid" | "modelidentifier") => "anthropic.some-model".to_owned(),
        ("organizations", "handshakeid") => "h-0123".to_owned(),
        ("arc-zonal-shift", "resourceidentifier") => filled(
            "arn:${Partition}:elasticloadbalancing:${Region}:${Account}:loadbalancer/app/x/1",
        ),
        ("iam", "deletiontaskid") => "task/aws-service-role/x.amazonaws.com/Role/1".to_owned(),
        ("route53", "resourcetype") => "hostedzone".to_owned(),
        ("serverlessrepo", "applicationid") => filled(
            "arn:${Partition}:serverlessrepo:${Region}:${Account}:applications/${ResourceId}",
        ),
        _ => format!("some-{name}"),
    }
}

/// An ARN of the template.
fn filled(template: &str) -> String {
    let place = template.replace("${Partition}", "aws");
    let place = place.replace("${Region}", "us-east-1");
    let mut arn = place.replace("${Account}", "111122223333");
    while let Some((before, rest)) = arn.split_once("${") {
        let (_, after) = rest.split_once('}').unwrap();
        arn = format!("{before}x1{after}");
    }
    arn.replace('*', "x2")
}

/// The request that gives `members`, as CloudTrail writes it or as callers do.
fn request(members: &[&str], action: &Action, capital: bool) -> Value {
    let mut request = Value::Object(Map::new());
    for path in members {
        let member = path.rsplit('.').next().unwrap_or(path).replace("[]", "");
        let mut at = &mut request;
        for part in path.split('.') {
            let mut name = part.trim_end_matches("[]").to_owned();
            if capital {
                name[..1].make_ascii_uppercase();
            }
            at = at
                .as_object_mut()
                .unwrap()
                .entry(name)
                .or_insert(Value::Null);
            for _ in 0..part.matches("[]").count() {
                if at.is_null() {
                    *at = Value::Array(vec![Value::Null]);
                }
                at = &mut at[0];
            }
            if at.is_null() && part.len() < path.len() {
                *at = Value::Object(Map::new());
            }
        }
        *at = Value::String(value(&member, action));
    }
    request
}

/// The same request with a star, a question mark and a variable in each of its texts.
fn made_hostile(value: &mut Value) {
    match value {
        Value::String(text) => {
            let hostile = text
                .replace("x1", "a*b?c${d}")
                .replace(":111122223333:", ":a*b:");
            *text = match hostile == *text {
                true => format!("{text}a*b?c${{d}}"),
                false => hostile,
            };
        }
        Value::Array(all) => all.iter_mut().for_each(made_hostile),
        Value::Object(all) => all.values_mut().for_each(made_hostile),
        _ => {}
    }
}

#[test]
fn no_value_of_a_request_is_a_wildcard_or_a_variable() {
    let reference = Reference::bundled();
    let mut wide: BTreeSet<String> = BTreeSet::new();
    for operation in operations() {
        let prefix = reference.prefix_of(&operation.event_source).unwrap();
        let Some(action) = reference.action(prefix, operation.event_name) else {
            continue;
        };
        let members = operation.members.iter();
        let members: Vec<&str> = members.map(|it| it.trim_start_matches('?')).collect();
        let mut request = request(&members, action, false);
        made_hostile(&mut request);
        let text = request.to_string();
        let call = call(&operation, &text);
        let Needs::Permissions(all) = Mapper::bundled().needs(&call) else {
            continue;
        };
        for permission in all {
            // Conditions compare for being equal: a star there is a star.
            let mut values = permission.conditions.iter().flat_map(|it| &it.values);
            let resource = permission.resource;
            if ["a*b", "b?c", "c${d"]
                .iter()
                .any(|it| resource.contains(it))
                || values.any(|it| it.contains("c${d"))
            {
                let what = format!("{} {}", operation.event_name, permission.action);
                wide.insert(format!("{what} {resource}"));
            }
        }
    }
    let wide: Vec<String> = wide.into_iter().collect();
    assert!(
        wide.is_empty(),
        "{} are wide:\n{}",
        wide.len(),
        wide.join("\n")
    );
}

/// A user's call of an operation with a request, which is JSON.
fn call<'a>(operation: &'a Operation, request: &'a str) -> Call<'a> {
    Call {
        event_source: &operation.event_source,
        event_name: operation.event_name,
        aws_region: Some("us-east-1"),
        account: Some("111122223333"),
        principal: Some("arn:aws:iam::111122223333:user/dev"),
        request_parameters: Some(request),
        ..Call::default()
    }
}

/// Whether the mapping finds a resource in one of the requests of an operation.
fn is_found(operation: &Operation, action: &Action) -> bool {
    let known = [Origin::Event, Origin::Partial, Origin::Created, Origin::Any];
    let requests = [(false, false), (true, false), (false, true), (true, true)];
    requests.into_iter().any(|(capital, all)| {
        let members = operation.members.iter();
        let given = members.filter(|it| all || !it.starts_with('?'));
        let given: Vec<&str> = given.map(|it| it.trim_start_matches('?')).collect();
        let text = request(&given, action, capital).to_string();
        match Mapper::bundled().needs(&call(operation, &text)) {
            Needs::Permissions(all) => all.iter().any(|it| known.contains(&it.origin)),
            Needs::Nothing { .. } | Needs::Unknown => true,
        }
    })
}

#[test]
fn a_resource_is_found_in_a_request_of_nearly_every_operation() {
    let reference = Reference::bundled();
    let mut missed: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let operations = operations();
    for operation in &operations {
        let prefix = reference.prefix_of(&operation.event_source).unwrap();
        let Some(action) = reference.action(prefix, operation.event_name) else {
            continue;
        };
        if action.resource_types.iter().any(|it| it.required) && !is_found(operation, action) {
            let of_source = missed.entry(operation.event_source.clone()).or_default();
            of_source.insert(operation.event_name);
        }
    }
    for (source, names) in &missed {
        let names: Vec<&str> = names.iter().copied().collect();
        eprintln!("{source} {} {}", names.len(), names.join(" "));
    }
    let count = missed.values().map(BTreeSet::len).sum::<usize>();
    eprintln!("{count} of {}", operations.len());
    let found = missed.iter().map(|(source, names)| {
        let label = source.trim_end_matches(".amazonaws.com");
        (label.to_owned(), names.len())
    });
    let found: BTreeMap<String, usize> = found.collect();
    assert_eq!(found, explained());
}

/// How many operations of each source `misses.tsv` explains.
fn explained() -> BTreeMap<String, usize> {
    let lines = MISSES.lines().filter(|line| !line.starts_with('#'));
    let cells = lines.map(|line| line.split('\t').collect::<Vec<_>>());
    let of_requests = cells.filter(|cells| cells[0] == "requests");
    of_requests
        .map(|cells| (cells[1].to_owned(), cells[2].parse().unwrap()))
        .collect()
}
