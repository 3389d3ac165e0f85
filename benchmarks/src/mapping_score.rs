//! How much of a trail does the mapping get right?
//!
//! Four shares, each with its misses: distinct calls that are mapped, denials whose action is
//! the one that IAM named, denials whose resource is covered, and successful calls for which a
//! concrete resource was found.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use trailwright_engine::activity::Outcome;
use trailwright_engine::arn::Arn;
use trailwright_engine::event::Row;
use trailwright_engine::permission::{Call, Mapper, Needs, Origin, Permission};

/// A call by its source and name.
type Pair = (String, String);

/// What was counted.
#[derive(Debug, Default)]
pub struct Score {
    /// Calls of the API by principals, and how each is mapped.
    pairs: BTreeMap<Pair, bool>,
    /// Denials of the truth table: (ours, theirs) for the action and for the resource.
    denials: Vec<Denial>,
    /// Successful calls with parameters of actions that take resources, by pair:
    /// with a concrete resource, and all; and an example without.
    concrete: BTreeMap<Pair, (u64, u64, Option<String>)>,
    /// Of those, calls that only made something whose id nobody knows before.
    created: u64,
    /// What one call of each pair and number of needs came to, and its request.
    answers: BTreeMap<(Pair, usize), String>,
}

#[derive(Debug)]
struct Denial {
    pair: Pair,
    action: String,
    resource: String,
    our_actions: BTreeSet<String>,
    our_resources: BTreeSet<String>,
    action_agrees: bool,
    /// `None` where the truth names no resource, or no event of it carries parameters.
    resource_agrees: Option<bool>,
}

/// Scores all logs below `folders` against the denials in the table at `truth`.
pub fn score(folders: &[PathBuf], truth: Option<&Path>) -> anyhow::Result<Score> {
    let mapper = Mapper::bundled();
    let truth = truth.map(read_truth).transpose()?.unwrap_or_default();
    let mut score = Score::default();
    let mut seen: BTreeMap<usize, Vec<(Vec<Permission>, bool)>> = BTreeMap::new();
    for file in files(folders) {
        let bytes = std::fs::read(&file).with_context(|| format!("cannot read {file:?}"))?;
        for record in records(&bytes) {
            if let Ok(row) = Row::from_record(&record) {
                score.count(&row, mapper, &truth, &mut seen);
            }
        }
    }
    for (index, row) in truth.into_iter().enumerate() {
        score.judge(row, seen.remove(&index).unwrap_or_default(), mapper);
    }
    Ok(score)
}

/// A row of the truth table.
struct Truth {
    event_source: String,
    event_name: String,
    action: String,
    resource: String,
}

fn read_truth(path: &Path) -> anyhow::Result<Vec<Truth>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {path:?}"))?;
    let rows = text.lines().filter_map(|line| {
        let mut cells = line.split('\t').map(ToOwned::to_owned);
        Some(Truth {
            event_source: cells.next()?,
            event_name: cells.next()?,
            action: cells.next()?,
            resource: cells.next()?,
        })
    });
    Ok(rows.filter(|row| row.action.contains(':')).collect())
}

fn files(folders: &[PathBuf]) -> Vec<PathBuf> {
    let entries = folders.iter().flat_map(walkdir::WalkDir::new);
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect();
    files.sort();
    files
}

/// The records in a file, as an ingest reads them.
#[cfg(feature = "measure")]
fn records(bytes: &[u8]) -> Vec<String> {
    trailwright_ingest::Contents::of(bytes).records
}

/// The records in a file of the form that CloudTrail delivers, or one behind the other. All
/// else that an ingest reads takes the feature `measure`.
#[cfg(not(feature = "measure"))]
fn records(bytes: &[u8]) -> Vec<String> {
    fn gather(value: serde_json::Value, records: &mut Vec<String>) {
        match value {
            serde_json::Value::Array(all) => all.into_iter().for_each(|it| gather(it, records)),
            serde_json::Value::Object(mut object) => match object.remove("Records") {
                Some(inner) => gather(inner, records),
                None => records.push(serde_json::Value::Object(object).to_string()),
            },
            _ => {}
        }
    }
    let mut text = Vec::new();
    let mut unpacked = flate2::read::MultiGzDecoder::new(bytes);
    if std::io::Read::read_to_end(&mut unpacked, &mut text).is_err() {
        text = bytes.to_vec();
    }
    let mut records = Vec::new();
    let values = serde_json::Deserializer::from_slice(&text).into_iter();
    for value in values.map_while(Result::ok) {
        gather(value, &mut records);
    }
    records
}

/// Why something is not known, as far as that is explained: rows of kind, source, name and reason.
const MISSES: &str = include_str!("../../engine/tests/misses.tsv");

