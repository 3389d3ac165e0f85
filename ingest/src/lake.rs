//! What lies in a lake, and how is it added to?
//!
//! | folder | holds |
//! |---|---|
//! | `events` | the table of events, one row each, only appended to |
//! | `files` | the ledger: the table of files that were read |
//! | `quarantine` | what could not be taken in, as JSON lines |

mod info;
mod ledger;
mod optimize;
mod quarantine;
mod read;
mod seen;
mod table;
mod write;

use std::collections::HashMap;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use deltalake::DeltaTable;
use deltalake::kernel::{Action, Add};
use deltalake::logstore::{ObjectStoreRef, StorageConfig, logstore_for};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use trailwright_engine::event;
use url::Url;

use crate::batch::Batch;
use crate::source::Storage;
use crate::{Error, Reject};
use seen::SeenIds;
use table::{Committed, Definition};

pub use info::{Coverage, Info};
pub(crate) use ledger::{Ledger, ReadFile};
pub use optimize::{Rewritten, TARGET_BYTES};
pub(crate) use quarantine::Quarantine;
pub use quarantine::Quarantined;

/// Table property that holds [`event::SCHEMA_VERSION`].
const SCHEMA_VERSION_KEY: &str = "trailwright.schemaVersion";

/// Columns with statistics in the Delta log: what queries are cut down by. Statistics on long
/// JSON text would only make the log large.
const STATS_COLUMNS: &str = "event_time,principal,event_source,event_name,aws_region,recipient_account_id,error_code,event_id";

/// How often a commit is tried again when others commit at the same time.
const MAX_TRIES: usize = 100;

/// A lake opened for writing.
pub struct Lake {
    location: String,
    options: HashMap<String, String>,
    url: Url,
    store: ObjectStoreRef,
    events: DeltaTable,
    seen: SeenIds,
}

impl Lake {
    /// Opens the lake at `location`, a folder or the URL of one, and makes it if it is not there.
    pub async fn open_or_create(location: &str, storage: &Storage) -> Result<Self, Error> {
        let url = create_folder(location)?;
        let options = storage.options();
        let events = table::at(&folder(&url, event::TABLE)?, &options)?;
        let events = table::open_or_create(events, events_definition()).await?;
        let mut lake = Self::with_events(location, url, options, events)?;
        lake.seen.refresh(&lake.events).await?;
        Ok(lake)
    }

    /// Opens the lake at `location`, which must be there.
    pub async fn open(location: &str, storage: &Storage) -> Result<Self, Error> {
        let no_lake = || Error::NoLake {
            lake: location.to_owned(),
        };
        let is_local = !location.contains("://");
        if is_local && !std::path::Path::new(location).join(event::TABLE).is_dir() {
            return Err(no_lake());
        }
        let url = create_folder(location)?;
        let options = storage.options();
        let mut events = table::at(&folder(&url, event::TABLE)?, &options)?;
        if !events.verify_deltatable_existence().await? {
            return Err(no_lake());
        }
        events.load().await?;
        Self::with_events(location, url, options, events)
    }

    fn with_events(
        location: &str,
        url: Url,
        options: HashMap<String, String>,
        events: DeltaTable,
    ) -> Result<Self, Error> {
        check_schema_version(&events, location)?;
        let config = StorageConfig::parse_options(options.clone())?;
        let store = logstore_for(&url, config)?.object_store(None);
        Ok(Self {
            location: location.to_owned(),
            options,
            url,
            store,
            events,
            seen: SeenIds::default(),
        })
    }

    /// The lake as the user named it.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// The ledger of files read into this lake.
    pub(crate) async fn ledger(&self) -> Result<Ledger, Error> {
        Ledger::open_or_create(&folder(&self.url, ledger::TABLE)?, &self.options).await
    }

    /// Keeps what could not be taken in. The same entries make the same file.
    pub(crate) async fn quarantine(&self, entries: &Quarantine) -> Result<(), Error> {
        let Some((path, bytes)) = entries.file() else {
            return Ok(());
        };
        let put = self
            .store
            .put(&Path::from(path.as_str()), bytes.into())
            .await;
        put.map_err(|source| Error::Store { path, source })?;
        Ok(())
    }

    /// What could not be taken in, each once, by file and position.
    pub async fn quarantined(&self) -> Result<Vec<Quarantined>, Error> {
        quarantine::read(&self.store).await
    }

    /// Of a batch, the events that are new to the lake and to this writer. They count as seen
    /// from here on.
    pub(crate) async fn unseen(&mut self, batch: &Batch) -> Result<RecordBatch, Error> {
        self.seen.cover(&self.events, &batch.times).await?;
        self.seen.filter(batch)
    }

