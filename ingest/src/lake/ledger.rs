//! Which files were read already?
//!
//! The ledger is written after the events that it speaks of, so it may lag behind them but
//! never lead: a file that it does not know is read again, and its events are found to be
//! known. That is why the two need not be one transaction. Entries are kept by the month that
//! a file was delivered in, so that a day's files are looked up among those of its month.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimeUnit};
use deltalake::DeltaTable;
use deltalake::kernel::{Action, Add, LogicalFileView};
use futures::TryStreamExt;
use url::Url;

use super::table::{self, Committed, Definition};
use super::write::DataFile;
use super::{MAX_TRIES, Rewritten, arrange, read};
use crate::Error;
use crate::batch::id_number;
use crate::object_key::ObjectKey;
use crate::source::{LogFile, Place};

/// Name of the ledger's table, and of its folder in a lake.
pub(super) const TABLE: &str = "files";

/// Month of delivery by the file's path, or a part of those whose path tells no month.
const PARTITION: &str = "delivered";

const READ_ROWS: usize = 16 * 1024;

/// A file that was read to its end.
#[derive(Debug, Clone)]
pub(crate) struct ReadFile {
    pub(crate) name: String,
    pub(crate) size: u64,
    pub(crate) version: String,
    pub(crate) records: u64,
}

/// The ledger, with the parts of it that were asked for.
#[derive(Clone)]
pub(crate) struct Ledger {
    table: DeltaTable,
    known: HashMap<String, HashSet<u128>>,
}

impl Ledger {
    pub(super) async fn open_or_create(
        url: &Url,
        options: &HashMap<String, String>,
    ) -> Result<Self, Error> {
        let definition = Definition {
            name: TABLE,
            comment: "files that were read into `events`",
            schema: table_schema(),
            partition: PARTITION,
            properties: Vec::new(),
        };
        let table = table::open_or_create(table::at(url, options)?, definition).await?;
        Ok(Self {
            table,
            known: HashMap::new(),
        })
    }

    /// Whether `file` was read as it is now.
    pub(crate) async fn knows(&mut self, file: &LogFile) -> Result<bool, Error> {
        if matches!(file.place, Place::Stdin) {
            return Ok(false);
        }
        let part = part_of(&file.name);
        let known = match self.known.entry(part) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                let known = load(&self.table, entry.key()).await?;
                entry.insert(known)
            }
        };
        Ok(known.contains(&mark(&file.name, file.size, &file.version)))
    }

    /// How many files were read.
    pub(super) fn files(&self) -> Result<u64, Error> {
        let files = self.table.snapshot()?.log_data();
        let rows = files.iter().filter_map(|file| file.num_records());
        Ok(rows.sum::<usize>() as u64)
    }

    /// Adds files whose events are committed.
    pub(crate) async fn add(&mut self, files: &[ReadFile]) -> Result<(), Error> {
        let mut parts: BTreeMap<String, Vec<&ReadFile>> = BTreeMap::new();
        for file in files {
            parts.entry(part_of(&file.name)).or_default().push(file);
        }
        if parts.is_empty() {
            return Ok(());
        }
        let mut actions = Vec::with_capacity(parts.len());
        for (part, files) in parts {
            let rows = rows(&files)?;
            let file = DataFile::encode(PARTITION, Some(part), &rows)?;
            actions.push(Action::Add(file.put(&self.table.object_store()).await?));
        }
        for _ in 0..MAX_TRIES {
            let operation = table::appending(PARTITION);
            match table::commit_here(&mut self.table, actions.clone(), operation).await? {
                Committed::Done => return Ok(()),
                // Another ingest's entries are no matter: the same file may stand twice.
                Committed::Outrun => self.table.update_state().await?,
            }
        }
        // It may lag.
        Ok(())
    }
}

/// Small files of a part are merged; larger ones stay as they are.
const SMALL_FILE_BYTES: u64 = 16 << 20;

impl Ledger {
    /// Merges the small files of each part into one: each ingest adds one or more.
    pub(super) async fn optimize(&mut self, done: &mut Rewritten) -> Result<(), Error> {
        let mut parts: BTreeMap<String, Vec<LogicalFileView>> = BTreeMap::new();
        for file in self.table.snapshot()?.log_data().iter() {
            let values = file.partition_values_map();
            if let Some(Some(part)) = values.get(PARTITION)
                && file.size().unsigned_abs() < SMALL_FILE_BYTES
            {
                parts.entry(part.clone()).or_default().push(file);
            }
        }
        parts.retain(|_, files| files.len() > 1);
        for (part, files) in parts {
            self.merge(part, &files, done).await?;
        }
        Ok(())
    }

