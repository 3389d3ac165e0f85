//! In which order are folders looked through?
//!
//! Day by day, over all accounts and regions: events that belong together in time arrive
//! together, which keeps small what must be remembered of them. A folder is listed only when
//! its turn comes, and not at all if its path rules it out.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use object_store::path::Path as RemotePath;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use tokio::runtime::Handle;
use trailwright_engine::location::Storage;

use super::{LogFile, Place, Selection, Source, Use, open_store, unreadable, use_of};
use crate::Error;
use crate::object_key::{Kind, ObjectKey};

/// Remote folders that are listed at the same time.
const LISTINGS: usize = 32;

/// What a walk came upon.
#[derive(Debug)]
pub(crate) enum Found {
    /// A file to read.
    Log(LogFile),
    /// A digest file, or a folder of such.
    Digest,
    /// A file that is no log of CloudTrail.
    Other,
    /// A file or folder that was not asked for.
    NotSelected,
}

/// Looks through sources.
pub(crate) struct Walk<'a> {
    pub(crate) selection: &'a Selection,
    pub(crate) storage: &'a Storage,
    pub(crate) runtime: &'a Handle,
    /// Folders to look into, by date and name.
    pub(crate) folders: BTreeMap<(String, String), Folder>,
    /// Where links led to, so that none is followed in a circle.
    pub(crate) links: HashSet<PathBuf>,
    /// Files that a source names by itself, so that they are not found again in a folder.
    pub(crate) named: HashSet<String>,
}

#[derive(Debug)]
pub(crate) enum Folder {
    Local(PathBuf),
    Remote {
        store: Arc<dyn ObjectStore>,
        prefix: RemotePath,
        /// What URLs of this store begin with.
        root: String,
    },
}

/// Called with all that is found; false ends the walk.
pub(crate) type OnFound<'f> = dyn FnMut(Found) -> Result<bool, Error> + 'f;

impl<'a> Walk<'a> {
    pub(crate) fn new(selection: &'a Selection, storage: &'a Storage, runtime: &'a Handle) -> Self {
        Self {
            selection,
            storage,
            runtime,
            folders: BTreeMap::new(),
            links: HashSet::new(),
            named: HashSet::new(),
        }
    }

    /// Finds every file of `sources`. What a source names by itself is read whatever its name.
    pub(crate) fn run(mut self, sources: &[Source], found: &mut OnFound<'_>) -> Result<(), Error> {
        for source in sources {
            let go_on = match source {
                Source::Stdin => found(Found::Log(LogFile::stdin()))?,
                Source::Path(path) => self.start(source, path, found)?,
                Source::Glob(pattern) => self.start_glob(source, pattern, found)?,
                Source::Url(url) => {
                    let (store, prefix) = open_store(url, self.storage)?;
                    self.start_remote(url, store, prefix, found)?
                }
            };
            if !go_on {
                return Ok(());
            }
        }
        self.drop_folders_in_folders();
        while let Some(first) = self.folders.pop_first() {
            let go_on = match first {
                (_, Folder::Local(path)) => self.look_into(&path, found)?,
                remote => self.look_into_remote(remote, found)?,
            };
            if !go_on {
                break;
            }
        }
        Ok(())
    }

    fn start(
        &mut self,
        source: &Source,
        path: &Path,
        found: &mut OnFound<'_>,
    ) -> Result<bool, Error> {
        let metadata = std::fs::metadata(path).map_err(|error| unreadable(source, error))?;
        // The same file is known by the same name, from wherever it is named.
        let path = match is_regular(&metadata) || metadata.is_dir() {
            true => path
                .canonicalize()
                .map_err(|error| unreadable(source, error))?,
            false => path.to_owned(),
        };
        if metadata.is_dir() {
            self.push(path.to_string_lossy().into_owned(), Folder::Local(path));
            return Ok(true);
        }
        self.find_named(LogFile::local(path, &metadata), found)
    }

