//! What happens at the prompt?
//!
//! A line is a command that begins with a dot, or SQL up to a semicolon. A query runs on threads
//! of its own, so that Ctrl-C stops it at any time, and the prompt is there again. A script has the
//! same lines; it ends where one fails.

mod command;
mod editor;
mod helper;
mod statements;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use arrow::array::RecordBatch;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::scalar::ScalarValue;
use futures::{StreamExt, TryStreamExt};
use miette::{IntoDiagnostic, Result};
use tokio::sync::mpsc;
use trailwright_engine::location::Storage;
use trailwright_engine::time::TimeRange;
use trailwright_sql::{Error, Limits, Session, named_queries, named_query};

use crate::command::query::{listed, own_folder};
use crate::command::sql::AnswerArgs;
use crate::exit::{self, Exit};
use crate::output::{Output, Place, Written, color_is_welcome};
use crate::report;
use command::Wanted;
use editor::{Editor, Typed};
use helper::SqlHelper;
pub(crate) use statements::{script, statements};

/// Batches of an answer that wait to be shown.
const QUEUED: usize = 4;

/// A prompt on a lake.
pub(crate) struct Repl {
    lake: String,
    storage: Storage,
    range: TimeRange,
    limits: Limits,
    output: Output,
    /// For the next answer alone.
    file: Option<PathBuf>,
    limit: Option<usize>,
    pager: bool,
    timer: bool,
}

/// How a query ended.
enum Ended {
    Written(Written),
    Stopped,
}

/// What comes after a line.
enum Next {
    Line,
    /// Whoever asked wants no answer any more.
    Stopped,
    End,
}

impl Repl {
    pub(crate) fn new(
        lake: String,
        storage: Storage,
        range: TimeRange,
        limits: Limits,
        answer: AnswerArgs,
    ) -> Self {
        Self {
            lake,
            storage,
            range,
            limits,
            output: answer.output,
            file: answer.out,
            limit: answer.limit,
            pager: answer.pager,
            timer: true,
        }
    }

    /// Does what the lines of a script say.
    pub(crate) async fn follow(mut self, session: Session, script: &[String]) -> Result<Exit> {
        let mut session = Arc::new(session);
        self.timer = false;
        for line in script {
            match self.obey(line, &mut session).await? {
                Next::Line => {}
                Next::Stopped => return Ok(Exit::Interrupted),
                Next::End => break,
            }
        }
        Ok(Exit::Success)
    }

    pub(crate) async fn run(mut self, mut session: Arc<Session>) -> Result<Exit> {
        // From here on Ctrl-C never ends the program.
        tokio::spawn(async { while tokio::signal::ctrl_c().await.is_ok() {} });
        let principals = Arc::new(OnceLock::new());
        look_for_principals(&session, &principals);
        let color = std::io::stdout().is_terminal() && color_is_welcome();
        let helper = SqlHelper::new(Arc::clone(&principals));
        let mut editor = Editor::new(helper, color, history_file());
        say(&format!(
            "{}, {}. End a query with a semicolon; .help says more.\n",
            self.lake, self.range
        ));
        loop {
            let line = match editor.read()? {
                Typed::Line(line) => line,
                Typed::Dropped => continue,
                Typed::End => break,
            };
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            match self.obey(line, &mut session).await {
                Ok(Next::End) => break,
                Ok(Next::Line | Next::Stopped) => {}
                Err(error) => {
                    exit::report(&error);
                }
            }
        }
        Ok(Exit::Success)
    }

    /// Does what a line says.
    async fn obey(&mut self, line: &str, session: &mut Arc<Session>) -> Result<Next> {
        if !line.starts_with('.') {
            for query in statements(line) {
                if let Next::Stopped = self.ask(session, query, Vec::new()).await? {
                    return Ok(Next::Stopped);
                }
            }
            return Ok(Next::Line);
        }
        let wanted = command::read(line, self.output).map_err(NoCommand)?;
        match wanted {
            Wanted::Say(text) => say(&text),
            Wanted::Queries => {
                for query in named_queries(own_folder().as_deref())? {
                    say(&format!("{}\n", listed(&query)));
                }
            }
            Wanted::Run { name, values } => {
                let query = named_query(&name, own_folder().as_deref())?;
                let now = jiff::Timestamp::now().as_microsecond();
                let values = query.bind(&values, now)?;
                return self.ask(session, query.text, values).await;
            }
            Wanted::Output(output, None) => self.output = output,
            Wanted::Output(output, Some(file)) => {
                (self.output, self.file) = (output, Some(file));
            }
            Wanted::Limit(limit) => self.limit = limit,
            Wanted::Timer(timer) => self.timer = timer,
            Wanted::Pager(pager) => self.pager = pager,
            Wanted::Reload => {
                let opened =
                    Session::open_within(&self.lake, &self.storage, self.range, self.limits);
                *session = Arc::new(opened.await?);
            }
            Wanted::Quit => return Ok(Next::End),
        }
        Ok(Next::Line)
    }

