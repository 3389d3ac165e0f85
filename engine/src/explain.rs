//! Which activity stands behind each statement?
//!
//! Told from the documents themselves, whichever way they were made or cut: each piece of
//! activity is found under the statements that allow it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::Serialize;

use crate::activity::{Activity, Need};
use crate::contain::{action_covers, resource_covers};
use crate::evaluate::{Request, applying};
use crate::facts::Circumstance;
use crate::generate::{Meaning, placeholders, select};
use crate::permission::{Condition, Mapper, Origin, spoken};
use crate::policy::{Effect, PolicyDocument, Statement};
use crate::prove::has_wildcard;
use crate::time;

/// Sample events that are named for an action.
const SAMPLES: usize = 3;

/// The activity behind a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatementEvidence {
    /// Index of the document.
    pub document: usize,
    /// Name of the statement.
    pub sid: String,
    /// Its actions. One without events was asked for, or stands for later events.
    pub actions: Vec<ActionEvidence>,
}

/// The activity behind an action of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ActionEvidence {
    /// The action.
    pub action: String,
    /// Events that needed it.
    pub events: u64,
    /// Time of the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<String>,
    /// Time of the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<String>,
    /// Some of them.
    pub sample_event_ids: Vec<String>,
    /// By which rules the events need it.
    pub rules: BTreeSet<Rule>,
    /// How the resources are known, with events.
    pub origins: BTreeMap<&'static str, u64>,
}

/// A rule that maps an event to an action.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Rule {
    /// The event: its source and name.
    pub event: String,
    /// The rule.
    pub rule: &'static str,
    /// Where its fact comes from.
    pub fact: &'static str,
}

impl Origin {
    /// How a resource is known, in the words of a report.
    pub fn report_name(self) -> &'static str {
        match self {
            Self::Event => "observed",
            Self::Partial => "observed in part",
            Self::Inferred => "inferred",
            Self::Created => "template: made by the call",
            Self::Widened => "template: not told by the event",
            Self::Untold => "template: the call failed early",
            Self::Any => "takes none",
        }
    }
}

/// A statement in a form in which activity is found quickly.
struct Index<'a> {
    statement: &'a Statement,
    document: usize,
    plain: HashSet<&'a str>,
    patterns: Vec<&'a str>,
    /// Placeholders stand for all resources.
    any: bool,
    found: BTreeMap<&'a str, Found<'a>>,
}

#[derive(Default)]
struct Found<'a> {
    events: u64,
    first: Option<i64>,
    last: Option<i64>,
    samples: BTreeSet<(Option<i64>, &'a str)>,
    events_named: BTreeSet<(&'a str, &'a str)>,
    origins: BTreeMap<&'static str, u64>,
}

/// The activity behind each Allow statement of `documents`.
pub fn explain(
    activity: &[Activity],
    circumstances: &[Circumstance],
    documents: &[PolicyDocument],
    mapper: &Mapper,
) -> Vec<StatementEvidence> {
    let mut statements: Vec<Index<'_>> = documents
        .iter()
        .enumerate()
        .flat_map(|(document, it)| it.statement.iter().map(move |it| Index::of(document, it)))
        .filter(|index| index.statement.effect == Effect::Allow)
        .collect();
    let mut contexts: HashMap<(&str, &str, &[Condition]), Vec<&Circumstance>> = HashMap::new();
    for one in circumstances {
        let key = (&*one.action, &*one.resource, &*one.conditions);
        contexts.entry(key).or_default().push(one);
    }
    let mut of_action: HashMap<&str, Vec<usize>> = HashMap::new();
    for (seen, meaning) in select(activity) {
        let (
            Meaning::Used,
            Need::Permission {
                action,
                resource,
                origin,
                conditions,
            },
        ) = (meaning, &seen.need)
        else {
            continue;
        };
        let candidates = of_action.entry(action).or_insert_with(|| {
            let named = statements.iter().enumerate();
            named
                .filter(|(_, it)| it.names(action))
                .map(|(at, _)| at)
                .collect()
        });
        let matching: Vec<usize> = candidates
            .iter()
            .copied()
            .filter(|at| {
                let index = statements.get(*at);
                index.is_some_and(|it| it.has(resource) && it.is_under(conditions))
            })
            .collect();
        let contexts = contexts.get(&(&**action, &**resource, &**conditions));
        let several = matching.len() > 1;
        for at in matching {
            let Some(index) = statements.get_mut(at) else {
                continue;
            };
            let events = match contexts.filter(|_| several) {
                Some(contexts) => index.events_in(contexts, seen),
                None => seen.count,
            };
            if events > 0 {
                let found = index.found.entry(action).or_default();
                found.add(seen, *origin, events);
            }
        }
    }
    statements
        .into_iter()
        .map(|index| index.evidence(mapper))
        .collect()
}

