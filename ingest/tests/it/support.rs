//! What do the tests of ingest need again and again?

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use serde_json::Value;
use trailwright_engine::event::{COLUMNS, Cell, ColumnKind, Row};
use trailwright_ingest::{Options, Report, Source, ingest};

pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A folder of its own with logs and a lake.
pub(crate) struct Lab {
    pub(crate) folder: tempfile::TempDir,
}

impl Lab {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            folder: tempfile::tempdir()?,
        })
    }

    pub(crate) fn lake(&self) -> String {
        self.path("lake").to_string_lossy().into_owned()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> Result<PathBuf> {
        let path = self.path(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&path, bytes)?;
        Ok(path)
    }

    pub(crate) async fn ingest(&self, source: &str) -> Result<Report> {
        self.ingest_with(source, &Options::default()).await
    }

    pub(crate) async fn ingest_with(&self, source: &str, options: &Options) -> Result<Report> {
        let sources = [Source::new(self.path(source))];
        Ok(ingest(&self.lake(), &sources, options, &|_| {}).await?)
    }

    /// The events of the lake as the records that they were, by event id.
    pub(crate) async fn records(&self) -> Result<BTreeMap<String, Value>> {
        records(&self.lake()).await
    }
}

/// The events of the lake at `location` as the records that they were. Each id once, or it fails.
pub(crate) async fn records(location: &str) -> Result<BTreeMap<String, Value>> {
    let mut records = BTreeMap::new();
    for batch in batches(location).await? {
        for row in rows(&batch)? {
            let id = row.text("event_id").unwrap_or_default().to_owned();
            let record: Value = serde_json::from_str(&row.to_record())?;
            if records.insert(id.clone(), record).is_some() {
                return Err(format!("event {id} is there twice").into());
            }
        }
    }
    Ok(records)
}

/// The data files that the table consists of.
pub(crate) async fn batches(location: &str) -> Result<Vec<RecordBatch>> {
    let url = url::Url::from_directory_path(Path::new(location).canonicalize()?.join("events"))
        .map_err(|()| "no path")?;
    let table = deltalake::open_table(url).await?;
    let mut batches = Vec::new();
    for uri in table.get_file_uris()? {
        let file = std::fs::File::open(uri.trim_start_matches("file://"))?;
        let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file)?;
        for batch in reader.build()? {
            batches.push(batch?);
        }
    }
    Ok(batches)
}

fn rows(batch: &RecordBatch) -> Result<Vec<Row<'_>>> {
    let mut rows: Vec<Vec<Cell<'_>>> = vec![Vec::new(); batch.num_rows()];
    for column in COLUMNS {
        let array = batch.column_by_name(column.name).ok_or(column.name)?;
        for (i, row) in rows.iter_mut().enumerate() {
            let cell = match column.kind {
                _ if array.is_null(i) => Cell::Null,
                ColumnKind::Text | ColumnKind::Json => {
                    Cell::Text(array.as_string::<i32>().value(i).into())
                }
                ColumnKind::Flag => Cell::Flag(array.as_boolean().value(i)),
                ColumnKind::Time => {
                    Cell::Time(array.as_primitive::<TimestampMicrosecondType>().value(i))
                }
            };
            row.push(cell);
        }
    }
    Ok(rows.into_iter().map(Row::from_cells).collect())
}

/// A record with an id of its own, `n` seconds after a fixed time.
pub(crate) fn record(n: u64) -> String {
    let at = jiff::Timestamp::from_second(1_700_000_000 + i64::try_from(n).unwrap_or_default())
        .unwrap_or_default();
    format!(
        r#"{{"eventVersion":"1.08","userIdentity":{{"type":"AssumedRole","principalId":"AROAX:s{n}","arn":"arn:aws:sts::111122223333:assumed-role/app/s{n}","accountId":"111122223333","sessionContext":{{"sessionIssuer":{{"type":"Role","arn":"arn:aws:iam::111122223333:role/app"}}}}}},"eventTime":"{at}","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-west-1","sourceIPAddress":"192.0.2.1","userAgent":"test","requestParameters":{{"bucketName":"b","key":"k{n}","size":1.50}},"responseElements":null,"eventID":"00000000-0000-4000-8000-{n:012}","readOnly":true,"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"111122223333","new":{n}}}"#
    )
}

/// A delivery of the records with the numbers in `range`.
pub(crate) fn delivery(range: std::ops::Range<u64>) -> String {
    let records: Vec<String> = range.map(record).collect();
    format!("{{\"Records\":[{}]}}", records.join(","))
}

pub(crate) fn gzip(text: impl AsRef<[u8]>) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_ref())?;
    Ok(encoder.finish()?)
}

/// The events of a batch as the text of records, with their ids.
pub(crate) fn texts(batch: &RecordBatch) -> Result<Vec<(String, String)>> {
    let rows = rows(batch)?.into_iter();
    Ok(rows
        .map(|row| {
            let id = row.text("event_id").unwrap_or_default().to_owned();
            (id, row.to_record())
        })
        .collect())
}

/// The most memory that this process had, in bytes.
pub(crate) fn peak_memory() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(kilobytes.ok_or("no VmHWM")?.parse::<u64>()? * 1024)
}
