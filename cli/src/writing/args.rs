//! How is it typed?

use std::path::PathBuf;

use clap::Args;
use miette::Result;

use super::{Attach, ConditionKind, OfMapping, Style, THRESHOLD, Writing, answers};

/// How a policy is written.
#[derive(Debug, Args)]
pub(crate) struct WritingArgs {
    /// How the policy is written
    #[arg(long, value_enum, default_value_t)]
    style: Style,
    /// With --style compact: more resources than this that have a beginning in common become `*`
    #[arg(long, value_name = "N", default_value_t = THRESHOLD)]
    pub(crate) threshold: usize,
    /// Add a condition from what was seen. May be repeated, or several with commas
    #[arg(long, value_enum, value_name = "CONDITION", value_delimiter = ',')]
    condition: Vec<ConditionKind>,
    /// Leave out a condition that the mapping of events adds. May be repeated
    #[arg(long, value_enum, value_name = "CONDITION", value_delimiter = ',')]
    no_condition: Vec<OfMapping>,
    /// Allow an action that no event tells: sqs:SendMessage, or sqs:SendMessage=ARN. May be repeated
    #[arg(long, value_name = "ACTION[=ARN]")]
    add: Vec<String>,
    /// Give a placeholder a value: BucketName=logs. May be repeated, also for one name
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// TOML or JSON file with `add` and `set`
    #[arg(long, value_name = "FILE")]
    answers: Option<PathBuf>,
}

impl WritingArgs {
    /// What was typed, for a policy that is attached to `target`.
    pub(crate) fn writing(&self, target: Attach) -> Result<Writing> {
        let answers = answers::read(self.answers.as_deref(), &self.add, &self.set)?;
        Ok(Writing {
            style: self.style,
            threshold: self.threshold,
            conditions: self.condition.clone(),
            without: self.no_condition.clone(),
            target,
            add: answers.add,
            set: answers.set,
        })
    }

    /// How many siblings stay apart, if that matters.
    pub(crate) fn compact_threshold(&self) -> Option<usize> {
        (self.style == Style::Compact).then_some(self.threshold)
    }
}
