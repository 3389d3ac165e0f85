//! The policies of everybody, a folder for each, in one pass over the activity.

use std::collections::BTreeMap;
use std::path::Path;

use miette::{Diagnostic, Result};
use trailwright_engine::batch::{Change, Entry, Index, Known, folder_of, known};
use trailwright_engine::coverage::Coverage;
use trailwright_engine::dossier::{Dossier, Seen};
use trailwright_engine::format::{AttachTo, Attachment, File, Format, Naming};
use trailwright_engine::generate::{Options, Target};
use trailwright_engine::{PolicyDocument, Reference, principal};
use trailwright_sql::{PrincipalActivity, Session};

use super::filter::Filter;
use super::form::Form;
use super::{about, put};
use crate::dossier::fit;
use crate::exit::Exit;
use crate::report;

const INDEX: &str = "index.json";

/// The one of [`about`]'s files that is about documents.
const PROOF: &str = "proof.json";

/// What keeps a batch from being well.
#[derive(Debug, thiserror::Error, Diagnostic)]
enum BatchError {
    #[error("`{0}` is no index of an earlier run: {1}")]
    #[diagnostic(help("write to another folder, or remove the file"))]
    NoIndex(String, serde_json::Error),
    #[error("{policies} policies would refuse requests that were seen, first that of `{first}`")]
    #[diagnostic(help("proof.json in its folder has the requests"))]
    NotProven { policies: usize, first: String },
    #[error("{policies} policies have placeholders without a value, first that of `{first}`")]
    #[diagnostic(help(
        "evidence.json in its folder has their names; --set or --answers fills them"
    ))]
    Unfilled { policies: usize, first: String },
    #[error("an scp is of an account, not of each principal")]
    #[diagnostic(help("write --account ID --target scp"))]
    Scp,
    #[error("no principal in the lake that takes a policy is as the filters ask")]
    #[diagnostic(help("`trailwright principals` lists who is there"))]
    Nobody,
}

/// Writes the policies of all that the filters take.
pub(super) async fn write(
    session: &Session,
    coverage: Coverage,
    filters: &[Filter],
    form: &Form,
) -> Result<Exit> {
    let Some(out) = &form.out else {
        return Ok(Exit::Failure);
    };
    if form.target() == Target::Scp {
        return Err(BatchError::Scp.into());
    }
    let options = form.options()?;
    let before = read_index(&out.join(INDEX))?;
    let mut run = Run {
        out,
        form,
        options,
        before,
        coverage,
        entries: Vec::new(),
        not_proven: Vec::new(),
        unfilled: Vec::new(),
    };
    let mut everybody = session.everybody(run.options.needs_circumstances()).await?;
    while let Some(one) = everybody.next().await? {
        let last_seen = one.activity.iter().filter_map(|it| it.last_seen).max();
        let taken = filters.iter().all(|it| it.takes(&one.principal, last_seen));
        if taken && principal::takes_policy(&one.principal).is_ok() {
            run.take(&one)?;
        }
    }
    run.finish()
}

struct Run<'a> {
    out: &'a Path,
    form: &'a Form,
    options: Options,
    before: BTreeMap<String, Known>,
    coverage: Coverage,
    entries: Vec<Entry>,
    not_proven: Vec<String>,
    unfilled: Vec<String>,
}

