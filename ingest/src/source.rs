//! Where do the log files lie?

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::Error;

/// Ends of file names that a folder is searched for.
const LOG_FILE_SUFFIXES: [&str; 5] = [".json", ".json.gz", ".gz", ".jsonl", ".ndjson"];

/// Part of the path of CloudTrail's own digest files, which hold no events.
const DIGEST_FOLDER: &str = "CloudTrail-Digest";

/// A file or a folder of CloudTrail deliveries.
#[derive(Debug, Clone)]
pub struct Source {
    path: PathBuf,
}

/// One file of a source.
#[derive(Debug, Clone)]
pub struct LogFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Its size in bytes, as it lies there.
    pub size: u64,
}

/// The files of some sources, and how many others lay beside them.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) files: Vec<LogFile>,
    pub(crate) digests: u64,
    pub(crate) others: u64,
}

impl Source {
    /// The file or folder at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The files of all `sources`, each once, in the order of their paths.
    pub(crate) fn list(sources: &[Self]) -> Result<Listing, Error> {
        let mut listing = Listing::default();
        for source in sources {
            source.list_into(&mut listing)?;
        }
        listing.files.sort_by(|a, b| a.path.cmp(&b.path));
        listing.files.dedup_by(|a, b| a.path == b.path);
        if listing.files.is_empty() {
            let sources: Vec<String> = sources
                .iter()
                .map(|s| format!("`{}`", s.path.display()))
                .collect();
            return Err(Error::NoFiles {
                sources: sources.join(", "),
            });
        }
        Ok(listing)
    }

    fn list_into(&self, listing: &mut Listing) -> Result<(), Error> {
        let failed = |source: std::io::Error| Error::Source {
            path: self.path.clone(),
            source,
        };
        let metadata = std::fs::metadata(&self.path).map_err(failed)?;
        if !metadata.is_dir() {
            listing.files.push(LogFile {
                path: self.path.clone(),
                size: metadata.len(),
            });
            return Ok(());
        }
        for entry in WalkDir::new(&self.path)
            .follow_links(true)
            .sort_by_file_name()
        {
            let entry = entry.map_err(|e| failed(e.into()))?;
            if !entry.file_type().is_file() {
                continue;
            }
            if !is_log_file(entry.path()) {
                listing.others += 1;
            } else if is_digest(entry.path()) {
                listing.digests += 1;
            } else {
                let size = entry.metadata().map_err(|e| failed(e.into()))?.len();
                listing.files.push(LogFile {
                    path: entry.into_path(),
                    size,
                });
            }
        }
        Ok(())
    }
}

fn is_log_file(path: &Path) -> bool {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().to_ascii_lowercase())
        .unwrap_or_default();
    LOG_FILE_SUFFIXES
        .iter()
        .any(|suffix| name.ends_with(suffix))
}

fn is_digest(path: &Path) -> bool {
    path.components()
        .any(|part| part.as_os_str() == DIGEST_FOLDER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_its_logs_and_counts_the_rest() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let digests = folder.path().join(DIGEST_FOLDER);
        std::fs::create_dir(&digests)?;
        for name in ["b.json", "a.JSON.gz", "LICENSE.txt"] {
            std::fs::write(folder.path().join(name), "x")?;
        }
        std::fs::write(digests.join("d.json.gz"), "x")?;
        let twice = [Source::new(folder.path()), Source::new(folder.path())];
        let listing = Source::list(&twice)?;
        let names: Vec<_> = listing
            .files
            .iter()
            .filter_map(|f| f.path.file_name())
            .collect();
        assert_eq!(names, ["a.JSON.gz", "b.json"]);
        assert_eq!((listing.digests, listing.others), (2, 2));
        Ok(())
    }
}