    /// Appends `events`, which are [`unseen`](Self::unseen), in one commit: either all of them
    /// are in the lake afterwards, or none. Gives how many there were: another ingest may have
    /// brought some of them since.
    pub(crate) async fn append(&mut self, mut events: Vec<RecordBatch>) -> Result<u64, Error> {
        for _ in 0..MAX_TRIES {
            let rows: usize = events.iter().map(RecordBatch::num_rows).sum();
            if rows == 0 {
                self.seen.settle();
                return Ok(0);
            }
            let adds = self.put_data_files(events.clone()).await?;
            let actions = adds.iter().cloned().map(Action::Add).collect();
            for add in &adds {
                // What is written here need not be read back to be known.
                self.seen.committed(&add.path, add.stats.as_deref());
            }
            let operation = table::appending(event::PARTITION_COLUMN);
            match table::commit_here(&mut self.events, actions, operation).await? {
                Committed::Done => {
                    // Others may have committed right behind us.
                    self.seen.refresh(&self.events).await?;
                    self.seen.settle();
                    return Ok(rows as u64);
                }
                Committed::Outrun => {
                    self.discard(&adds).await;
                    self.events.update_state().await?;
                    let foreign = self.seen.refresh(&self.events).await?;
                    for batch in &mut events {
                        let keys = seen::keys(batch)?;
                        let new: BooleanArray = keys
                            .iter()
                            .map(|key| Some(!foreign.contains(key)))
                            .collect();
                        *batch = filter_record_batch(batch, &new)?;
                    }
                    events.retain(|batch| batch.num_rows() > 0);
                }
            }
        }
        Err(Error::Crowded {
            lake: self.location.clone(),
        })
    }

    async fn put_data_files(&self, events: Vec<RecordBatch>) -> Result<Vec<Add>, Error> {
        let encoded = tokio::task::spawn_blocking(move || write::data_files(&events));
        let files = encoded
            .await
            .map_err(|error| Error::Worker(error.into()))??;
        let store = self.events.object_store();
        let mut adds = Vec::with_capacity(files.len());
        for file in files {
            match file.put(&store).await {
                Ok(add) => adds.push(add),
                Err(error) => {
                    self.discard(&adds).await;
                    return Err(error);
                }
            }
        }
        Ok(adds)
    }

    /// Deletes data files that are not in the table. What fails is left to `vacuum`.
    async fn discard(&self, adds: &[Add]) {
        let store = self.events.object_store();
        for add in adds {
            let _ = store.delete(&Path::from(add.path.as_str())).await;
        }
    }
}

fn events_definition() -> Definition {
    Definition {
        name: event::TABLE,
        comment: "AWS CloudTrail events, one row each",
        schema: event::table_schema(),
        partition: event::PARTITION_COLUMN,
        properties: vec![
            ("delta.dataSkippingStatsColumns", STATS_COLUMNS.to_owned()),
            (SCHEMA_VERSION_KEY, event::SCHEMA_VERSION.to_string()),
        ],
    }
}

/// The URL of the folder at `location`, which is made if it is on a disk.
fn create_folder(location: &str) -> Result<Url, Error> {
    let failed = |source: std::io::Error| Error::Location {
        lake: location.to_owned(),
        source,
    };
    let url = match location.contains("://") {
        true => Url::parse(location).map_err(|error| {
            failed(std::io::Error::new(std::io::ErrorKind::InvalidInput, error))
        })?,
        false => {
            std::fs::create_dir_all(location).map_err(failed)?;
            let path = std::path::Path::new(location)
                .canonicalize()
                .map_err(failed)?;
            Url::from_directory_path(path)
                .map_err(|()| failed(std::io::ErrorKind::InvalidInput.into()))?
        }
    };
    Ok(match url.path().ends_with('/') {
        true => url,
        false => {
            let mut url = url;
            url.set_path(&format!("{}/", url.path()));
            url
        }
    })
}

fn folder(lake: &Url, name: &str) -> Result<Url, Error> {
    lake.join(&format!("{name}/"))
        .map_err(|error| Error::Location {
            lake: lake.to_string(),
            source: std::io::Error::new(std::io::ErrorKind::InvalidInput, error),
        })
}

fn check_schema_version(table: &DeltaTable, location: &str) -> Result<(), Error> {
    let found = table
        .snapshot()?
        .metadata()
        .configuration()
        .get(SCHEMA_VERSION_KEY);
    match found {
        Some(version) if *version == event::SCHEMA_VERSION.to_string() => Ok(()),
        other => Err(Error::SchemaVersion {
            lake: location.to_owned(),
            found: other.cloned().unwrap_or_else(|| "unknown".to_owned()),
            expected: event::SCHEMA_VERSION,
        }),
    }
}

/// Something that could not be taken in, with the file that it came from.
pub(crate) type FileReject = (String, Reject);
