//! `trailwright sql LAKE [QUERY]`

use std::io::{IsTerminal, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use miette::{Diagnostic, Result};
use trailwright_sql::{Limits, Session};

use crate::args::{RangeArgs, StorageArgs};
use crate::exit::Exit;
use crate::output::{Output, Place, tell_of_more};
use crate::repl::{self, Repl};

/// Ask a lake with SQL: tables events, calls, permissions, activity, principals, services, denied,
/// unmapped, coverage. Without a query it is a prompt; .help there says more.
#[derive(Debug, Args)]
#[command(after_help = "DESCRIBE events tells columns; FROM activity answers fastest.")]
pub(crate) struct Sql {
    /// Folder of the lake, or s3://BUCKET/PREFIX
    lake: String,
    /// Queries, separated by semicolons, and the prompt's commands on lines of their own [default: a prompt, or
    /// standard input]
    query: Option<String>,
    /// A query; may be given again
    #[arg(long, short, value_name = "QUERY", conflicts_with_all = ["query", "file"])]
    command: Vec<String>,
    /// File of queries, - for standard input
    #[arg(long, short, value_name = "FILE", conflicts_with = "query")]
    file: Option<PathBuf>,
    #[command(flatten)]
    range: RangeArgs,
    #[command(flatten)]
    answer: AnswerArgs,
    #[command(flatten)]
    storage: StorageArgs,
}

/// What an answer looks like, where it goes, and what it may cost.
#[derive(Debug, Clone, Args)]
pub(crate) struct AnswerArgs {
    /// Form of the answer
    #[arg(long, short, value_enum, default_value_t)]
    pub(crate) output: Output,
    /// File for the answer
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Show it in a pager: $PAGER, or less
    #[arg(long, conflicts_with = "out")]
    pub(crate) pager: bool,
    /// Rows at most
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Stop a query after so many seconds
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// Megabytes of memory for sorting, grouping and joining; what does not fit goes to disk
    #[arg(long, value_name = "MB", default_value_t = 2048, value_parser = clap::value_parser!(u32).range(16..))]
    memory: u32,
}

/// Queries that cannot be read.
#[derive(Debug, thiserror::Error, Diagnostic)]
enum NoQuery {
    #[error("cannot read queries from `{}`", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("there is no query")]
    #[diagnostic(help(
        "trailwright sql LAKE \"SELECT * FROM principals\"; at a terminal, trailwright sql LAKE is a prompt; see --help"
    ))]
    Nothing,
}

impl AnswerArgs {
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            memory: (self.memory as usize) << 20,
            time: self.timeout.map(Duration::from_secs),
            ..Limits::default()
        }
    }

    /// Runs one query and writes its answer.
    pub(crate) async fn answer(
        &self,
        session: &Session,
        query: &str,
        values: &[(String, datafusion::scalar::ScalarValue)],
    ) -> Result<()> {
        let answer = session.sql_with(query, self.limit, values).await?;
        let mut place = match self.pager {
            true => Place::pager()?,
            false => Place::open(self.output, self.out.as_deref())?,
        };
        match place.form().write(self.output, answer, &mut place).await {
            Ok(written) => {
                place.finish()?;
                tell_of_more(written);
                Ok(())
            }
            Err(error) => {
                place.give_up();
                Err(error)
            }
        }
    }
}

impl Sql {
    pub(crate) async fn run(self) -> Result<Exit> {
        let text = self.text()?;
        let queries = text.as_deref().map(repl::statements);
        if queries.as_ref().is_some_and(Vec::is_empty) {
            return Err(NoQuery::Nothing.into());
        }
        let storage = self.storage.storage();
        let (range, limits) = (self.range.parse()?, self.answer.limits());
        let session = Session::open_within(&self.lake, &storage, range, limits).await?;
        let script = text.as_deref().map(repl::script).unwrap_or_default();
        let has_commands = script.iter().any(|line| line.starts_with('.'));
        let queries = match queries {
            Some(queries) if !has_commands => queries,
            typed => {
                let repl = Repl::new(self.lake, storage, range, limits, self.answer);
                return match typed {
                    Some(_) => repl.follow(session, &script).await,
                    None => repl.run(Arc::new(session)).await,
                };
            }
        };
        for query in queries {
            self.answer.answer(&session, &query, &[]).await?;
        }
        Ok(Exit::Success)
    }

    /// The queries; none if they are to be typed at a prompt.
    fn text(&self) -> Result<Option<String>, NoQuery> {
        if let Some(query) = &self.query {
            return Ok(Some(query.clone()));
        }
        if !self.command.is_empty() {
            return Ok(Some(self.command.join(";\n")));
        }
        let stdin = PathBuf::from("-");
        let path = match &self.file {
            Some(path) => path,
            None if std::io::stdin().is_terminal() => return Ok(None),
            None => &stdin,
        };
        let failed = |source| NoQuery::File {
            path: path.clone(),
            source,
        };
        if *path == stdin {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map_err(failed)?;
            return Ok(Some(text));
        }
        std::fs::read_to_string(path).map_err(failed).map(Some)
    }
}