    /// Runs a query, shows its answer, and says how long it took.
    async fn ask(
        &mut self,
        session: &Arc<Session>,
        query: String,
        values: Vec<(String, ScalarValue)>,
    ) -> Result<Next> {
        let started = Instant::now();
        let (output, file) = (self.output, self.file.take());
        if !output.is_text() {
            // What is for a file is for one answer.
            self.output = Output::Table;
        }
        let (stop, answer) = start(session, query, self.limit, values).await?;
        let mut place = match (&file, self.pager) {
            (None, true) => Place::pager()?,
            (file, _) => Place::open(output, file.as_deref())?,
        };
        let form = place.form();
        let ended = tokio::select! {
            written = form.write(output, answer, &mut place) => written.map(Ended::Written),
            _ = tokio::signal::ctrl_c() => Ok(Ended::Stopped),
        };
        match ended {
            Ok(Ended::Written(written)) => {
                place.finish()?;
                let took = match self.timer {
                    true => format!(" ({:.3} s)", started.elapsed().as_secs_f64()),
                    false => String::new(),
                };
                let rows = written.rows;
                let noun = if rows == 1 { "row" } else { "rows" };
                let told = match (&file, written.cut) {
                    (Some(file), _) => format!("{rows} {noun} in {}{took}\n", file.display()),
                    (None, true) => format!("and more: .output csv shows all{took}\n"),
                    (None, false) if took.is_empty() => String::new(),
                    (None, false) => format!("{}\n", took.trim_start()),
                };
                report::say(&told);
                Ok(Next::Line)
            }
            Ok(Ended::Stopped) => {
                stop.abort();
                place.give_up();
                report::say("stopped\n");
                Ok(Next::Stopped)
            }
            Err(error) => {
                place.give_up();
                Err(error)
            }
        }
    }
}

/// Starts a query on threads of its own. What it answers comes out of the stream; Ctrl-C while
/// it is planned is heeded too.
async fn start(
    session: &Arc<Session>,
    query: String,
    limit: Option<usize>,
    values: Vec<(String, ScalarValue)>,
) -> Result<(tokio::task::AbortHandle, SendableRecordBatchStream)> {
    let planning = {
        let session = Arc::clone(session);
        tokio::spawn(async move { session.sql_with(&query, limit, &values).await })
    };
    let stop = planning.abort_handle();
    let planned = tokio::select! {
        planned = planning => planned.into_diagnostic()?,
        _ = tokio::signal::ctrl_c() => {
            stop.abort();
            return Err(Stopped.into());
        }
    };
    let mut answer = planned?;
    let schema = answer.schema();
    let (sender, receiver) = mpsc::channel::<Result<RecordBatch, _>>(QUEUED);
    let running = tokio::spawn(async move {
        while let Some(batch) = answer.next().await {
            if sender.send(batch).await.is_err() {
                break;
            }
        }
    });
    let batches = futures::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|batch| (batch, receiver))
    });
    let answer: SendableRecordBatchStream =
        Box::pin(RecordBatchStreamAdapter::new(schema, batches));
    Ok((running.abort_handle(), answer))
}

/// A query that was stopped before it had an answer.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("stopped")]
struct Stopped;

/// A line that is no command.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{0}")]
struct NoCommand(String);

/// Finds the names for completion meanwhile.
fn look_for_principals(session: &Arc<Session>, found: &Arc<OnceLock<Vec<String>>>) {
    let (session, found) = (Arc::clone(session), Arc::clone(found));
    tokio::spawn(async move {
        let names = names_of_principals(&session).await;
        // Without them there is nothing to complete, which is no error.
        let _ = found.set(names.unwrap_or_default());
    });
}

async fn names_of_principals(session: &Session) -> Result<Vec<String>, Error> {
    let query = "SELECT DISTINCT principal FROM activity ORDER BY principal LIMIT 10000";
    let batches: Vec<RecordBatch> = session.sql_stream(query).await?.try_collect().await?;
    let mut names = Vec::new();
    for batch in &batches {
        let column = arrow::compute::cast(batch.column(0), &arrow::datatypes::DataType::Utf8);
        if let Ok(column) = column {
            let column = arrow::array::AsArray::as_string::<i32>(&column);
            names.extend(column.iter().flatten().map(ToOwned::to_owned));
        }
    }
    Ok(names)
}

/// Where the history is kept: `$TRAILWRIGHT_HISTORY`, or in the user's folder for state.
fn history_file() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(file) = set("TRAILWRIGHT_HISTORY") {
        return Some(file.into());
    }
    let state = set("XDG_STATE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(set("HOME")?).join(".local/state")))?;
    let folder = state.join("trailwright");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}

/// Says something that was asked for. If nobody listens, so be it.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
