//! How are the tables of a lake found and opened?

use std::path::Path;

use deltalake::{DeltaTable, DeltaTableBuilder};
use trailwright_engine::event;
use trailwright_engine::location::{Storage, is_url, url_of};
use url::Url;

use crate::Error;

/// Whether a version of the events is the last one, as far as one look at a folder of this machine
/// tells. If not, opening a session does.
pub fn is_last_version(location: &str, version: u64) -> bool {
    let log = Path::new(location).join(event::TABLE).join("_delta_log");
    let is_there = |version: u64| log.join(format!("{version:020}.json")).exists();
    is_there(version) && !is_there(version + 1)
}

/// A lake, by its place.
#[derive(Debug, Clone)]
pub(crate) struct Lake {
    location: String,
    storage: Storage,
}

impl Lake {
    pub(crate) fn at(location: &str, storage: &Storage) -> Self {
        Self {
            location: location.to_owned(),
            storage: storage.clone(),
        }
    }

    pub(crate) fn failed(&self, source: impl Into<deltalake::DeltaTableError>) -> Error {
        Error::Lake {
            lake: self.location.clone(),
            source: source.into(),
        }
    }

    /// The table of events as it is now.
    pub(crate) async fn events(&self) -> Result<DeltaTable, Error> {
        self.table(event::TABLE).await
    }

    /// A table that every lake has, or that was just made.
    pub(crate) async fn table(&self, name: &str) -> Result<DeltaTable, Error> {
        let table = self.open(name).await?;
        table.ok_or_else(|| Error::NoLake {
            lake: self.location.clone(),
        })
    }

    /// The table called `name` as it is now, if it is there.
    pub(crate) async fn open(&self, name: &str) -> Result<Option<DeltaTable>, Error> {
        if !is_url(&self.location)
            && !Path::new(&self.location)
                .join(name)
                .join("_delta_log")
                .is_dir()
        {
            return Ok(None);
        }
        let mut table = self.not_loaded(name)?;
        let there = table.verify_deltatable_existence().await;
        if !there.map_err(|error| self.failed(error))? {
            return Ok(None);
        }
        table.load().await.map_err(|error| self.failed(error))?;
        Ok(Some(table))
    }

    pub(crate) fn not_loaded(&self, name: &str) -> Result<DeltaTable, Error> {
        deltalake::aws::register_handlers(None);
        let failed = |error| self.failed(error);
        DeltaTableBuilder::from_url(self.url(name)?)
            .map_err(failed)?
            .with_storage_options(self.storage.options(|name| std::env::var(name).ok()))
            .build()
            .map_err(failed)
    }

    pub(crate) fn url(&self, name: &str) -> Result<Url, Error> {
        let folder = match is_url(&self.location) {
            true => url_of(&self.location, name),
            false => Path::new(&self.location)
                .join(name)
                .to_string_lossy()
                .into_owned(),
        };
        deltalake::ensure_table_uri(&folder).map_err(|error| self.failed(error))
    }
}
