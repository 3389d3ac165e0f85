//! `trailwright query list|show|run`

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use miette::{Diagnostic, IntoDiagnostic, Result};
use trailwright_sql::{NamedQuery, Session, named_queries, named_query};

use super::sql::AnswerArgs;
use crate::args::{RangeArgs, StorageArgs};
use crate::exit::Exit;
use crate::output::Stdout;

/// Ask a lake a question that has a name.
#[derive(Debug, Args)]
pub(crate) struct Query {
    #[command(subcommand)]
    task: Task,
    /// Folder of your own .sql files [default: $TRAILWRIGHT_QUERIES, or ~/.config/trailwright/queries]
    #[arg(long, global = true, value_name = "DIR")]
    queries: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// List the questions
    List,
    /// Show a question's SQL and the values it takes
    Show {
        /// Its name
        name: String,
    },
    /// Ask it
    Run {
        /// Its name
        name: String,
        /// Folder of the lake, or s3://BUCKET/PREFIX
        lake: String,
        /// A value that it takes
        #[arg(long = "param", short, value_name = "NAME=VALUE")]
        params: Vec<String>,
        #[command(flatten)]
        range: Box<RangeArgs>,
        #[command(flatten)]
        answer: Box<AnswerArgs>,
        #[command(flatten)]
        storage: StorageArgs,
    },
}

/// A value that is not written as one.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("expected NAME=VALUE, got `{0}`")]
struct NoParam(String);

impl Query {
    pub(crate) async fn run(self) -> Result<Exit> {
        let folder = self.queries.or_else(own_folder);
        let folder = folder.as_deref();
        let mut out = Stdout::new();
        match self.task {
            Task::List => {
                for query in named_queries(folder)? {
                    writeln!(out, "{}", listed(&query)).into_diagnostic()?;
                }
            }
            Task::Show { name } => {
                write!(out, "{}", named_query(&name, folder)?.text).into_diagnostic()?;
            }
            Task::Run {
                name,
                lake,
                params,
                range,
                answer,
                storage,
            } => {
                let query = named_query(&name, folder)?;
                let given = params
                    .iter()
                    .map(|param| {
                        let (name, value) = param
                            .split_once('=')
                            .ok_or_else(|| NoParam(param.clone()))?;
                        Ok((name.to_owned(), value.to_owned()))
                    })
                    .collect::<Result<Vec<_>, NoParam>>()?;
                let now = jiff::Timestamp::now().as_microsecond();
                let values = query.bind(&given, now)?;
                let (storage, range) = (storage.storage(), range.parse()?);
                let session = Session::open_within(&lake, &storage, range, answer.limits()).await?;
                answer.answer(&session, &query.text, &values).await?;
            }
        }
        Ok(Exit::Success)
    }
}

/// The folder of the user's own queries, if it is there.
pub(crate) fn own_folder() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(folder) = set("TRAILWRIGHT_QUERIES") {
        return Some(folder.into());
    }
    let configuration = set("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(set("HOME")?).join(".config")))?;
    let folder = configuration.join("trailwright/queries");
    folder.is_dir().then_some(folder)
}

/// A question as a list shows it, with the values that it takes.
pub(crate) fn listed(query: &NamedQuery) -> String {
    let mut text = format!("{}\n    {}", query.name, query.doc);
    for parameter in &query.parameters {
        let default = match &parameter.default {
            Some(default) => format!(" [default: {default}]"),
            None => String::new(),
        };
        let (name, kind) = (&parameter.name, parameter.kind.as_str());
        text.push_str(&format!(
            "\n    --param {name}=({kind}): {}{default}",
            parameter.doc
        ));
    }
    text
}
