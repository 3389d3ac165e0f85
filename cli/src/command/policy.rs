//! `trailwright policy LAKE --principal ARN | --all | --account ID`

mod batch;
mod filter;
mod form;

use std::io::Write;
use std::path::Path;

use clap::Args;
use miette::{Diagnostic, IntoDiagnostic, Result};
use trailwright_engine::coverage::Coverage;
use trailwright_engine::dossier::Dossier;
use trailwright_engine::format::{AttachTo, Attachment, File, Naming};
use trailwright_engine::generate::Target;
use trailwright_sql::Session;

use crate::args::{RangeArgs, StorageArgs};
use crate::dossier::{self, Known, NoPolicy, in_words};
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

/// Nobody whose policy could be written.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("no role or user of account {0} is in the lake{1}")]
#[diagnostic(help("`trailwright principals` lists who is there"))]
struct NobodyOf(String, String);

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
            return Err(dossier::empty(&session, &[]).await?.into());
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
}

/// Writes the policy for what `principal` did in the session's time range.
pub(super) async fn write(
    session: &Session,
    coverage: Coverage,
    principal: &str,
    form: &Form,
) -> Result<()> {
    let options = form.options()?;
    let known = Known::covered(session, principal, &[], &options, coverage).await?;
    let target = form.target();
    let dossier = known.dossier(&options, target, form.compact_threshold())?;
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
        return Err(NobodyOf(account.to_owned(), range).into());
    }
    let known = Known {
        principal: account.to_owned(),
        activity,
        circumstances: Vec::new(),
        coverage,
    };
    let dossier = known.dossier(&options, Target::Scp, form.compact_threshold())?;
    finish(&dossier, form, &AttachTo::Account(account.to_owned()))
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
        naming: Naming::default(),
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
