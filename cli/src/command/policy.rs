//! `trailwright policy LAKE --principal ARN`

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use miette::{Diagnostic, IntoDiagnostic, Result};
use trailwright_engine::generate::{self, Target, generate_as, split_by_size};
use trailwright_engine::prove::prove;
use trailwright_engine::{PolicyDocument, Reference, principal};
use trailwright_sql::Session;

use crate::args::{RangeArgs, StorageArgs};
use crate::exit::Exit;
use crate::output::Stdout;
use crate::report;

/// Write the least-privilege policy for what a principal did. The document goes to stdout, what
/// it does not hold to stderr.
#[derive(Debug, Args)]
pub(crate) struct Policy {
    /// Folder of the lake, or s3://BUCKET/PREFIX
    lake: String,
    #[command(flatten)]
    storage: StorageArgs,
    /// Role or user, as `trailwright principals` lists it
    #[arg(long, value_name = "ARN")]
    principal: String,
    #[command(flatten)]
    range: RangeArgs,
    #[command(flatten)]
    form: Form,
}

/// How a policy is written, and where to.
#[derive(Debug, Args)]
pub(super) struct Form {
    /// How the policy is written
    #[arg(long, value_enum, default_value_t)]
    style: Style,
    /// With --style compact: more resources than this that differ only at their end become `*`
    #[arg(long, value_name = "N", default_value_t = 5)]
    threshold: usize,
    /// Where the policy will be attached, which says how large it may be
    #[arg(long, value_enum, default_value_t, value_name = "TARGET")]
    target: Attach,
    /// Fail if a request that was seen and authorized would be refused
    #[arg(long)]
    prove: bool,
    /// Folder for policy.json, or policy-1.json and so on where one document is too small
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Style {
    /// Real ARNs, and no pair of action and resource that never met
    #[default]
    Exact,
    /// As IAM Access Analyzer writes it, with placeholders for ARNs
    AccessAnalyzer,
    /// Short, with wildcards: see --threshold
    Compact,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Attach {
    /// A managed policy: 6,144 characters
    #[default]
    Managed,
    /// Inline in a role: 10,240
    Role,
    /// Inline in a user: 2,048
    User,
    /// Inline in a group: 5,120
    Group,
}

impl From<Attach> for Target {
    fn from(attach: Attach) -> Self {
        match attach {
            Attach::Managed => Self::Managed,
            Attach::Role => Self::InlineRole,
            Attach::User => Self::InlineUser,
            Attach::Group => Self::InlineGroup,
        }
    }
}

impl Form {
    fn style(&self) -> generate::Style {
        match self.style {
            Style::Exact => generate::Style::Exact,
            Style::AccessAnalyzer => generate::Style::AccessAnalyzer,
            Style::Compact => generate::Style::Compact {
                threshold: self.threshold,
            },
        }
    }
}

/// A file that could not be written.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("cannot write `{}`", path.display())]
struct CannotWrite {
    path: PathBuf,
    #[source]
    source: std::io::Error,
}

/// A principal for which there is no policy to write.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("cannot write a policy for `{principal}`: {reason}")]
#[diagnostic(help("`trailwright principals` lists the roles and users"))]
struct NoPolicyFor {
    principal: String,
    reason: &'static str,
}

/// A policy that would refuse what was seen.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error(
    "the policy would refuse {refused} of {requests} requests that were seen, first {action} on {resource}"
)]
struct NotProven {
    refused: usize,
    requests: usize,
    action: String,
    resource: String,
}

/// Activity that grants nothing.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("`{principal}` used no permission that is known: there is no policy to write")]
#[diagnostic(help(
    "widen --from and --to, or see what it did: SELECT * FROM activity WHERE principal = '{principal}'"
))]
struct NothingUsed {
    principal: String,
}

impl Policy {
    pub(crate) async fn run(self) -> Result<Exit> {
        let (storage, range) = (self.storage.storage(), self.range.parse()?);
        let session = Session::open_at(&self.lake, &storage, range).await?;
        write(&session, &self.principal, &self.form).await?;
        Ok(Exit::Success)
    }
}

/// Writes the policy for what `principal` did in the session's time range.
pub(super) async fn write(session: &Session, principal: &str, form: &Form) -> Result<()> {
    // Asked first, as it says which names were perhaps meant.
    let activity = session.activity(principal).await?;
    if let Err(reason) = principal::takes_policy(principal) {
        let principal = principal.to_owned();
        return Err(NoPolicyFor { principal, reason }.into());
    }
    let generated = generate_as(form.style(), &activity, Reference::bundled());
    let target = Target::from(form.target);
    let proof = prove(&activity, std::slice::from_ref(&generated.document));
    report::say(&format!(
        "{}{}",
        report::policy(principal, &activity, &generated, target),
        report::proof(&proof)
    ));
    if generated.document.statement.is_empty() {
        let principal = principal.to_owned();
        return Err(NothingUsed { principal }.into());
    }
    if let Some(first) = proof.refused.first().filter(|_| form.prove) {
        return Err(NotProven {
            refused: proof.refused.len(),
            requests: proof.requests,
            action: first.action.clone(),
            resource: first.resource.clone(),
        }
        .into());
    }
    match &form.out {
        None => {
            let document = generated.document.to_json();
            writeln!(Stdout::new(), "{document}").into_diagnostic()
        }
        Some(folder) => {
            let documents = split_by_size(&generated.document, target.limit()).into_diagnostic()?;
            Ok(write_files(folder, &documents)?)
        }
    }
}

/// Writes each document to a file of its own, and says on stderr which.
fn write_files(folder: &Path, documents: &[PolicyDocument]) -> Result<(), CannotWrite> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| CannotWrite { path, source }
    };
    std::fs::create_dir_all(folder).map_err(failed(folder))?;
    for (number, document) in documents.iter().enumerate() {
        let name = match documents.len() {
            1 => "policy.json".to_owned(),
            _ => format!("policy-{}.json", number + 1),
        };
        let path = folder.join(name);
        std::fs::write(&path, document.to_json() + "\n").map_err(failed(&path))?;
        report::say(&format!("wrote {}\n", path.display()));
    }
    Ok(())
}
