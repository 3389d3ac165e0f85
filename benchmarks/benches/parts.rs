//! What does each part of the way cost, from a file to a policy?
//!
//! `cargo bench --package trailwright-benchmarks --bench parts`. Figures are of one thread. The
//! first two are the limit: what nothing that reads these files can do without.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot begin has nothing to say"
)]

use std::sync::{Arc, LazyLock};

use arrow::array::{
    ArrayRef, BooleanBuilder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use trailwright_benchmarks::measure::bare;
use trailwright_benchmarks::sample::{Folder, Sample};
use trailwright_engine::event::{COLUMNS, Cell, ColumnKind, Row, file_schema};
use trailwright_engine::permission::{Call, Mapper};
use trailwright_engine::prove::prove;
use trailwright_engine::{Reference, generate};
use trailwright_ingest::{Options, Source, ingest, records};
use trailwright_sql::{Session, permissions_function};

/// Events of the sample.
const EVENTS: u64 = 10_000;

/// Rows of a batch, as DataFusion reads them.
const BATCH: usize = 8_192;

/// What `sql/queries/permissions.sql` gives the function.
const MAPPED_COLUMNS: [&str; 13] = [
    "event_source",
    "event_name",
    "event_type",
    "aws_region",
    "recipient_account_id",
    "principal",
    "principal_account",
    "invoked_by",
    "error_code",
    "error_message",
    "request_parameters",
    "response_elements",
    "resources",
];

static SAMPLE: LazyLock<Sample> = LazyLock::new(|| Sample::new(EVENTS).unwrap());

fn main() {
    divan::main();
}

fn inflated() -> BytesCount {
    BytesCount::new(SAMPLE.texts.iter().map(Vec::len).sum::<usize>())
}

fn events() -> ItemsCount {
    ItemsCount::new(SAMPLE.records.len())
}

fn inflate_all() -> Vec<Vec<u8>> {
    let mut inflater = libdeflater::Decompressor::new();
    let files = SAMPLE.packed.iter().map(|file| {
        let mut text = Vec::new();
        bare::inflate(&mut inflater, file, &mut text).unwrap();
        text
    });
    files.collect()
}

#[divan::bench]
fn a_inflate(bencher: Bencher<'_, '_>) {
    bencher
        .counter(inflated())
        .counter(events())
        .bench(inflate_all);
}

#[divan::bench]
fn b_limit_inflate_and_parse(bencher: Bencher<'_, '_>) {
    bencher.counter(inflated()).counter(events()).bench(|| {
        for text in inflate_all() {
            let _: serde::de::IgnoredAny = black_box(serde_json::from_slice(&text).unwrap());
        }
    });
}

/// Finding where records begin and end.
#[divan::bench]
fn c_decode(bencher: Bencher<'_, '_>) {
    bencher.counter(inflated()).counter(events()).bench(|| {
        for text in &SAMPLE.texts {
            records(text, |piece| {
                black_box(piece);
            });
        }
    });
}

/// A record's fields as a row.
#[divan::bench]
fn d_normalise(bencher: Bencher<'_, '_>) {
    bencher.counter(events()).bench(|| {
        for record in &SAMPLE.records {
            black_box(Row::from_record(record).unwrap());
        }
    });
}

/// A row's permissions.
#[divan::bench]
fn e_map(bencher: Bencher<'_, '_>) {
    let rows: Vec<Row<'_>> = SAMPLE
        .records
        .iter()
        .map(|r| Row::from_record(r).unwrap())
        .collect();
    let mapper = Mapper::bundled();
    bencher.counter(events()).bench_local(|| {
        for row in &rows {
            black_box(mapper.needs(&Call::of(row)));
        }
    });
}

/// The same as the function of SQL does it, a batch at a time: how many events a second.
#[divan::bench]
fn e_map_in_sql(bencher: Bencher<'_, '_>) {
    let (batch, function) = (batch(), permissions_function());
    let fields: Vec<Arc<Field>> = MAPPED_COLUMNS
        .iter()
        .map(|name| Arc::new(batch.schema().field_with_name(name).unwrap().clone()))
        .collect();
    let types: Vec<DataType> = fields.iter().map(|it| it.data_type().clone()).collect();
    let returned = function.return_type(&types).unwrap();
    let returned = Arc::new(Field::new("permissions", returned, true));
    let options = Arc::new(ConfigOptions::new());
    bencher.counter(events()).bench_local(|| {
        for start in (0..batch.num_rows()).step_by(BATCH) {
            let batch = batch.slice(start, BATCH.min(batch.num_rows() - start));
            let column = |name: &&str| batch.column_by_name(name).unwrap().clone();
            let columns = MAPPED_COLUMNS.iter().map(column);
            let args = ScalarFunctionArgs {
                args: columns.map(ColumnarValue::Array).collect(),
                arg_fields: fields.clone(),
                number_rows: batch.num_rows(),
                return_field: returned.clone(),
                config_options: options.clone(),
            };
            black_box(function.invoke_with_args(args).unwrap());
        }
    });
}

/// Rows to Parquet as the lake has it.
#[divan::bench]
fn f_write(bencher: Bencher<'_, '_>) {
    let batch = batch();
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).unwrap()))
        .build();
    bencher.counter(events()).bench_local(|| {
        let mut out = Vec::new();
        let mut writer =
            ArrowWriter::try_new(&mut out, file_schema(), Some(properties.clone())).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        out.len()
    });
}

