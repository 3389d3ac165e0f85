//! `trailwright policy LAKE --principal ARN | --all | --account ID`

mod answers;
mod batch;
mod filter;
mod fit;
mod form;

use std::io::Write;
use std::path::Path;

use clap::Args;
use miette::{Diagnostic, IntoDiagnostic, Result};
use trailwright_engine::coverage::Coverage;
use trailwright_engine::dossier::{Dossier, Seen};
use trailwright_engine::format::{AttachTo, Attachment, File};
use trailwright_engine::generate::{DoesNotFit, Options, Target};
use trailwright_engine::time::TimeRange;
use trailwright_engine::{Reference, principal, time};
use trailwright_sql::Session;

use crate::args::{RangeArgs, StorageArgs};
use crate::exit::Exit;
use crate::output::Stdout;
use crate::report;
use filter::Filter;
pub(super) use form::Form;

/// Write the least-privilege policy for what a principal did. The document goes to stdout, what
/// it does not hold to stderr.
#[derive(Debug, Args)]
pub(crate) struct Policy {
    /// Folder of the lake, or s3://BUCKET/PREFIX
    lake: String,
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    range: RangeArgs,
    #[command(flatten)]
    form: Form,
    /// With --all: only principals with account=ID, path=PATTERN, type=role or user, or
    /// last-seen=TIME (then or later). May be repeated
    #[arg(long, value_name = "KEY=VALUE", requires = "all")]
    filter: Vec<Filter>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Whose {
    /// Role or user, as `trailwright principals` lists it
    #[arg(long, value_name = "ARN")]
    principal: Option<String>,
    /// All roles and users, a folder for each in --out, and an index of what changed
    #[arg(long, requires = "out")]
    all: bool,
    /// All users and roles of an account together: the allow-list of --target scp
    #[arg(long, value_name = "ID", value_parser = account_id)]
    account: Option<String>,
}

fn account_id(text: &str) -> Result<String, String> {
    match text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err("an account id has twelve digits".to_owned()),
    }
}

/// A file that could not be written.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("cannot write `{path}`")]
struct CannotWrite {
    path: String,
    #[source]
    source: std::io::Error,
}

/// Why there is no policy to write.
#[derive(Debug, thiserror::Error, Diagnostic)]
enum NoPolicy {
    #[error("cannot write a policy for `{principal}`: {reason}")]
    #[diagnostic(help("`trailwright principals` lists the roles and users"))]
    TakesNone {
        principal: String,
        reason: &'static str,
    },
    #[error("the lake has no events{range}: that is no sign that nothing was used")]
    #[diagnostic(help("{hint}"))]
    EmptyRange { range: String, hint: String },
    #[error("`{principal}` used no permission that is known: there is no policy to write")]
    #[diagnostic(help(
        "widen --from and --to, or see what it did: SELECT * FROM activity WHERE principal = '{principal}'"
    ))]
    NothingUsed { principal: String },
    #[error("{error}")]
    #[diagnostic(help("{hint}"))]
    DoesNotFit { error: DoesNotFit, hint: String },
    #[error("no role or user of account {0} is in the lake{1}")]
    #[diagnostic(help("`trailwright principals` lists who is there"))]
    NobodyOf(String, String),
}

/// A policy that is not as it was asked to be.
#[derive(Debug, thiserror::Error, Diagnostic)]
enum NotAsAsked {
    #[error(
        "the policy would refuse {refused} of {requests} requests that were seen, first {action} on {resource}"
    )]
    NotProven {
        refused: usize,
        requests: usize,
        action: String,
        resource: String,
    },
    #[error("placeholders without a value: {names}")]
    #[diagnostic(help("give each a value: --set {first}=VALUE"))]
    Unfilled { names: String, first: String },
}

impl Policy {
    pub(crate) async fn run(self) -> Result<Exit> {
        let (storage, range) = (self.storage.storage(), self.range.parse()?);
        let session = Session::open_at(&self.lake, &storage, range).await?;
        let coverage = session.coverage().await?;
        if coverage.events == 0 {
            return Err(self.empty(range).await?.into());
        }
        match (&self.whose.principal, &self.whose.account) {
            (Some(principal), _) => write(&session, coverage, principal, &self.form).await?,
            (None, Some(account)) => {
                write_account(&session, coverage, account, &self.form).await?;
            }
            (None, None) => {
                return batch::write(&session, coverage, &self.filter, &self.form).await;
            }
        }
        Ok(Exit::Success)
    }

    /// The error for a range without events, with the days that the lake has.
    async fn empty(&self, range: TimeRange) -> Result<NoPolicy> {
        let all = TimeRange::default();
        let whole = Session::open_at(&self.lake, &self.storage.storage(), all).await?;
        let whole = whole.coverage().await?;
        let hint = match (whole.from, whole.to) {
            (Some(from), Some(to)) => format!("it has events from {from} to {to}"),
            _ => "it is empty: fill it with `trailwright ingest`".to_owned(),
        };
        let range = in_words(range);
        Ok(NoPolicy::EmptyRange { range, hint })
    }
}

/// ` from A before B`, as far as there are ends.
fn in_words(range: TimeRange) -> String {
    let part = |word: &str, at: Option<i64>| {
        at.map_or(String::new(), |at| format!(" {word} {}", time::to_text(at)))
    };
    format!("{}{}", part("from", range.from), part("before", range.to))
}

