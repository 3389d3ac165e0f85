//! `trailwright reference info|action|event`

use std::io::Write;

use clap::{Args, Subcommand};
use miette::{Diagnostic, IntoDiagnostic, Result};
use trailwright_engine::Reference;
use trailwright_engine::permission::{Call, Mapper, Needs};
use trailwright_engine::reference::Action;

use crate::exit::Exit;
use crate::output::Stdout;

/// Ask what AWS says of actions, resource types and events.
#[derive(Debug, Args)]
pub(crate) struct ReferenceArgs {
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, Subcommand)]
enum Question {
    /// How old the reference is, and what it was made from
    Info,
    /// An action: its access level, resource types and condition keys
    Action {
        /// PREFIX:NAME, such as s3:GetObject
        action: String,
    },
    /// What a call needs, by its event source and name alone
    Event {
        /// lambda.amazonaws.com, or lambda
        event_source: String,
        /// Invoke
        event_name: String,
    },
}

/// A name that AWS does not have.
#[derive(Debug, thiserror::Error, Diagnostic)]
enum NotKnown {
    #[error("expected PREFIX:NAME, got `{0}`")]
    #[diagnostic(help("write s3:GetObject"))]
    NotAnAction(String),
    #[error("no service has the prefix `{0}`")]
    Service(String),
    #[error("`{prefix}` has no action `{name}`")]
    #[diagnostic(help("{hint}"))]
    Action {
        prefix: String,
        name: String,
        hint: String,
    },
}

impl ReferenceArgs {
    pub(crate) fn run(self) -> Result<Exit> {
        let reference = Reference::bundled();
        let answer = match self.question {
            Question::Info => info(reference),
            Question::Action { action } => describe(find(&action, reference)?, reference),
            Question::Event {
                event_source,
                event_name,
            } => event(&event_source, &event_name),
        };
        writeln!(Stdout::new(), "{answer}").into_diagnostic()?;
        Ok(Exit::Success)
    }
}

/// Date and makings of the reference, a line each.
fn info(reference: &Reference) -> String {
    let info = reference.info();
    let mut lines = vec![
        format!("reference of {}", info.date),
        format!(
            "  {} services, {} actions, {} resource types, {} condition keys",
            info.services, info.actions, info.resource_types, info.condition_keys
        ),
    ];
    for package in &info.packages {
        lines.push(format!(
            "  from {} {} ({})",
            package.name, package.version, package.license
        ));
    }
    lines.join("\n")
}

fn find(text: &str, reference: &'static Reference) -> Result<&'static Action, NotKnown> {
    let (prefix, name) = text
        .split_once(':')
        .ok_or_else(|| NotKnown::NotAnAction(text.to_owned()))?;
    if reference.service(prefix).is_none() {
        return Err(NotKnown::Service(prefix.to_owned()));
    }
    reference.action(prefix, name).ok_or_else(|| {
        let lower = name.to_lowercase();
        let alike: Vec<&str> = reference
            .actions(prefix)
            .iter()
            .map(|action| action.name)
            .filter(|known| {
                let known = known.to_lowercase();
                known.contains(&lower) || lower.contains(&known)
            })
            .take(5)
            .collect();
        NotKnown::Action {
            prefix: prefix.to_owned(),
            name: name.to_owned(),
            hint: match alike.as_slice() {
                [] => format!("`trailwright reference event {prefix} {name}` tells what a call of that name needs"),
                alike => format!("did you mean {}", alike.join(" or ")),
            },
        }
    })
}

fn describe(action: &Action, reference: &Reference) -> String {
    let levels: Vec<&str> = action
        .access_levels
        .iter()
        .map(|level| level.as_str())
        .collect();
    let mut lines = vec![format!("{}:{}", action.prefix, action.name)];
    lines.push(format!("  access level    {}", levels.join(", ")));
    if action.resource_types.is_empty() {
        lines.push("  resources       * only".to_owned());
    }
    for accepted in &action.resource_types {
        let required = if accepted.required { ", required" } else { "" };
        lines.push(format!("  resource type   {}{required}", accepted.name));
        let kind = reference.resource_type(action.prefix, accepted.name);
        for template in kind.map_or(&[][..], |kind| &kind.arn_templates) {
            lines.push(format!("                  {template}"));
        }
    }
    for key in &action.condition_keys {
        lines.push(format!("  condition key   {key}"));
    }
    for other in &action.dependent_actions {
        lines.push(format!("  depends on      {other}"));
    }
    lines.join("\n")
}

fn event(event_source: &str, event_name: &str) -> String {
    let call = Call {
        event_source,
        event_name,
        ..Call::default()
    };
    let mut lines = vec![format!("{event_source} {event_name}")];
    match Mapper::bundled().needs(&call) {
        Needs::Nothing { why } => lines.push(format!("  needs no permission: {why}")),
        Needs::Unknown => lines.push("  is in no table: no permission is known".to_owned()),
        Needs::Permissions(permissions) => {
            for permission in permissions {
                let template = permission.template.unwrap_or(&permission.resource);
                lines.push(format!("  needs {} on {template}", permission.action));
                lines.push(format!("    {}: {}", permission.rule, permission.source));
            }
        }
    }
    lines.join("\n")
}
