//! Where do the log files lie, and which of them are asked for?

mod remote;
mod walk;

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::path::Path as RemotePath;
use trailwright_engine::location::{Storage, is_url};
use trailwright_engine::time::{self, TimeRange};
use url::Url;

use crate::Error;
use crate::object_key::{Kind, ObjectKey};

pub(crate) use remote::{RangeReader, open_store};
pub(crate) use walk::{Found, Walk};

/// Ends of file names that a folder is searched for.
const LOG_FILE_SUFFIXES: [&str; 7] = [".json", ".gz", ".jsonl", ".ndjson", ".zst", ".zstd", ".log"];

/// CloudTrail deliveries: a file, a folder, a pattern of paths, standard input, or a URL of S3
/// or of what speaks like it.
#[derive(Debug, Clone)]
pub enum Source {
    /// Standard input, `-`.
    Stdin,
    /// A file or a folder.
    Path(PathBuf),
    /// A pattern of paths, `logs/*/2026-11-*.json.gz`.
    Glob(String),
    /// `s3://bucket/prefix`.
    Url(Url),
}

impl Source {
    /// The source that `name` names. What is there under just this name is no pattern.
    pub fn new(name: impl Into<PathBuf>) -> Self {
        let path: PathBuf = name.into();
        let Some(text) = path.to_str() else {
            return Self::Path(path);
        };
        if text == "-" {
            return Self::Stdin;
        }
        if is_url(text)
            && let Ok(url) = Url::parse(text)
        {
            return match url.to_file_path() {
                Ok(path) if url.scheme() == "file" => Self::Path(path),
                _ => Self::Url(url),
            };
        }
        if text.contains(['*', '?', '[']) && !path.exists() {
            return Self::Glob(text.to_owned());
        }
        Self::Path(path)
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stdin => f.write_str("standard input"),
            Self::Path(path) => path.display().fmt(f),
            Self::Glob(pattern) => f.write_str(pattern),
            Self::Url(url) => url.fmt(f),
        }
    }
}

/// The options by which `deltalake` reaches a store, from this process's environment too.
pub(crate) fn options(storage: &Storage) -> HashMap<String, String> {
    storage.options(|name| std::env::var(name).ok())
}

/// Which files are read, told by their paths alone. A path that does not tell is read.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Accounts by their ids; all if empty.
    pub accounts: Vec<String>,
    /// Regions; all if empty.
    pub regions: Vec<String>,
    /// Days of delivery.
    pub range: TimeRange,
}

impl Selection {
    /// Whether the path of a file or folder does not rule it out.
    pub(crate) fn admits(&self, key: &ObjectKey<'_>) -> bool {
        let among = |known: &[String], value: Option<&str>| {
            known.is_empty() || value.is_none_or(|value| known.iter().any(|one| one == value))
        };
        let day = |micros| time::to_text(micros).chars().take(10).collect::<String>();
        let date = key.date.as_str();
        let cut = |day: &str| day.get(..date.len()).unwrap_or(day).to_owned();
        among(&self.accounts, key.account)
            && among(&self.regions, key.region)
            && self
                .range
                .from
                .is_none_or(|from| date >= cut(&day(from)).as_str())
            && self
                .range
                .to
                .is_none_or(|to| date <= cut(&day(to - 1)).as_str())
    }
}

/// One file of a source.
#[derive(Debug, Clone)]
pub struct LogFile {
    /// Its path or URL.
    pub name: String,
    /// Its size in bytes as it lies there; 0 if that is not known.
    pub size: u64,
    /// What changes when its content does: an ETag or the time of its last change.
    pub(crate) version: String,
    pub(crate) place: Place,
}

/// How a file is opened.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Stdin,
    Local(PathBuf),
    Remote(Arc<dyn ObjectStore>, RemotePath),
}

impl LogFile {
    pub(crate) fn stdin() -> Self {
        Self {
            name: "-".to_owned(),
            size: 0,
            version: String::new(),
            place: Place::Stdin,
        }
    }

    pub(crate) fn local(path: PathBuf, metadata: &std::fs::Metadata) -> Self {
        let changed = metadata
            .modified()
            .ok()
            .and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok())
            .map_or(0, |at| at.as_nanos());
        Self {
            name: path.to_string_lossy().into_owned(),
            size: metadata.len(),
            version: format!("mtime:{changed}"),
            place: Place::Local(path),
        }
    }

    /// Opens the file for reading, in a thread that may wait.
    pub(crate) fn open(
        &self,
        runtime: &tokio::runtime::Handle,
    ) -> std::io::Result<Box<dyn Read + Send>> {
        Ok(match &self.place {
            Place::Stdin => Box::new(std::io::stdin()),
            Place::Local(path) => Box::new(std::fs::File::open(path)?),
            Place::Remote(store, path) => Box::new(RangeReader::new(
                Arc::clone(store),
                path.clone(),
                self.size,
                runtime.clone(),
            )),
        })
    }
}

/// What is done with a file that lies in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Read,
    Digest,
    Other,
    NotSelected,
}

/// Whether a file that lies in a folder is read, by its name.
pub(crate) fn is_log_name(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_ascii_lowercase();
    LOG_FILE_SUFFIXES.iter().any(|end| name.ends_with(end))
}

/// What to do with the file at `path`.
fn use_of(path: &str, selection: &Selection) -> Use {
    if !is_log_name(Path::new(path)) {
        return Use::Other;
    }
    let key = ObjectKey::parse(path);
    match key.kind {
        Kind::Digest => Use::Digest,
        Kind::OtherService => Use::Other,
        Kind::Events if selection.admits(&key) => Use::Read,
        Kind::Events => Use::NotSelected,
    }
}

pub(crate) fn unreadable(source: &Source, error: std::io::Error) -> Error {
    Error::Source {
        name: source.to_string(),
        source: Box::new(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_prunes_by_whatever_a_path_tells() {
        let selection = Selection {
            accounts: vec!["111122223333".to_owned()],
            regions: vec!["eu-west-1".to_owned()],
            range: TimeRange::parse(Some("2026-11-20"), Some("2026-12-02")).unwrap_or_default(),
        };
        let admits = |path: &str| selection.admits(&ObjectKey::parse(path));
        for path in [
            "AWSLogs",
            "AWSLogs/o-abc",
            "AWSLogs/111122223333/CloudTrail/eu-west-1/2026",
            "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11",
            "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/12/02",
            "whatever/file.json",
        ] {
            assert!(admits(path), "{path}");
        }
        for path in [
            "AWSLogs/999922223333",
            "AWSLogs/111122223333/CloudTrail/us-east-1",
            "AWSLogs/111122223333/CloudTrail/eu-west-1/2025",
            "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/10",
            "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11/19",
            "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/12/03",
        ] {
            assert!(!admits(path), "{path}");
        }
    }

    #[test]
    fn a_source_is_told_by_its_name() {
        assert!(matches!(Source::new("-"), Source::Stdin));
        assert!(matches!(Source::new("s3://bucket/a"), Source::Url(_)));
        assert!(matches!(Source::new("file:///tmp"), Source::Path(_)));
        assert!(matches!(Source::new("logs/*.gz"), Source::Glob(_)));
        assert!(matches!(Source::new("logs"), Source::Path(_)));
    }
}