impl<'a> Index<'a> {
    fn of(document: usize, statement: &'a Statement) -> Self {
        let resources = statement.resources.as_ref();
        let resources = resources.map_or(&[][..], |it| it.patterns().0);
        let (patterns, plain): (Vec<&str>, Vec<&str>) = resources
            .iter()
            .map(String::as_str)
            .partition(|it| has_wildcard(it) && placeholders(it).is_empty());
        Self {
            statement,
            document,
            any: resources.iter().any(|it| !placeholders(it).is_empty()),
            plain: plain.into_iter().collect(),
            patterns,
            found: BTreeMap::new(),
        }
    }

    fn names(&self, action: &str) -> bool {
        let (patterns, but) = self.statement.actions.patterns();
        patterns.iter().any(|it| action_covers(it, action)) != but
    }

    fn has(&self, resource: &str) -> bool {
        self.any
            || self.plain.contains(resource)
            || self
                .patterns
                .iter()
                .any(|it| *it == resource || *it == "*" || resource_covers(it, resource))
    }

    /// Whether the statement asks for what the use had, if it asks for anything of the kind.
    fn is_under(&self, conditions: &[Condition]) -> bool {
        let block = &self.statement.condition;
        let of_use = |operator: &str, key: &str| {
            let mut conditions = conditions.iter();
            conditions.any(|it| it.operator == operator && it.key == key)
        };
        let same = conditions.iter().all(|it| {
            let values = block.get(&it.operator).and_then(|keys| keys.get(&it.key));
            let one_of = |values: &[String]| it.values.iter().all(|it| values.contains(it));
            values.is_none_or(|values| one_of(values.values()))
        });
        // Conditions of the mapping, which no other use of the permission has.
        let asks_more = block.iter().any(|(operator, keys)| {
            let mut keys = keys.keys();
            keys.any(|key| is_of_mapping(key) && !of_use(operator, key))
        });
        same && !asks_more
    }

    /// Calls whose context this statement asks for.
    fn events_in(&self, contexts: &[&Circumstance], seen: &Activity) -> u64 {
        let document = PolicyDocument::new(vec![Statement {
            resources: Some(crate::policy::Resources::Resource("*".into())),
            ..self.statement.clone()
        }]);
        let holds = |one: &&&Circumstance| {
            let request = Request::new(&*seen.principal, &*one.action, &*one.resource);
            let request = one.facts.in_request(request);
            let request =
                one.conditions.iter().fold(request, |request, condition| {
                    match condition.values.first() {
                        Some(value) => request.with(&condition.key, spoken(value)),
                        None => request,
                    }
                });
            applying(&document, Effect::Allow, &request)
                .next()
                .is_some()
        };
        contexts.iter().filter(holds).map(|one| one.count).sum()
    }

    fn evidence(self, mapper: &Mapper) -> StatementEvidence {
        let mut actions: Vec<ActionEvidence> = self
            .found
            .into_iter()
            .map(|(action, found)| found.evidence(action, mapper))
            .collect();
        // What was asked for, or covers nothing yet.
        for pattern in self.statement.actions.patterns().0 {
            if !actions.iter().any(|it| action_covers(pattern, &it.action)) {
                actions.push(Found::default().evidence(pattern, mapper));
            }
        }
        actions.sort_by(|a, b| a.action.cmp(&b.action));
        StatementEvidence {
            document: self.document,
            sid: self.statement.sid.clone().unwrap_or_default(),
            actions,
        }
    }
}

/// Keys of conditions that the mapping adds, not the user.
fn is_of_mapping(key: &str) -> bool {
    !key.starts_with("aws:") && key != "s3:prefix"
}

impl<'a> Found<'a> {
    fn add(&mut self, seen: &'a Activity, origin: Origin, events: u64) {
        self.events += events;
        self.first = [self.first, seen.first_seen].into_iter().flatten().min();
        self.last = self.last.max(seen.last_seen);
        if let Some(id) = &seen.sample_event_id {
            self.samples.insert((seen.first_seen, id));
            if self.samples.len() > SAMPLES {
                self.samples.pop_last();
            }
        }
        self.events_named
            .insert((&seen.event_source, &seen.event_name));
        *self.origins.entry(origin.report_name()).or_default() += events;
    }

