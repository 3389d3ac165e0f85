//! How do jobs outlive the server?

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Found, Job};

/// The folder of jobs. One server at a time has it.
pub(crate) struct Store {
    folder: PathBuf,
    /// Held as long as the server runs.
    _lock: File,
}

/// A folder of jobs that cannot be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(crate) enum StoreError {
    #[error("cannot write `{}`", path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot read `{}`", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("another server has the jobs in `{}`", .0.display())]
    #[diagnostic(help("stop it, or serve another lake"))]
    Taken(PathBuf),
}

impl Store {
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Write {
            path: folder.to_owned(),
            source,
        };
        fs::create_dir_all(folder).map_err(failed)?;
        let lock = File::create(folder.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Taken(folder.to_owned())),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        Ok(Self {
            folder: folder.to_owned(),
            _lock: lock,
        })
    }

    /// All jobs that can be read. A file that is no job is left where it is.
    pub(super) fn jobs(&self) -> Result<Vec<Job>, StoreError> {
        let failed = |source| StoreError::Read {
            path: self.folder.clone(),
            source,
        };
        let mut jobs = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if !name.is_some_and(|name| name.ends_with(".job.json")) {
                continue;
            }
            match read::<Job>(&path) {
                Ok(job) if path == self.job_path(&job.job_id) => jobs.push(job),
                Ok(_) => tracing::warn!(path = %path.display(), "the job has another file's name"),
                Err(error) => tracing::warn!(%error, "passed over"),
            }
        }
        Ok(jobs)
    }

    pub(super) fn write(&self, job: &Job) -> Result<(), StoreError> {
        self.write_json(&self.job_path(&job.job_id), job)
    }

    pub(super) fn write_found(&self, id: &str, found: &Found) -> Result<(), StoreError> {
        self.write_json(&self.found_path(id), found)
    }

    pub(super) fn found(&self, id: &str) -> Result<Found, StoreError> {
        read(&self.found_path(id))
    }

    /// Keeps something beside a job. `id` and `name` are ids of ours.
    pub(super) fn write_draft(
        &self,
        id: &str,
        name: &str,
        draft: &impl Serialize,
    ) -> Result<(), StoreError> {
        self.write_json(&self.draft_path(id, name), draft)
    }

    pub(super) fn draft<T: DeserializeOwned>(&self, id: &str, name: &str) -> Result<T, StoreError> {
        read(&self.draft_path(id, name))
    }

    /// Removes a job. What is left of it is removed the next time.
    pub(super) fn remove(&self, id: &str) {
        let drafts = self.drafts(id);
        for path in drafts
            .into_iter()
            .chain([self.found_path(id), self.job_path(id)])
        {
            if let Err(error) = fs::remove_file(&path)
                && error.kind() != io::ErrorKind::NotFound
            {
                tracing::warn!(path = %path.display(), %error, "not removed");
            }
        }
    }

    fn job_path(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.job.json"))
    }

    fn found_path(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.found.json"))
    }

    fn draft_path(&self, id: &str, name: &str) -> PathBuf {
        self.folder.join(format!("{id}.draft-{name}.json"))
    }

    fn drafts(&self, id: &str) -> Vec<PathBuf> {
        let beginning = format!("{id}.draft-");
        let entries = fs::read_dir(&self.folder).into_iter().flatten();
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let is_of_job = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with(&beginning))
        };
        paths.filter(is_of_job).collect()
    }

    /// Writes a file whole or not at all, also if the power fails.
    fn write_json(&self, path: &Path, value: &impl Serialize) -> Result<(), StoreError> {
        let new = path.with_extension("new");
        let write = || {
            let mut file = File::create(&new)?;
            file.write_all(&serde_json::to_vec(value)?)?;
            file.sync_all()?;
            fs::rename(&new, path)?;
            File::open(&self.folder)?.sync_all()
        };
        write().map_err(|source| StoreError::Write {
            path: path.to_owned(),
            source,
        })
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, StoreError> {
    let read = || Ok(serde_json::from_slice(&fs::read(path)?)?);
    read().map_err(|source| StoreError::Read {
        path: path.to_owned(),
        source,
    })
}