/// Writes the policy for what `principal` did in the session's time range.
pub(super) async fn write(
    session: &Session,
    coverage: Coverage,
    principal: &str,
    form: &Form,
) -> Result<()> {
    // Asked first, as it says which names were perhaps meant.
    let activity = session.activity(principal).await?;
    if let Err(reason) = principal::takes_policy(principal) {
        let principal = principal.to_owned();
        return Err(NoPolicy::TakesNone { principal, reason }.into());
    }
    let options = form.options()?;
    let circumstances = match options.needs_circumstances() {
        false => Vec::new(),
        true => session.circumstances(principal).await?,
    };
    let seen = Seen {
        principal,
        activity: &activity,
        circumstances: &circumstances,
        coverage: &coverage,
    };
    let target = form.target();
    let dossier = Dossier::of(&seen, &options, target, Reference::bundled());
    let dossier = dossier.map_err(|error| does_not_fit(error, &seen, &options, target, form))?;
    let to = match target {
        Target::Scp => {
            let account = principal.split(':').nth(4).unwrap_or_default();
            AttachTo::Account(account.to_owned())
        }
        _ => AttachTo::of(principal),
    };
    finish(&dossier, form, &to)
}

/// Writes the service control policy that lets an account do what it did.
async fn write_account(
    session: &Session,
    coverage: Coverage,
    account: &str,
    form: &Form,
) -> Result<()> {
    let options = form.options()?;
    form.is_for_account()?;
    let mut activity = session.activity_of_account(account).await?;
    activity.retain(|it| trailwright_engine::scp::bears_on(account, &it.principal));
    if activity.is_empty() {
        let range = in_words(session.time_range());
        return Err(NoPolicy::NobodyOf(account.to_owned(), range).into());
    }
    let seen = Seen {
        principal: account,
        activity: &activity,
        circumstances: &[],
        coverage: &coverage,
    };
    let target = Target::Scp;
    let dossier = Dossier::of(&seen, &options, target, Reference::bundled());
    let dossier = dossier.map_err(|error| does_not_fit(error, &seen, &options, target, form))?;
    finish(&dossier, form, &AttachTo::Account(account.to_owned()))
}

fn does_not_fit(
    error: DoesNotFit,
    seen: &Seen<'_>,
    options: &Options,
    target: Target,
    form: &Form,
) -> NoPolicy {
    let hint = fit::hint(&error, seen, options, target, form.compact_threshold());
    NoPolicy::DoesNotFit { error, hint }
}

/// Says what there is to say, and writes the policy if it is as it was asked to be.
fn finish(dossier: &Dossier, form: &Form, to: &AttachTo) -> Result<()> {
    report::say(&report::policy(
        dossier,
        form.threshold(),
        form.out.is_some(),
    ));
    if form.explain {
        report::say(&report::evidence(&dossier.evidence));
    }
    if dossier.is_empty() {
        let principal = dossier.principal.clone();
        return Err(NoPolicy::NothingUsed { principal }.into());
    }
    if form.prove {
        proven(dossier)?;
    }
    if form.strict {
        filled(dossier)?;
    }
    let files = form.files(dossier, to)?;
    match &form.out {
        None => {
            // One after the other: none that is written is larger than IAM takes.
            let texts: Vec<&str> = files.iter().map(|file| file.text.as_str()).collect();
            write!(Stdout::new(), "{}", texts.join(form.between())).into_diagnostic()
        }
        Some(folder) => {
            for file in files.iter().chain(&about(dossier)) {
                let path = folder.join(&file.name);
                put(&path, &file.text)?;
                report::say(&format!("wrote {}\n", path.display()));
            }
            Ok(())
        }
    }
}

/// The files that stand beside a policy.
fn about(dossier: &Dossier) -> [File; 3] {
    [
        ("evidence.json", dossier.evidence_json()),
        ("proof.json", dossier.proof_json()),
        ("unmapped.json", dossier.unmapped_json()),
    ]
    .map(|(name, text)| File {
        name: name.to_owned(),
        text,
    })
}

fn proven(dossier: &Dossier) -> Result<(), NotAsAsked> {
    let proof = &dossier.proof;
    match proof.refused.first() {
        None => Ok(()),
        Some(first) => Err(NotAsAsked::NotProven {
            refused: proof.refused.len(),
            requests: proof.requests,
            action: first.action.clone(),
            resource: first.resource.clone(),
        }),
    }
}

fn filled(dossier: &Dossier) -> Result<(), NotAsAsked> {
    let unfilled = &dossier.generated.unfilled;
    let names: Vec<&str> = unfilled.iter().map(|it| it.name.as_str()).collect();
    match names.first() {
        None => Ok(()),
        Some(first) => Err(NotAsAsked::Unfilled {
            names: names.join(", "),
            first: (*first).to_owned(),
        }),
    }
}

/// How the documents are attached.
fn attachment(dossier: &Dossier, to: &AttachTo) -> Attachment {
    Attachment {
        target: dossier.target,
        to: to.clone(),
        description: report::description(dossier),
    }
}

/// Writes a file with the folders above it, unless it is there just so.
fn put(path: &Path, text: &str) -> Result<(), CannotWrite> {
    let failed = |source| CannotWrite {
        path: path.display().to_string(),
        source,
    };
    if std::fs::read(path).is_ok_and(|known| known == text.as_bytes()) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(path, text).map_err(failed)
}
