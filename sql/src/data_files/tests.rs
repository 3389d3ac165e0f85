//! Parts of a file must be the file, each row once.
#![expect(clippy::unwrap_used, reason = "tests")]

use arrow::array::{Int64Array, RecordBatch};
use datafusion::prelude::SessionContext;
use deltalake::kernel::{DataType, StructField};
use deltalake::operations::create::CreateBuilder;
use deltalake::writer::{DeltaWriter, RecordBatchWriter};
use parquet::file::properties::WriterProperties;

use super::*;

const ROWS: i64 = 1000;

/// A table of one file, whose row groups have sixty-four rows.
async fn table(folder: &std::path::Path) -> DeltaTable {
    let number = StructField::nullable("number", DataType::LONG);
    let created = CreateBuilder::new()
        .with_location(folder.to_string_lossy())
        .with_columns([number])
        .await;
    let mut table = created.unwrap();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(64))
        .build();
    let writer = RecordBatchWriter::for_table(&table).unwrap();
    let mut writer = writer.with_writer_properties(properties);
    let numbers = Arc::new(Int64Array::from_iter_values(0..ROWS)) as ArrayRef;
    let batch = RecordBatch::try_from_iter_with_nullable([("number", numbers, true)]);
    writer.write(batch.unwrap()).await.unwrap();
    writer.flush_and_commit(&mut table).await.unwrap();
    table
}

/// The numbers of a part.
async fn numbers(table: &DeltaTable, only: &Only) -> Vec<i64> {
    let ctx = SessionContext::new();
    table.update_datafusion_session(&ctx.state()).unwrap();
    let provider = provider(ctx.state(), table, Some(only)).await.unwrap();
    let rows = ctx.read_table(provider).unwrap().collect().await.unwrap();
    let numbers = rows
        .iter()
        .map(|rows| rows.column(0).as_primitive::<arrow::datatypes::Int64Type>());
    numbers
        .flat_map(|numbers| numbers.values().to_vec())
        .collect()
}

#[tokio::test]
async fn parts_of_a_file_have_each_row_once() {
    let folder = tempfile::tempdir().unwrap();
    let table = table(folder.path()).await;
    let files = table.snapshot().unwrap().log_data();
    let file = files.iter().next().unwrap();
    let (path, size) = (file.path().into_owned(), file.size().unsigned_abs());
    let mut with_rows = 0;
    let mut found = Vec::new();
    for part in 0..5 {
        let only = Only {
            paths: vec![path.clone()],
            bytes: Some(size * part / 5..size * (part + 1) / 5),
        };
        let numbers = numbers(&table, &only).await;
        with_rows += usize::from(!numbers.is_empty());
        found.extend(numbers);
    }
    found.sort_unstable();
    assert_eq!(found, (0..ROWS).collect::<Vec<_>>());
    assert!(with_rows > 2, "{with_rows} parts have rows");
    assert_eq!(numbers(&table, &Only::files(&[path])).await.len(), 1000);
}
