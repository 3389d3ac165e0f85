//! `trailwright explain EVENT.json`

use std::io::{Read, Write};

use clap::Args;
use miette::{Diagnostic, IntoDiagnostic, Result};
use serde_json::json;
use trailwright_engine::activity::Outcome;
use trailwright_engine::event::Row;
use trailwright_engine::permission::{Call, Mapper, Needs, Origin, Permission};
use trailwright_engine::time::TimeRange;
use trailwright_ingest::Contents;
use trailwright_sql::Session;

use crate::args::StorageArgs;
use crate::exit::Exit;
use crate::output::Stdout;

/// Say which permissions an event needed, by which rule, and where the fact comes from.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// File of one or more events, `-` for standard input, or with --lake the id of an event
    event: String,
    /// Folder of a lake that has the event, or s3://BUCKET/PREFIX
    #[arg(long, value_name = "LAKE")]
    lake: Option<String>,
    #[command(flatten)]
    storage: StorageArgs,
    /// Write JSON, one object for each event
    #[arg(long)]
    json: bool,
}

/// An event that is not there.
#[derive(Debug, thiserror::Error, Diagnostic)]
enum NoEvent {
    #[error("no event in `{0}`")]
    #[diagnostic(help("give a CloudTrail record, an array of them, or a log file"))]
    InFile(String),
    #[error("cannot read `{name}`")]
    File {
        name: String,
        #[source]
        source: std::io::Error,
    },
    #[error("{name}: {reason}")]
    #[diagnostic(help("give a CloudTrail record, an array of them, or a log file"))]
    Bad { name: String, reason: String },
    #[error("no event `{id}` in lake `{lake}`")]
    InLake { id: String, lake: String },
}

impl Explain {
    pub(crate) async fn run(self) -> Result<Exit> {
        let records = match &self.lake {
            Some(lake) => self.read_lake(lake).await?,
            None => self.read_file()?,
        };
        let mut out = Stdout::new();
        for record in &records {
            let row = Row::from_record(record).map_err(|error| NoEvent::Bad {
                name: self.event.clone(),
                reason: error.to_string(),
            })?;
            let text = if self.json {
                as_json(&row)
            } else {
                as_text(&row)
            };
            writeln!(out, "{text}").into_diagnostic()?;
        }
        Ok(Exit::Success)
    }

    fn read_file(&self) -> Result<Vec<String>, NoEvent> {
        let failed = |source| NoEvent::File {
            name: self.event.clone(),
            source,
        };
        let text = if self.event == "-" {
            let mut text = Vec::new();
            std::io::stdin().read_to_end(&mut text).map_err(failed)?;
            text
        } else {
            std::fs::read(&self.event).map_err(failed)?
        };
        let contents = Contents::of(&text);
        if let Some(reject) = contents.rejects.first() {
            let place = reject
                .position
                .map_or(String::new(), |at| format!("{at}: "));
            return Err(NoEvent::Bad {
                name: self.event.clone(),
                reason: format!("{place}{}", reject.reason),
            });
        }
        if contents.records.is_empty() {
            return Err(NoEvent::InFile(self.event.clone()));
        }
        Ok(contents.records)
    }

    async fn read_lake(&self, lake: &str) -> Result<Vec<String>> {
        let storage = self.storage.storage();
        let session = Session::open_at(lake, &storage, TimeRange::default()).await?;
        match session.record(&self.event).await? {
            Some(record) => Ok(vec![record]),
            None => Err(NoEvent::InLake {
                id: self.event.clone(),
                lake: lake.to_owned(),
            }
            .into()),
        }
    }
}

fn outcome(row: &Row<'_>) -> Outcome {
    Outcome::of(row.text("error_code"), row.text("error_message"))
}

fn as_text(row: &Row<'_>) -> String {
    let call = Call::of(row);
    let mut lines = vec![format!(
        "{} {} by {}, {}",
        call.event_source,
        call.event_name,
        row.text("principal").unwrap_or("unknown"),
        outcome(row).as_str()
    )];
    match Mapper::bundled().needs(&call) {
        Needs::Nothing { why } => {
            lines.push("  needs no permission".to_owned());
            lines.push(format!("    fact      {why}"));
        }
        Needs::Unknown => {
            lines.push(
                "  no rule knows which permission it needs: it is listed, never granted".to_owned(),
            );
        }
        Needs::Permissions(permissions) => {
            for permission in &permissions {
                lines.push(format!(
                    "  needs {} on {}",
                    permission.action, permission.resource
                ));
                lines.push(format!("    resource  {}", told(permission)));
                for condition in &permission.conditions {
                    let (operator, key) = (&condition.operator, &condition.key);
                    let values = condition.values.join(" or ");
                    lines.push(format!("    if        {operator} {key} {values}"));
                }
                lines.push(format!("    rule      {}", permission.rule));
                lines.push(format!("    fact      {}", permission.source));
            }
        }
    }
    lines.join("\n")
}

/// How the resource is known, in words.
fn told(permission: &Permission) -> String {
    let how = match permission.origin {
        Origin::Event => "named by the event",
        Origin::Partial => "named by the event in part",
        Origin::Inferred => "inferred: passing a role is never logged",
        Origin::Created => "made by the call, with an id that nobody knows before",
        Origin::Any => "the action takes none",
        Origin::Widened => "not told by the event: every one of its type",
        Origin::Untold => "not recorded, as the call failed early: every one of its type",
    };
    match permission.template {
        Some(template) => format!("{how} ({template})"),
        None => how.to_owned(),
    }
}

fn as_json(row: &Row<'_>) -> String {
    let call = Call::of(row);
    let (mapping, needs) = match Mapper::bundled().needs(&call) {
        Needs::Nothing { why } => ("none", json!({ "why": why })),
        Needs::Unknown => ("unmapped", json!(null)),
        Needs::Permissions(permissions) => {
            let permissions = permissions.iter().map(|permission| {
                json!({
                    "action": permission.action,
                    "resource": permission.resource,
                    "origin": permission.origin.as_str(),
                    "template": permission.template,
                    "conditions": permission.conditions,
                    "rule": permission.rule,
                    "source": permission.source,
                })
            });
            ("mapped", permissions.collect())
        }
    };
    let event = json!({
        "eventID": row.text("event_id"),
        "eventSource": call.event_source,
        "eventName": call.event_name,
        "principal": call.principal,
        "outcome": outcome(row).as_str(),
        "mapping": mapping,
        "needs": needs,
    });
    event.to_string()
}
