//! How is an object of S3, or of what speaks like it, read as a file?

use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use deltalake::logstore::{StorageConfig, logstore_for};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::runtime::Handle;
use trailwright_engine::location::Storage;
use url::Url;

use super::options;
use crate::Error;

/// Bytes that are asked for at once.
const RANGE_BYTES: u64 = 8 << 20;

/// The store that `url` lies in, as a whole, and the path of `url` in it.
pub(crate) fn open_store(
    url: &Url,
    storage: &Storage,
) -> Result<(Arc<dyn ObjectStore>, Path), Error> {
    deltalake::aws::register_handlers(None);
    let failed = |source: deltalake::DeltaTableError| Error::Source {
        name: url.to_string(),
        source: Box::new(source),
    };
    let config = StorageConfig::parse_options(options(storage)).map_err(failed)?;
    let store = logstore_for(url, config).map_err(failed)?;
    let path = Path::from_url_path(url.path()).map_err(|source| Error::Source {
        name: url.to_string(),
        source: Box::new(source),
    })?;
    Ok((store.root_object_store(None), path))
}

/// An object that is fetched range by range, so that its size is no matter.
pub(crate) struct RangeReader {
    store: Arc<dyn ObjectStore>,
    path: Path,
    size: u64,
    at: u64,
    part: Bytes,
    runtime: Handle,
}

impl RangeReader {
    pub(crate) fn new(store: Arc<dyn ObjectStore>, path: Path, size: u64, runtime: Handle) -> Self {
        Self {
            store,
            path,
            size,
            at: 0,
            part: Bytes::new(),
            runtime,
        }
    }
}

impl Read for RangeReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.part.is_empty() && self.at < self.size {
            let range = self.at..(self.at + RANGE_BYTES).min(self.size);
            self.part = self
                .runtime
                .block_on(self.store.get_range(&self.path, range))?;
            self.at += self.part.len() as u64;
        }
        let count = buffer.len().min(self.part.len());
        let part = self.part.split_to(count);
        if let Some(buffer) = buffer.get_mut(..count) {
            buffer.copy_from_slice(&part);
        }
        Ok(count)
    }
}
