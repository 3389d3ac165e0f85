//! What is the least that must be done?
//!
//! Two lines to hold an ingest against. The limit: the same bytes, inflated and parsed, and
//! nothing kept. The bare way: the fields that peers keep, decoded into Parquet, with no look at
//! duplicates, no order, no ledger, no commit, and no care for what does not fit.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;
use arrow::array::{ArrayRef, BooleanBuilder, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use libdeflater::Decompressor;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// Rows that are written together.
const BATCH_BYTES: usize = 8 << 20;

#[derive(Deserialize)]
struct Delivery<'a> {
    #[serde(borrow, rename = "Records")]
    records: Vec<Record<'a>>,
}

/// Text that borrows where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

macro_rules! record {
    (text: $($text:ident = $text_key:literal),*; json: $($json:ident = $json_key:literal),*; flag: $($flag:ident = $flag_key:literal),*;) => {
        #[derive(Deserialize)]
        struct Record<'a> {
            $(#[serde(borrow, default, rename = $text_key)] $text: Option<Text<'a>>,)*
            $(#[serde(borrow, default, rename = $json_key)] $json: Option<&'a RawValue>,)*
            $(#[serde(default, rename = $flag_key)] $flag: Option<bool>,)*
        }

        #[derive(Default)]
        struct Columns {
            $($text: StringBuilder,)*
            $($json: StringBuilder,)*
            $($flag: BooleanBuilder,)*
            bytes: usize,
        }

        impl Columns {
            fn push(&mut self, record: &Record<'_>) {
                $(
                    let text = record.$text.as_ref().map(|text| text.0.as_ref());
                    self.bytes += text.map_or(0, str::len);
                    self.$text.append_option(text);
                )*
                $(
                    let json = record.$json.map(RawValue::get).filter(|json| *json != "null");
                    self.bytes += json.map_or(0, str::len);
                    self.$json.append_option(json);
                )*
                $(self.$flag.append_option(record.$flag);)*
            }

            fn finish(&mut self) -> anyhow::Result<RecordBatch> {
                let columns: Vec<ArrayRef> = vec![
                    $(Arc::new(self.$text.finish()),)*
                    $(Arc::new(self.$json.finish()),)*
                    $(Arc::new(self.$flag.finish()),)*
                ];
                self.bytes = 0;
                Ok(RecordBatch::try_new(schema(), columns)?)
            }
        }

        fn schema() -> Arc<Schema> {
            Arc::new(Schema::new(vec![
                $(Field::new($text_key, DataType::Utf8, true),)*
                $(Field::new($json_key, DataType::Utf8, true),)*
                $(Field::new($flag_key, DataType::Boolean, true),)*
            ]))
        }
    };
}

record! {
    text: event_id = "eventID", event_time = "eventTime", event_source = "eventSource",
        event_name = "eventName", aws_region = "awsRegion", recipient = "recipientAccountId",
        error_code = "errorCode", error_message = "errorMessage", address = "sourceIPAddress",
        user_agent = "userAgent", event_type = "eventType", event_category = "eventCategory",
        event_version = "eventVersion", api_version = "apiVersion", request_id = "requestID",
        shared_event_id = "sharedEventID", vpc_endpoint_id = "vpcEndpointId",
        from_console = "sessionCredentialFromConsole";
    json: user_identity = "userIdentity", request_parameters = "requestParameters",
        response_elements = "responseElements", resources = "resources",
        additional = "additionalEventData", details = "serviceEventDetails", tls = "tlsDetails";
    flag: read_only = "readOnly", management_event = "managementEvent";
}

/// Inflates and parses all files below `source`: how many bytes of JSON there were.
pub fn parse(source: &Path, threads: usize) -> anyhow::Result<u64> {
    each(source, threads, || {
        Ok((
            |text: &[u8]| {
                let _: IgnoredAny = serde_json::from_slice(text)?;
                Ok(text.len() as u64)
            },
            || Ok(()),
        ))
    })
}

/// Decodes all files below `source` into Parquet files in `out`, one of each thread: how many
/// records there were.
pub fn to_parquet(source: &Path, out: &Path, threads: usize) -> anyhow::Result<u64> {
    std::fs::create_dir_all(out)?;
    let number = AtomicUsize::new(0);
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .build();
    each(source, threads, || {
        let path = out.join(format!(
            "{}.parquet",
            number.fetch_add(1, Ordering::Relaxed)
        ));
        let file =
            File::create(&path).with_context(|| format!("cannot create `{}`", path.display()))?;
        let writer = ArrowWriter::try_new(file, schema(), Some(properties.clone()))?;
        let state = std::rc::Rc::new(std::cell::RefCell::new((Columns::default(), Some(writer))));
        let at_end = std::rc::Rc::clone(&state);
        Ok((
            move |text: &[u8]| {
                let delivery: Delivery<'_> = serde_json::from_slice(text)?;
                let mut state = state.borrow_mut();
                let (columns, writer) = &mut *state;
                for record in &delivery.records {
                    columns.push(record);
                }
                if columns.bytes >= BATCH_BYTES
                    && let Some(writer) = writer
                {
                    writer.write(&columns.finish()?)?;
                }
                Ok(delivery.records.len() as u64)
            },
            move || {
                let mut state = at_end.borrow_mut();
                let batch = state.0.finish()?;
                if let Some(mut writer) = state.1.take() {
                    writer.write(&batch)?;
                    writer.close()?;
                }
                Ok(())
            },
        ))
    })
}

/// Hands the text of each file to a worker, of which each thread makes its own, and sums up what
/// the workers say.
fn each<W, E>(
    source: &Path,
    threads: usize,
    make: impl Fn() -> anyhow::Result<(W, E)> + Sync,
) -> anyhow::Result<u64>
where
    W: FnMut(&[u8]) -> anyhow::Result<u64>,
    E: FnOnce() -> anyhow::Result<()>,
{
    let files = files(source)?;
    let next = AtomicUsize::new(0);
    let work = || -> anyhow::Result<u64> {
        let (mut work, end) = make()?;
        let mut inflater = Decompressor::new();
        let (mut packed, mut text) = (Vec::new(), Vec::new());
        let mut sum = 0;
        while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            packed.clear();
            text.clear();
            File::open(path)?.read_to_end(&mut packed)?;
            let cannot_read = || format!("cannot read `{}`", path.display());
            match path.extension().is_some_and(|end| end == "gz") {
                true => inflate(&mut inflater, &packed, &mut text).with_context(cannot_read)?,
                false => std::mem::swap(&mut packed, &mut text),
            }
            sum += work(&text).with_context(cannot_read)?;
        }
        end()?;
        Ok(sum)
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let mut sum = 0;
        for thread in threads {
            let joined = thread.join();
            sum += joined.map_err(|_| anyhow::anyhow!("a thread panicked"))??;
        }
        Ok(sum)
    })
}

/// Inflates the one member of a gzip file, whose last bytes tell how long its text is.
pub fn inflate(
    inflater: &mut Decompressor,
    packed: &[u8],
    text: &mut Vec<u8>,
) -> anyhow::Result<()> {
    let length = packed.last_chunk().context("gzip is cut off")?;
    text.resize(usize::try_from(u32::from_le_bytes(*length))?, 0);
    inflater.gzip_decompress(packed, text)?;
    Ok(())
}

fn files(source: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(source) {
        let entry = entry?;
        if entry.file_type().is_file() {
            files.push(entry.into_path());
        }
    }
    files.sort();
    Ok(files)
}