    fn evidence(self, action: &str, mapper: &Mapper) -> ActionEvidence {
        let rules = self.events_named.iter().filter_map(|(source, name)| {
            let (rule, fact) = mapper.rule_of(source, name, action)?;
            Some(Rule {
                event: format!("{source} {name}"),
                rule,
                fact,
            })
        });
        ActionEvidence {
            action: action.to_owned(),
            events: self.events,
            first_seen: self.first.map(time::to_text),
            last_seen: self.last.map(time::to_text),
            rules: rules.collect(),
            sample_event_ids: self
                .samples
                .into_iter()
                .map(|(_, id)| id.to_owned())
                .collect(),
            origins: self.origins,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::Outcome;
    use crate::facts::{Facts, Way};
    use crate::generate::{Narrowing, Options, generate_with};
    use crate::reference::Reference;

    fn seen(name: &str, key: &str, count: u64, at: i64) -> Activity {
        Activity {
            principal: "arn:aws:iam::1:role/r".to_owned(),
            event_source: "s3.amazonaws.com".to_owned(),
            event_name: name.to_owned(),
            need: Need::Permission {
                action: "s3:GetObject".to_owned(),
                resource: format!("arn:aws:s3:::b/{key}"),
                origin: Origin::Event,
                conditions: Vec::new(),
            },
            outcome: Outcome::Allowed,
            count,
            events: count,
            first_seen: Some(at),
            last_seen: Some(at + 1),
            sample_event_id: Some(format!("{name}-{key}")),
        }
    }

    #[test]
    fn each_action_knows_its_events() {
        let activity = [
            seen("GetObject", "1", 2, 0),
            seen("HeadObject", "2", 3, 5_000_000),
        ];
        let reference = Reference::bundled();
        let generated = crate::generate(&activity, reference);
        let evidence = explain(&activity, &[], &[generated.document], Mapper::bundled());
        assert_eq!(evidence.len(), 1);
        let of = evidence.iter().flat_map(|it| &it.actions).next();
        let of = of.cloned().into_iter().next();
        let Some(of) = of else {
            unreachable!("one statement has one action");
        };
        assert_eq!((of.action.as_str(), of.events), ("s3:GetObject", 5));
        assert_eq!(of.first_seen.as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(of.last_seen.as_deref(), Some("1970-01-01T00:00:05.000001Z"));
        assert_eq!(of.sample_event_ids, ["GetObject-1", "HeadObject-2"]);
        assert_eq!(of.origins, BTreeMap::from([("observed", 5)]));
        let rules: Vec<_> = of.rules.iter().map(|it| (&*it.event, it.rule)).collect();
        assert_eq!(
            rules,
            [
                ("s3.amazonaws.com GetObject", "exception"),
                ("s3.amazonaws.com HeadObject", "exception")
            ]
        );
    }

    #[test]
    fn calls_are_counted_under_the_condition_that_they_meet() {
        let activity = [seen("GetObject", "1", 5, 0)];
        let in_context = |way, ip: Option<&str>, count| Circumstance {
            action: "s3:GetObject".to_owned(),
            resource: "arn:aws:s3:::b/1".to_owned(),
            conditions: Vec::new(),
            facts: Facts {
                way,
                source_ip: ip.map(ToOwned::to_owned),
                ..Facts::default()
            },
            count,
        };
        let circumstances = [
            in_context(Way::Direct, Some("203.0.113.7"), 4),
            in_context(Way::Service, None, 1),
        ];
        let options = Options {
            narrow: [Narrowing::SourceIp].into(),
            ..Options::default()
        };
        let reference = Reference::bundled();
        let generated = generate_with(&options, &activity, &circumstances, reference);
        let documents = [generated.document];
        let evidence = explain(&activity, &circumstances, &documents, Mapper::bundled());
        let events: BTreeSet<u64> = evidence
            .iter()
            .flat_map(|it| &it.actions)
            .map(|it| it.events)
            .collect();
        assert_eq!(events, BTreeSet::from([1, 4]));
        let proof = crate::prove::prove_in(&activity, &circumstances, &documents);
        assert_eq!((proof.requests, proof.holds()), (2, true));
    }
}
