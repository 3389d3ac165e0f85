//! How are sorted rows encoded?
//!
//! Column by column, on all cores: what is gathered of one column stays near until it is encoded,
//! and the last portion of an ingest keeps no core waiting.

use std::sync::{Mutex, PoisonError};
use std::thread;

use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::{concat, take};
use arrow::datatypes::Field;
use arrow::error::ArrowError;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, compute_leaves};

use super::write::unwritable;
use crate::{Error, batch};

/// Rows that are gathered at once.
const SLICE_ROWS: usize = 16 * 1024;

/// The column at `place` of all `events`.
pub(super) fn of_all(events: &[RecordBatch], place: usize) -> Result<ArrayRef, ArrowError> {
    let parts: Vec<&dyn Array> = events
        .iter()
        .map(|events| events.column(place).as_ref())
        .collect();
    concat(&parts)
}

/// Encodes `rows` of all `events`, in this order, with a writer for each column.
pub(super) fn encode(
    events: &[RecordBatch],
    rows: &UInt32Array,
    writers: Vec<ArrowColumnWriter>,
) -> Result<Vec<ArrowColumnChunk>, Error> {
    let schema = batch::schema();
    let columns = schema.fields().iter().zip(writers);
    let queue = Mutex::new(columns.enumerate());
    let work = || -> Result<Vec<(usize, ArrowColumnChunk)>, Error> {
        let mut done = Vec::new();
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((place, (field, writer))) = next else {
                return Ok(done);
            };
            let column = of_all(events, place)?;
            done.push((place, encode_column(field, &column, rows, writer)?));
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut done = work()?;
        for other in others {
            let died = |_| Error::Worker(std::io::Error::other("it ended before its work"));
            done.extend(other.join().map_err(died)??);
        }
        Ok::<_, Error>(done)
    })?;
    done.sort_unstable_by_key(|(place, _)| *place);
    Ok(done.into_iter().map(|(_, chunk)| chunk).collect())
}

fn encode_column(
    field: &Field,
    column: &ArrayRef,
    rows: &UInt32Array,
    mut writer: ArrowColumnWriter,
) -> Result<ArrowColumnChunk, Error> {
    for start in (0..rows.len()).step_by(SLICE_ROWS) {
        let slice = rows.slice(start, SLICE_ROWS.min(rows.len() - start));
        let values = take(column, &slice, None)?;
        for leaf in compute_leaves(field, &values).map_err(unwritable)? {
            writer.write(&leaf).map_err(unwritable)?;
        }
    }
    writer.close().map_err(unwritable)
}