/// Why the mapping does not know a call, or its resource.
fn explained(kinds: &[&str], (source, name): &Pair) -> Option<(&'static str, &'static str)> {
    MISSES.lines().find_map(|line| {
        let mut cells = line.split('\t');
        let kind = cells.next().filter(|kind| kinds.contains(kind))?;
        let is_pair = cells.next() == Some(source) && cells.next() == Some(name);
        is_pair.then_some((kind, cells.next()?))
    })
}

/// The reason behind a miss, on the line that shows it.
fn because(kinds: &[&str], pair: &Pair) -> String {
    explained(kinds, pair).map_or(String::new(), |(_, why)| format!(" ({why})"))
}

impl Score {
    fn count(
        &mut self,
        row: &Row<'_>,
        mapper: &Mapper,
        truth: &[Truth],
        seen: &mut BTreeMap<usize, Vec<(Vec<Permission>, bool)>>,
    ) {
        // The message of a refusal is the truth that the rules are measured by.
        let call = Call {
            error_message: None,
            ..Call::of(row)
        };
        let is_call = call.event_type.is_none_or(|kind| kind == "AwsApiCall");
        let by_service = row.text("principal_type") == Some("AWSService");
        if !is_call || by_service {
            return;
        }
        let pair = (call.event_source.to_owned(), call.event_name.to_owned());
        let needs = mapper.needs(&call);
        self.pairs.insert(pair.clone(), needs != Needs::Unknown);
        let Needs::Permissions(permissions) = needs else {
            return;
        };
        let answer = self.answers.entry((pair.clone(), permissions.len()));
        answer.or_insert_with(|| answered(&call, &permissions));

        let outcome = Outcome::of(row.text("error_code"), row.text("error_message"));
        let has_parameters = call.request_parameters.is_some_and(|text| text != "{}");
        if outcome == Outcome::Denied {
            let message = row.text("error_message").unwrap_or_default().to_lowercase();
            for (index, truth) in truth.iter().enumerate() {
                let named = message.contains(&truth.action.to_lowercase())
                    && (truth.resource == "-" || message.contains(&truth.resource.to_lowercase()));
                if truth.event_source == pair.0 && truth.event_name == pair.1 && named {
                    let carried = has_parameters || call.resources.is_some();
                    seen.entry(index)
                        .or_default()
                        .push((permissions.clone(), carried));
                }
            }
        }
        let mut origins = permissions.iter().map(|p| p.origin);
        let takes_resources = origins.any(|it| !matches!(it, Origin::Any | Origin::Inferred));
        if outcome == Outcome::Allowed && has_parameters && takes_resources {
            let has = |origin| permissions.iter().any(|p| p.origin == origin);
            let (found, all, example) = self.concrete.entry(pair).or_default();
            *all += 1;
            if has(Origin::Event) || has(Origin::Partial) {
                *found += 1;
            } else if has(Origin::Created) {
                *found += 1;
                self.created += 1;
            } else if example.is_none() {
                *example = call.request_parameters.map(ToOwned::to_owned);
            }
        }
    }

    fn judge(&mut self, truth: Truth, seen: Vec<(Vec<Permission>, bool)>, mapper: &Mapper) {
        let mut carried = seen.iter().any(|(_, carried)| *carried);
        let mut ours: Vec<Permission> = seen.into_iter().flat_map(|(all, _)| all).collect();
        if ours.is_empty() {
            carried = false;
            let call = Call {
                event_source: &truth.event_source,
                event_name: &truth.event_name,
                ..Call::default()
            };
            if let Needs::Permissions(permissions) = mapper.needs(&call) {
                ours = permissions;
            }
        }
        let of_action = |p: &&Permission| p.action.eq_ignore_ascii_case(&truth.action);
        let our_resources: BTreeSet<String> = ours
            .iter()
            .filter(of_action)
            .map(|p| p.resource.clone())
            .collect();
        // The truth may be a pattern itself: IAM hides ids in some of its messages.
        let covers = |pattern: &String| {
            let parsed = pattern
                .parse::<Arn>()
                .ok()
                .zip(truth.resource.parse::<Arn>().ok());
            pattern == "*"
                || parsed
                    .is_some_and(|(ours, theirs)| ours.matches(&theirs) || theirs.matches(&ours))
        };
        let resource_agrees = (truth.resource != "-" && carried)
            .then(|| ours.iter().filter(of_action).any(|p| covers(&p.resource)));
        self.denials.push(Denial {
            action_agrees: ours.iter().any(|p| of_action(&p)),
            our_actions: ours.iter().map(|p| p.action.clone()).collect(),
            our_resources,
            resource_agrees,
            pair: (truth.event_source, truth.event_name),
            action: truth.action,
            resource: truth.resource,
        });
    }

