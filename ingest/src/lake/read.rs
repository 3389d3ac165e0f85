//! How are some columns of a data file read?

use deltalake::logstore::ObjectStoreRef;
use deltalake::logstore::parquet_reader::ParquetObjectReader;
use object_store::path::Path;
use parquet::arrow::ProjectionMask;
use parquet::arrow::async_reader::{ParquetRecordBatchStream, ParquetRecordBatchStreamBuilder};
use parquet::errors::ParquetError;

use crate::Error;

/// The columns called `names` of the data file at `path`, so many rows at a time.
pub(super) async fn columns(
    store: &ObjectStoreRef,
    path: &str,
    names: &[&str],
    rows: usize,
) -> Result<ParquetRecordBatchStream<ParquetObjectReader>, Error> {
    let reader = ParquetObjectReader::new(store.clone(), Path::from(path));
    let builder = ParquetRecordBatchStreamBuilder::new(reader)
        .await
        .map_err(|source| failed(path, source))?;
    let only = ProjectionMask::columns(builder.parquet_schema(), names.iter().copied());
    builder
        .with_projection(only)
        .with_batch_size(rows)
        .build()
        .map_err(|source| failed(path, source))
}

pub(super) fn failed(path: &str, source: ParquetError) -> Error {
    Error::Parquet {
        file: path.to_owned(),
        source,
    }
}