    async fn merge(
        &mut self,
        part: String,
        files: &[LogicalFileView],
        done: &mut Rewritten,
    ) -> Result<(), Error> {
        let store = self.table.object_store();
        let schema = file_schema();
        let names: Vec<&str> = schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        let mut writer = DataFile::writer(PARTITION, Some(part));
        for file in files {
            let path = file.path();
            let mut batches = read::columns(&store, &path, &names, READ_ROWS).await?;
            let failed = |source| read::failed(&path, source);
            while let Some(batch) = batches.try_next().await.map_err(failed)? {
                writer.write(&arrange(&batch, &schema)?)?;
            }
        }
        let add = writer.finish()?.put(&store).await?;
        let size = add.size.unsigned_abs();
        let mut actions: Vec<Action> = files
            .iter()
            .map(|file| Action::Remove(file.remove_action(false)))
            .collect();
        actions.push(Action::Add(Add {
            data_change: false,
            ..add
        }));
        if table::replace(&mut self.table, actions, table::merging(SMALL_FILE_BYTES)).await? {
            done.files_removed += files.len() as u64;
            done.bytes_removed += files
                .iter()
                .map(|file| file.size().unsigned_abs())
                .sum::<u64>();
            done.files_added += 1;
            done.bytes_added += size;
        }
        Ok(())
    }

    /// Deletes files that no version of the last `days` days consists of. Gives their paths.
    pub(super) async fn vacuum(&mut self, days: u32, dry_run: bool) -> Result<Vec<String>, Error> {
        table::vacuum(&mut self.table, days, dry_run).await
    }
}

async fn load(table: &DeltaTable, part: &str) -> Result<HashSet<u128>, Error> {
    let folder = format!("{PARTITION}={part}/");
    let mut known = HashSet::new();
    let store = table.object_store();
    let paths: Vec<String> = table
        .snapshot()?
        .log_data()
        .iter()
        .map(|file| file.path().into_owned())
        .filter(|path| path.starts_with(&folder))
        .collect();
    for path in paths {
        let failed = |source| read::failed(&path, source);
        let mut batches =
            read::columns(&store, &path, &["file", "size", "version"], READ_ROWS).await?;
        while let Some(batch) = batches.try_next().await.map_err(failed)? {
            let text = |name: &str| -> Result<ArrayRef, Error> {
                let index = batch.schema().index_of(name)?;
                Ok(cast(batch.column(index), &DataType::Utf8)?)
            };
            let (names, versions) = (text("file")?, text("version")?);
            let sizes = batch.column(batch.schema().index_of("size")?);
            let sizes = sizes.as_primitive::<Int64Type>();
            let rows = names.as_string::<i32>().iter().zip(sizes);
            for ((name, size), version) in rows.zip(versions.as_string::<i32>()) {
                let size = size.and_then(|size| u64::try_from(size).ok());
                known.insert(mark(
                    name.unwrap_or_default(),
                    size.unwrap_or_default(),
                    version.unwrap_or_default(),
                ));
            }
        }
    }
    Ok(known)
}

/// The part of the ledger that a file is in.
fn part_of(name: &str) -> String {
    let key = ObjectKey::parse(name);
    match key.date.get(..7) {
        Some(month) => month.to_owned(),
        None => {
            let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("other-{:02x}", id_number(folder) & 0xff)
        }
    }
}

/// A file at a time, as a number.
fn mark(name: &str, size: u64, version: &str) -> u128 {
    id_number(&format!("{name}\0{size}\0{version}"))
}

fn file_schema() -> SchemaRef {
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        Field::new("file", DataType::Utf8, true),
        Field::new("size", DataType::Int64, true),
        Field::new("version", DataType::Utf8, true),
        Field::new("records", DataType::Int64, true),
        Field::new("read_at", utc, true),
    ]))
}

fn table_schema() -> SchemaRef {
    let mut fields: Vec<Arc<Field>> = file_schema().fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(PARTITION, DataType::Utf8, true)));
    Arc::new(Schema::new(fields))
}

fn rows(files: &[&ReadFile]) -> Result<RecordBatch, Error> {
    let texts = |text: fn(&ReadFile) -> &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(
            files.iter().map(|file| text(file)),
        ))
    };
    let counts = |count: fn(&ReadFile) -> u64| -> ArrayRef {
        let counts = files.iter().map(|file| i64::try_from(count(file)).ok());
        Arc::new(counts.collect::<Int64Array>())
    };
    let now = jiff::Timestamp::now().as_microsecond();
    let times = TimestampMicrosecondArray::from_value(now, files.len()).with_timezone("UTC");
    Ok(RecordBatch::try_new(
        file_schema(),
        vec![
            texts(|file| &file.name),
            counts(|file| file.size),
            texts(|file| &file.version),
            counts(|file| file.records),
            Arc::new(times),
        ],
    )?)
}