    /// What a call of each pair was taken to need, to be read by people.
    pub fn answers(&self) -> String {
        self.answers
            .iter()
            .fold(String::new(), |mut text, (((source, name), _), answer)| {
                let _ = writeln!(text, "{source} {name}{answer}");
                text
            })
    }

    /// The shares, and what was missed.
    pub fn report(&self, all: bool) -> String {
        let mut text = String::new();
        let is_invented = |pair: &Pair| explained(&["invented"], pair).is_some();
        let (invented, real): (Vec<_>, Vec<_>) =
            self.pairs.iter().partition(|(pair, _)| is_invented(pair));
        let mapped = real.iter().filter(|(_, mapped)| **mapped).count();
        share(&mut text, "distinct calls mapped", mapped, real.len());
        for (pair, _) in real.iter().filter(|(_, mapped)| !**mapped) {
            let why = because(&["unmapped"], pair);
            let _ = writeln!(text, "    unmapped  {} {}{why}", pair.0, pair.1);
        }
        let _ = writeln!(
            text,
            "         beside these, {} calls that were never made:",
            invented.len()
        );
        for (pair, _) in invented {
            let why = because(&["invented"], pair);
            let _ = writeln!(text, "    invented  {} {}{why}", pair.0, pair.1);
        }

        let right = self.denials.iter().filter(|d| d.action_agrees).count();
        share(
            &mut text,
            "denials, action right",
            right,
            self.denials.len(),
        );
        for denial in self.denials.iter().filter(|d| !d.action_agrees) {
            let Denial {
                pair: (source, name),
                action,
                our_actions,
                ..
            } = denial;
            let _ = writeln!(text, "    {source} {name}: {action}, ours {our_actions:?}");
        }
        let judged: Vec<&Denial> = self
            .denials
            .iter()
            .filter(|d| d.resource_agrees.is_some())
            .collect();
        let right = judged
            .iter()
            .filter(|d| d.resource_agrees == Some(true))
            .count();
        share(
            &mut text,
            "denials with parameters, resource covered",
            right,
            judged.len(),
        );
        let mut misses = BTreeMap::new();
        for denial in judged.iter().filter(|d| d.resource_agrees == Some(false)) {
            let Denial {
                pair: (source, name),
                resource,
                our_resources,
                ..
            } = denial;
            *misses
                .entry((source, name, resource, our_resources))
                .or_insert(0) += 1;
        }
        for ((source, name, resource, ours), times) in misses {
            let why = because(&["denial"], &(source.clone(), name.clone()));
            let _ = writeln!(
                text,
                "    {times} times {source} {name}: {resource}, ours {ours:?}{why}"
            );
        }

        let found = self
            .concrete
            .values()
            .map(|(found, _, _)| found)
            .sum::<u64>();
        let events = self.concrete.values().map(|(_, all, _)| all).sum::<u64>();
        share(
            &mut text,
            "events with a concrete resource",
            found as usize,
            events as usize,
        );
        let _ = writeln!(
            text,
            "         of these, {} name nothing but what they made",
            self.created
        );
        let shares = self
            .concrete
            .values()
            .map(|(found, all, _)| *found as f64 / *all as f64);
        let mean = 100.0 * shares.sum::<f64>() / self.concrete.len().max(1) as f64;
        let pairs = self.concrete.len();
        let _ = writeln!(
            text,
            "{mean:6.1}%  the same, averaged over {pairs} distinct calls"
        );
        for ((source, name), (found, of, example)) in &self.concrete {
            if let Some(example) = example {
                let mut example = example.clone();
                if !all {
                    example = example.chars().take(160).collect();
                }
                let why = because(&["resource", "elsewhere"], &(source.clone(), name.clone()));
                let _ = writeln!(
                    text,
                    "    {source} {name}: {found} of {of}, not {example}{why}"
                );
            }
        }
        text
    }
}

/// The needs of a call, one a line, and below them its request.
fn answered(call: &Call<'_>, permissions: &[Permission]) -> String {
    let mut text = String::new();
    for permission in permissions {
        let Permission {
            action,
            resource,
            origin,
            ..
        } = permission;
        let _ = write!(text, "\n    {action} on {resource} ({})", origin.as_str());
    }
    let parts = [
        ("request", call.request_parameters),
        ("resources", call.resources),
        ("response", call.response_elements),
    ];
    for (part, json) in parts {
        if let Some(json) = json {
            let json: String = json.chars().take(300).collect();
            let _ = write!(text, "\n      {part} {json}");
        }
    }
    text
}

fn share(text: &mut String, what: &str, part: usize, whole: usize) {
    let percent = 100.0 * part as f64 / whole.max(1) as f64;
    let _ = writeln!(text, "{percent:6.1}%  {what}: {part} of {whole}");
}
