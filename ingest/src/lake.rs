//! What lies in a lake, and how is it added to?
//!
//! | folder | holds |
//! |---|---|
//! | `events` | the table of events, one row each, only appended to |
//! | `files` | the ledger: the table of files that were read |
//! | `quarantine` | what could not be taken in, as JSON lines |

mod columns;
mod info;
mod ledger;
mod optimize;
mod quarantine;
mod read;
mod seen;
mod stats;
mod table;
mod write;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use deltalake::DeltaTable;
use deltalake::kernel::{Action, Add};
use deltalake::logstore::{ObjectStoreRef, StorageConfig, logstore_for};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use trailwright_engine::event;
use trailwright_engine::location::{Storage, is_url, url_of};
use url::Url;

use crate::Error;
use crate::batch::Batch;
use crate::source;
use seen::{Key, SeenIds};
use table::{Committed, Definition};

pub use info::{Coverage, Info};
pub(crate) use ledger::{Ledger, ReadFile};
pub use optimize::{Rewritten, TARGET_BYTES};
pub(crate) use quarantine::Quarantine;
pub use quarantine::Quarantined;
pub(crate) use seen::Unseen;
pub(crate) use write::DataFile;

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
        let options = source::options(storage);
        let events = table::at(&folder(&url, event::TABLE)?, &options)?;
        let events = table::open_or_create(events, events_definition()).await?;
        let mut lake = Self::with_events(location, url, options, events)?;
        lake.seen.refresh(&lake.events).await?;
        Ok(lake)
    }

    /// Opens the lake at `location`, which must be there.
    pub async fn open(location: &str, storage: &Storage) -> Result<Self, Error> {
        let lake = Self::open_if_there(location, storage).await?;
        lake.ok_or_else(|| Error::NoLake {
            lake: location.to_owned(),
        })
    }

    /// Opens the lake at `location` if it is there.
    pub(crate) async fn open_if_there(
        location: &str,
        storage: &Storage,
    ) -> Result<Option<Self>, Error> {
        let is_local = !is_url(location);
        if is_local && !std::path::Path::new(location).join(event::TABLE).is_dir() {
            return Ok(None);
        }
        let url = create_folder(location)?;
        let options = source::options(storage);
        let mut events = table::at(&folder(&url, event::TABLE)?, &options)?;
        if !events.verify_deltatable_existence().await? {
            return Ok(None);
        }
        events.load().await?;
        let mut lake = Self::with_events(location, url, options, events)?;
        lake.seen.refresh(&lake.events).await?;
        Ok(Some(lake))
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
    /// from here on, and belong to the portion with this number.
    pub(crate) async fn unseen(&mut self, batch: &Batch, portion: u64) -> Result<Unseen, Error> {
        self.seen.cover(&self.events, batch).await?;
        self.seen.filter(batch, portion)
    }

    /// Appends a portion of events, which are [`unseen`](Self::unseen), in one commit: either all
    /// of them are in the lake afterwards, or none. `files` is what [`encode`] made of them.
    pub(crate) async fn append(
        &mut self,
        portion: u64,
        mut events: Vec<RecordBatch>,
        files: Vec<DataFile>,
    ) -> Result<Appended, Error> {
        let mut appended = Appended::default();
        let mut files = Some(files);
        for _ in 0..MAX_TRIES {
            let rows: usize = events.iter().map(RecordBatch::num_rows).sum();
            if rows == 0 {
                break;
            }
            let encoded = match files.take() {
                Some(files) => files,
                None => encode_apart(events.clone()).await?,
            };
            let adds = self.put_data_files(encoded).await?;
            let actions = adds.iter().cloned().map(Action::Add).collect();
            for add in &adds {
                // What is written here need not be read back to be known.
                self.seen.committed(&add.path, add.stats.as_deref());
            }
            let operation = table::appending(event::PARTITION_COLUMN);
            let committed = table::commit_here(&mut self.events, actions, operation).await?;
            if matches!(committed, Committed::Outrun) {
                self.discard(&adds).await;
                self.events.update_state().await?;
            }
            // Others may have committed before us or right behind us.
            let foreign = self.seen.refresh(&self.events).await?;
            if matches!(committed, Committed::Outrun) {
                events = without(events, &foreign)?;
                appended.foreign.extend(foreign);
                continue;
            }
            appended.rows = rows as u64;
            appended.foreign.extend(foreign);
            self.seen.settle(portion);
            return Ok(appended);
        }
        if events.is_empty() {
            self.seen.settle(portion);
            return Ok(appended);
        }
        Err(Error::Crowded {
            lake: self.location.clone(),
        })
    }

    async fn put_data_files(&self, files: Vec<DataFile>) -> Result<Vec<Add>, Error> {
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

/// What became of a portion.
#[derive(Default)]
pub(crate) struct Appended {
    /// Events that are in the lake now and were not before.
    pub(crate) rows: u64,
    /// Events that others brought meanwhile, which may have been taken for new.
    pub(crate) foreign: HashSet<Key>,
}

/// Arranges events into data files, beside whatever else is going on.
pub(crate) async fn encode_apart(events: Vec<RecordBatch>) -> Result<Vec<DataFile>, Error> {
    let encoded = tokio::task::spawn_blocking(move || write::data_files(&events)).await;
    encoded.map_err(|error| Error::Worker(error.into()))?
}

/// The events that are not among those with these keys.
pub(crate) fn without(
    events: Vec<RecordBatch>,
    keys: &HashSet<Key>,
) -> Result<Vec<RecordBatch>, Error> {
    if keys.is_empty() {
        return Ok(events);
    }
    let mut left = Vec::with_capacity(events.len());
    for batch in events {
        let known = seen::keys(&batch)?;
        let new: BooleanArray = known.iter().map(|key| Some(!keys.contains(key))).collect();
        let batch = filter_record_batch(&batch, &new)?;
        if batch.num_rows() > 0 {
            left.push(batch);
        }
    }
    Ok(left)
}

/// The columns in the order and of the types of `schema`.
fn arrange(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = schema
        .fields()
        .iter()
        .map(|field| {
            let column = batch.column(batch.schema().index_of(field.name())?);
            arrow::compute::cast(column, field.data_type())
        })
        .collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(Arc::clone(schema), columns)
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
    let url = match is_url(location) {
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
    Url::parse(&url_of(lake.as_str(), name)).map_err(|error| Error::Location {
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
