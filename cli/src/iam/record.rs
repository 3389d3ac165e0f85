//! What was there before it was changed?

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::account::{Attached, Inline, Version, Who};
use super::plan::{Managed, Plan};

/// What `rollback` needs. It is on disk before anything is changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    /// The form of this file.
    version: u32,
    pub(crate) made_at: Timestamp,
    pub(crate) endpoint: String,
    pub(crate) who: Who,
    /// The managed policies that are attached: new ones, and those that had another version.
    pub(crate) applied: Vec<Applied>,
    pub(crate) attached_before: Vec<Attached>,
    pub(crate) inline_before: Vec<Inline>,
}

/// A managed policy that was created, or given a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Applied {
    pub(crate) arn: String,
    /// The default version before, if the policy was there.
    pub(crate) version_before: Option<String>,
    /// All of its versions before.
    #[serde(default)]
    pub(crate) versions_before: Vec<String>,
    /// The version that had to go to make room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) deleted: Option<Version>,
    /// The document that it was given.
    pub(crate) document: String,
}

/// The form that is written and read.
const VERSION: u32 = 1;

/// A record that cannot be kept or read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(crate) enum RecordError {
    #[error("cannot write `{}`", path.display())]
    #[diagnostic(help("nothing was changed; name another folder with --keep"))]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot read `{}`", path.display())]
    #[diagnostic(help("`trailwright apply` says at its end which file it wrote"))]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("`{}` is of version {found}, expected {VERSION}", path.display())]
    Version { path: PathBuf, found: u32 },
}

/// The name of the file that says that a record was rolled back.
fn undone(name: &str) -> String {
    format!("{name}.undone")
}

impl Applied {
    fn of(new: &Managed) -> Self {
        let versions = new.present.as_deref().unwrap_or_default();
        let default = versions.iter().find(|it| it.is_default);
        Self {
            arn: new.arn.clone(),
            version_before: default.map(|it| it.id.clone()),
            versions_before: versions.iter().map(|it| it.id.clone()).collect(),
            deleted: new.version_to_delete().cloned(),
            document: new.document.clone(),
        }
    }
}

/// Records that are listed of a role or user, the newest.
const LISTED: usize = 10;

impl Record {
    /// The records of a role or user in a folder that were not rolled back, the newest first, with
    /// the names of their files.
    pub(crate) fn of(folder: &Path, who: &Who) -> io::Result<Vec<(String, Self)>> {
        let begin = format!("rollback-{}-", who.name);
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let names = names.filter(|it| it.starts_with(&begin) && it.ends_with(".json"));
        let mut names: Vec<String> = names
            .filter(|it| !folder.join(undone(it)).exists())
            .collect();
        // Times are written so that their text has their order.
        names.sort_unstable();
        let read = |name: String| Some((name.clone(), Self::read(&folder.join(name)).ok()?));
        let records = names.into_iter().rev().filter_map(read);
        let own = records.filter(|(_, it)| it.who == *who);
        Ok(own.take(LISTED).collect())
    }

    /// Remembers that the record of this name was rolled back. It stays, and may be used again.
    pub(crate) fn mark_undone(folder: &Path, name: &str) -> io::Result<()> {
        File::create(folder.join(undone(name))).map(drop)
    }

    pub(super) fn before(plan: &Plan, endpoint: &str) -> Self {
        Self {
            version: VERSION,
            made_at: Timestamp::now(),
            endpoint: endpoint.to_owned(),
            who: plan.who.clone(),
            applied: plan.new.iter().map(Applied::of).collect(),
            attached_before: plan.attached.clone(),
            inline_before: plan.inline.clone(),
        }
    }

    /// Writes the record into a folder; the file, which is new.
    pub(super) fn keep(&self, folder: &Path) -> Result<PathBuf, RecordError> {
        let time = self.made_at.strftime("%Y%m%dT%H%M%S%3fZ");
        let path = folder.join(format!("rollback-{}-{time}.json", self.who.name));
        let write = || {
            fs::create_dir_all(folder)?;
            let mut file = File::create_new(&path)?;
            file.write_all(&serde_json::to_vec_pretty(self)?)?;
            file.write_all(b"\n")?;
            file.sync_all()
        };
        match write() {
            Ok(()) => Ok(path),
            Err(source) => Err(RecordError::Write { path, source }),
        }
    }

    pub(crate) fn read(path: &Path) -> Result<Self, RecordError> {
        let read = || Ok(serde_json::from_slice::<Self>(&fs::read(path)?)?);
        let record = read().map_err(|source| RecordError::Read {
            path: path.to_owned(),
            source,
        })?;
        if record.version != VERSION {
            return Err(RecordError::Version {
                path: path.to_owned(),
                found: record.version,
            });
        }
        Ok(record)
    }
}