impl Run<'_> {
    /// Writes the folder of one principal.
    fn take(&mut self, one: &PrincipalActivity) -> Result<()> {
        let principal = one.principal.as_str();
        let folder = folder_of(principal);
        let account = principal.split(':').nth(4).unwrap_or_default();
        let seen = Seen {
            principal,
            activity: &one.activity,
            circumstances: &one.circumstances,
            coverage: &self.coverage.only(account),
        };
        let before = self.before.get(principal);
        let target = self.form.target();
        let reference = Reference::bundled();
        let (dossier, files) = match Dossier::of(&seen, &self.options, target, reference) {
            Ok(dossier) => {
                let files = self.policies(&dossier);
                (dossier, files)
            }
            Err(error) => {
                let threshold = self.form.compact_threshold();
                let hint = fit::hint(&error, &seen, &self.options, target, threshold);
                let dossier = Dossier::without_documents(&seen, &self.options, target, reference);
                (dossier, Err(format!("{error}; {hint}")))
            }
        };
        let mut known = Known {
            principal: principal.to_owned(),
            folder,
            policies: Vec::new(),
        };
        let path = self.out.join(&known.folder);
        let old = before.and_then(|before| self.read_old(before));
        let mut written: Vec<File> = about(&dossier).into();
        let failed = match files {
            Ok((documents, others)) => {
                known.policies = documents.iter().map(|it| it.name.clone()).collect();
                written.extend(documents.into_iter().chain(others));
                None
            }
            Err(reason) => {
                // Of documents that are not written there is no proof.
                written.retain(|it| it.name != PROOF);
                Some(reason)
            }
        };
        if before.is_some() {
            remove_old(&path, &written)?;
        }
        for file in &written {
            put(&path.join(&file.name), &file.text)?;
        }
        self.entries.push(match failed {
            Some(reason) => Entry::failed(&dossier, known, reason),
            None => {
                if !dossier.proof.holds() {
                    self.not_proven.push(principal.to_owned());
                }
                if !dossier.generated.unfilled.is_empty() {
                    self.unfilled.push(principal.to_owned());
                }
                Entry::of(&dossier, known, old.as_deref())
            }
        });
        Ok(())
    }

    /// The documents, and what else the form asks for.
    fn policies(&self, dossier: &Dossier) -> Result<(Vec<File>, Vec<File>), String> {
        if dossier.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let to = AttachTo::of(&dossier.principal);
        let attachment = Attachment {
            target: dossier.target,
            to: to.clone(),
            description: report::description(dossier),
            naming: Naming::default(),
        };
        let json = Format::Json.write(&dossier.documents, &attachment);
        let json = json.map_err(|error| error.to_string())?;
        let others = match self.form.is_json() {
            true => Vec::new(),
            false => {
                let files = self.form.files(dossier, &to);
                files.map_err(|error| error.to_string())?
            }
        };
        Ok((json, others))
    }

    /// The documents of the last run, as far as they are still there.
    fn read_old(&self, before: &Known) -> Option<Vec<PolicyDocument>> {
        let folder = self.out.join(folder_of(&before.principal));
        let names = before.policies.iter().filter(|it| is_policy(it));
        names
            .map(|name| {
                let text = std::fs::read_to_string(folder.join(name)).ok()?;
                text.parse().ok()
            })
            .collect()
    }

    fn finish(self) -> Result<Exit> {
        if self.entries.is_empty() {
            return Err(BatchError::Nobody.into());
        }
        let of = |change| self.entries.iter().filter(|it| it.change == change).count();
        let (new, changed) = (of(Change::New), of(Change::Changed));
        let failed = self.entries.iter().filter(|it| it.error.is_some()).count();
        let all = self.entries.len();
        let index = Index::of(self.entries, self.before, self.coverage);
        put(&self.out.join(INDEX), &index.to_json())?;
        put(&self.out.join("index.md"), &index.to_markdown())?;
        report::say(&format!(
            "{all} principals: {new} new, {changed} changed, {} not in this run\n",
            index.gone.len()
        ));
        report::say(&report::coverage(&index.coverage, None));
        if failed > 0 {
            report::say(&format!("without a policy: {failed}, the index says why\n"));
        }
        report::say(&format!("wrote {}\n", self.out.join("index.md").display()));
        if let Some(first) = self.not_proven.first().filter(|_| self.form.prove) {
            return Err(BatchError::NotProven {
                policies: self.not_proven.len(),
                first: first.clone(),
            }
            .into());
        }
        if let Some(first) = self.unfilled.first().filter(|_| self.form.strict) {
            return Err(BatchError::Unfilled {
                policies: self.unfilled.len(),
                first: first.clone(),
            }
            .into());
        }
        Ok(Exit::Success)
    }
}

/// Removes what earlier runs wrote in a principal's folder and this one does not.
fn remove_old(folder: &Path, written: &[File]) -> Result<(), super::CannotWrite> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if !is_ours(name) || written.iter().any(|it| it.name == name) {
            continue;
        }
        let path = entry.path();
        if let Err(source) = std::fs::remove_file(&path) {
            let path = path.display().to_string();
            return Err(super::CannotWrite { path, source });
        }
    }
    Ok(())
}

/// Whether a name is one that a run writes: nothing else is removed.
fn is_ours(name: &str) -> bool {
    let others = [PROOF, "policy.tf", "policy.cloudformation.yaml"];
    is_policy(name) || others.contains(&name) || is_numbered(name, ".yaml")
}

/// Whether a name in an index is that of a document: nothing else is read.
fn is_policy(name: &str) -> bool {
    is_numbered(name, ".json")
}

fn is_numbered(name: &str, end: &str) -> bool {
    let middle = name
        .strip_prefix("policy")
        .and_then(|rest| rest.strip_suffix(end));
    middle.is_some_and(|it| it.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'))
}

fn read_index(path: &Path) -> Result<BTreeMap<String, Known>, BatchError> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            known(&text).map_err(|error| BatchError::NoIndex(path.display().to_string(), error))
        }
        Err(_) => Ok(BTreeMap::new()),
    }
}