/// The whole ingest, into a new lake.
#[divan::bench(sample_count = 10)]
fn g_ingest(bencher: Bencher<'_, '_>) {
    let (runtime, folder) = (runtime(), Folder::new("ingest", EVENTS).unwrap());
    let mut number = 0;
    bencher.counter(events()).bench_local(|| {
        number += 1;
        let lake = folder.path().join(format!("lake-{number}"));
        runtime.block_on(fill(&folder, &lake))
    });
}

/// From events in a lake to its roll-up.
#[divan::bench(sample_count = 10)]
fn h_roll_up(bencher: Bencher<'_, '_>) {
    let (runtime, folder) = (runtime(), Folder::new("roll-up", EVENTS).unwrap());
    let lake = folder.path().join("lake");
    runtime.block_on(fill(&folder, &lake));
    let lake = lake.display().to_string();
    let query = "SELECT principal, action, resource, outcome, sum(calls) AS calls FROM activity GROUP BY 1, 2, 3, 4";
    bencher.counter(events()).bench_local(|| {
        runtime.block_on(async {
            let session = Session::open(&lake).await.unwrap();
            session.sql(query).await.unwrap().len()
        })
    });
}

/// From what a role did to its policy.
#[divan::bench]
fn i_emit(bencher: Bencher<'_, '_>) {
    let (activity, reference) = (SAMPLE.activity(), Reference::bundled());
    let counter = ItemsCount::new(activity.len());
    bencher
        .counter(counter)
        .bench_local(|| generate(&activity, reference));
}

/// The replay of what it did against the policy.
#[divan::bench]
fn j_evaluate(bencher: Bencher<'_, '_>) {
    let activity = SAMPLE.activity();
    let policy = generate(&activity, Reference::bundled());
    let documents = [policy.document];
    let counter = ItemsCount::new(prove(&activity, &documents).requests);
    bencher
        .counter(counter)
        .bench_local(|| prove(&activity, &documents));
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().unwrap()
}

async fn fill(folder: &Folder, lake: &std::path::Path) {
    let source = Source::new(folder.path().join("AWSLogs").display().to_string());
    let lake = lake.display().to_string();
    ingest(&lake, &[source], &Options::default(), &|_| {})
        .await
        .unwrap();
}

/// The sample as a batch of the lake's columns.
fn batch() -> RecordBatch {
    let rows: Vec<Row<'_>> = SAMPLE
        .records
        .iter()
        .map(|r| Row::from_record(r).unwrap())
        .collect();
    let columns = COLUMNS.iter().enumerate().map(|(i, column)| -> ArrayRef {
        let cells = rows
            .iter()
            .map(|row| row.cells().get(i).cloned().unwrap_or(Cell::Null));
        match column.kind {
            ColumnKind::Text | ColumnKind::Json => {
                let mut builder = StringBuilder::new();
                cells.for_each(|cell| match cell {
                    Cell::Text(text) => builder.append_value(text),
                    _ => builder.append_null(),
                });
                Arc::new(builder.finish())
            }
            ColumnKind::Flag => {
                let mut builder = BooleanBuilder::new();
                cells.for_each(|cell| match cell {
                    Cell::Flag(flag) => builder.append_value(flag),
                    _ => builder.append_null(),
                });
                Arc::new(builder.finish())
            }
            ColumnKind::Time => {
                let mut builder = TimestampMicrosecondBuilder::new().with_timezone("UTC");
                cells.for_each(|cell| match cell {
                    Cell::Time(time) => builder.append_value(time),
                    _ => builder.append_null(),
                });
                Arc::new(builder.finish())
            }
        }
    });
    RecordBatch::try_new(file_schema(), columns.collect()).unwrap()
}
