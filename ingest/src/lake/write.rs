//! How are events laid out in data files?
//!
//! By month, and within a file by principal, service, action and time, so that what is asked
//! for together lies together and compresses well.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::{SortColumn, concat_batches, lexsort_to_indices, take_record_batch};
use arrow::datatypes::TimestampMicrosecondType;
use deltalake::DeltaTable;
use deltalake::kernel::Add;
use deltalake::writer::{DeltaWriter, RecordBatchWriter};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use trailwright_engine::event::{self, COLUMNS, ColumnKind, SORT_COLUMNS};
use trailwright_engine::time;

use crate::Error;

const ROW_GROUP_ROWS: usize = 128 * 1024;

/// Writes `events` as data files of the table, without committing them.
pub(super) async fn data_files(
    table: &DeltaTable,
    events: &[RecordBatch],
) -> Result<Vec<Add>, Error> {
    let events = sorted(&concat_batches(&event::file_schema(), events)?)?;
    let mut writer = RecordBatchWriter::for_table(table)?.with_writer_properties(properties()?);
    writer.write(with_month(&events)?).await?;
    Ok(writer.flush().await?)
}

fn sorted(events: &RecordBatch) -> Result<RecordBatch, Error> {
    let columns: Vec<SortColumn> = SORT_COLUMNS
        .iter()
        .filter_map(|name| events.column_by_name(name))
        .map(|column| SortColumn {
            values: Arc::clone(column),
            options: None,
        })
        .collect();
    let order = lexsort_to_indices(&columns, None)?;
    Ok(take_record_batch(events, &order)?)
}

/// The events with the column that they are partitioned by.
fn with_month(events: &RecordBatch) -> Result<RecordBatch, Error> {
    let index = events.schema().index_of("event_time")?;
    let times = events
        .column(index)
        .as_primitive::<TimestampMicrosecondType>();
    let months: StringArray = times.iter().map(|micros| micros.map(time::month)).collect();
    let mut columns: Vec<ArrayRef> = events.columns().to_vec();
    columns.push(Arc::new(months));
    Ok(RecordBatch::try_new(event::table_schema(), columns)?)
}

fn properties() -> Result<WriterProperties, Error> {
    let level = ZstdLevel::try_new(3).map_err(|source| Error::Parquet {
        file: "new data file".to_owned(),
        source,
    })?;
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_column_bloom_filter_enabled(ColumnPath::from("event_id"), true)
        .set_column_dictionary_enabled(ColumnPath::from("event_id"), false);
    for column in COLUMNS.iter().filter(|c| c.kind == ColumnKind::Json) {
        // The smallest and largest JSON text helps no query.
        properties = properties
            .set_column_statistics_enabled(ColumnPath::from(column.name), EnabledStatistics::None);
    }
    Ok(properties.build())
}