    /// Finds a file that a source names by itself, once.
    fn find_named(&mut self, file: LogFile, found: &mut OnFound<'_>) -> Result<bool, Error> {
        match self.named.insert(file.name.clone()) {
            true => found(Found::Log(file)),
            false => Ok(true),
        }
    }

    /// Of the folders that sources name, leaves out those that are found in others.
    fn drop_folders_in_folders(&mut self) {
        let names: Vec<String> = self.folders.keys().map(|(_, name)| name.clone()).collect();
        let within = |name: &str, other: &str| {
            let rest = name.strip_prefix(other.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'))
        };
        let nested: Vec<(String, String)> = self
            .folders
            .keys()
            .filter(|(_, name)| names.iter().any(|other| within(name, other)))
            .filter(|(_, name)| self.ruled_out(name).is_none())
            .cloned()
            .collect();
        for key in nested {
            self.folders.remove(&key);
        }
    }

    fn start_glob(
        &mut self,
        source: &Source,
        pattern: &str,
        found: &mut OnFound<'_>,
    ) -> Result<bool, Error> {
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| Error::Source {
            name: pattern.to_owned(),
            source: error,
        };
        for path in glob::glob(pattern).map_err(|error| failed(error.into()))? {
            let path = path.map_err(|error| failed(error.into()))?;
            if !self.start(source, &path, found)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn start_remote(
        &mut self,
        url: &url::Url,
        store: Arc<dyn ObjectStore>,
        prefix: RemotePath,
        found: &mut OnFound<'_>,
    ) -> Result<bool, Error> {
        let root = url.as_str().strip_suffix(url.path()).unwrap_or_default();
        if !prefix.as_ref().is_empty() && !url.path().ends_with('/') {
            // It may name a folder or an object.
            let is_folder = async { store.list(Some(&prefix)).next().await.is_some() };
            if !self.runtime.block_on(is_folder) {
                let meta = self.runtime.block_on(store.head(&prefix));
                let meta = meta.map_err(|error| unlistable(url.as_str(), error))?;
                return self.find_named(remote_file(&store, root, meta), found);
            }
        }
        let name = format!("{root}/{prefix}");
        let root = root.to_owned();
        let folder = Folder::Remote {
            store,
            prefix,
            root,
        };
        self.push(name, folder);
        Ok(true)
    }

    fn push(&mut self, name: String, folder: Folder) {
        let date = ObjectKey::parse(&name).date;
        self.folders.insert((date, name), folder);
    }

    /// Whether a folder's path rules it out, and what to say of it then.
    fn ruled_out(&self, path: &str) -> Option<Found> {
        let key = ObjectKey::parse(path);
        match key.kind {
            Kind::Digest => Some(Found::Digest),
            Kind::OtherService => Some(Found::Other),
            Kind::Events if self.selection.admits(&key) => None,
            Kind::Events => Some(Found::NotSelected),
        }
    }

    fn look_into(&mut self, folder: &Path, found: &mut OnFound<'_>) -> Result<bool, Error> {
        let failed = |error| unreadable(&Source::Path(folder.to_owned()), error);
        // Dates and names only: a folder may hold millions.
        let mut files: Vec<(String, OsString)> = Vec::new();
        let mut push = |name: OsString| {
            let date = ObjectKey::parse(&name.to_string_lossy()).date;
            files.push((date, name));
        };
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_file() {
                push(entry.file_name());
                continue;
            }
            let path = entry.path();
            if kind.is_dir() || (kind.is_symlink() && self.leads_to_folder(&path)) {
                let name = path.to_string_lossy().into_owned();
                match self.ruled_out(&name) {
                    Some(reason) => {
                        if !found(reason)? {
                            return Ok(false);
                        }
                    }
                    None => self.push(name, Folder::Local(path)),
                }
            } else if kind.is_symlink() && path.is_file() {
                push(entry.file_name());
            }
        }
        files.sort_unstable();
        for (_, name) in files {
            let path = folder.join(name);
            if !self.named.is_empty() && self.named.contains(path.to_string_lossy().as_ref()) {
                continue;
            }
            let file = match use_of(&path.to_string_lossy(), self.selection) {
                Use::Read => match std::fs::metadata(&path) {
                    Ok(metadata) => Found::Log(LogFile::local(path, &metadata)),
                    // It was deleted since: nothing to read.
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(failed(error)),
                },
                other => passed_over(other),
            };
            if !found(file)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a link leads to a folder that was not looked into by it, nor holds it.
    fn leads_to_folder(&mut self, link: &Path) -> bool {
        link.canonicalize().is_ok_and(|target| {
            target.is_dir() && !link.starts_with(&target) && self.links.insert(target)
        })
    }

    /// Lists some remote folders at once.
    fn look_into_remote(
        &mut self,
        first: ((String, String), Folder),
        found: &mut OnFound<'_>,
    ) -> Result<bool, Error> {
        let mut folders = vec![first];
        while folders.len() < LISTINGS
            && matches!(
                self.folders.first_key_value(),
                Some((_, Folder::Remote { .. }))
            )
        {
            folders.extend(self.folders.pop_first());
        }
        let listings = folders
            .iter()
            .map(|((date, name), folder)| list(date, name, folder));
        let listings: Vec<Listing> = self
            .runtime
            .block_on(futures::future::try_join_all(listings))?;
        for listing in listings {
            for (prefix, store, root) in listing.folders {
                match self.ruled_out(prefix.as_ref()) {
                    Some(reason) => {
                        if !found(reason)? {
                            return Ok(false);
                        }
                    }
                    None => {
                        let name = format!("{root}/{prefix}");
                        let folder = Folder::Remote {
                            store,
                            prefix,
                            root,
                        };
                        self.push(name, folder);
                    }
                }
            }
            for (meta, store, root) in listing.files {
                let file = match use_of(meta.location.as_ref(), self.selection) {
                    Use::Read => Found::Log(remote_file(&store, &root, meta)),
                    other => passed_over(other),
                };
                if let Found::Log(file) = &file
                    && self.named.contains(&file.name)
                {
                    continue;
                }
                if !found(file)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

#[derive(Default)]
struct Listing {
    folders: Vec<(RemotePath, Arc<dyn ObjectStore>, String)>,
    files: Vec<(ObjectMeta, Arc<dyn ObjectStore>, String)>,
}

async fn list(date: &str, name: &str, folder: &Folder) -> Result<Listing, Error> {
    let Folder::Remote {
        store,
        prefix,
        root,
    } = folder
    else {
        return Ok(Listing::default());
    };
    let failed = |error| unlistable(name, error);
    let mut listing = Listing::default();
    // A day has no folders below it.
    let metas: Vec<ObjectMeta> = if date.len() == 10 {
        store
            .list(Some(prefix))
            .boxed()
            .try_collect()
            .await
            .map_err(failed)?
    } else {
        let listed = store
            .list_with_delimiter(Some(prefix))
            .await
            .map_err(failed)?;
        for folder in listed.common_prefixes {
            listing
                .folders
                .push((folder, Arc::clone(store), root.clone()));
        }
        listed.objects
    };
    for meta in metas {
        listing.files.push((meta, Arc::clone(store), root.clone()));
    }
    Ok(listing)
}

fn remote_file(store: &Arc<dyn ObjectStore>, root: &str, meta: ObjectMeta) -> LogFile {
    LogFile {
        name: format!("{root}/{}", meta.location),
        size: meta.size,
        version: match meta.e_tag {
            Some(tag) => format!("etag:{tag}"),
            None => format!("mtime:{}", meta.last_modified.timestamp_micros()),
        },
        place: Place::Remote(Arc::clone(store), meta.location),
    }
}

fn passed_over(file: Use) -> Found {
    match file {
        Use::Digest => Found::Digest,
        Use::NotSelected => Found::NotSelected,
        Use::Other | Use::Read => Found::Other,
    }
}

fn is_regular(metadata: &std::fs::Metadata) -> bool {
    metadata.is_file()
}

fn unlistable(name: &str, error: object_store::Error) -> Error {
    Error::Source {
        name: name.to_owned(),
        source: Box::new(error),
    }
}
