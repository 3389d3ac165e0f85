//! Which footers of data files are remembered?
//!
//! DataFusion's own cache keeps what was asked of a footer the first time, which is a footer
//! without the index of its pages; queries that prune by pages read that anew, each time, from
//! each file. Here it is asked for at once.

use std::ops::Range;
use std::sync::Arc;

use datafusion::catalog::Session;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::error::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::errors::Result as ParquetResult;
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::future::BoxFuture;

/// Footers of the files of a store, with the index of their pages if that is `paged`.
pub(crate) fn remembered(
    state: &dyn Session,
    store: &ObjectStoreUrl,
    paged: bool,
) -> Result<Arc<dyn ParquetFileReaderFactory>> {
    let runtime = state.runtime_env();
    let cache = runtime.cache_manager.get_file_metadata_cache();
    let store = runtime.object_store(store)?;
    let footers = CachedParquetFileReaderFactory::new(store, cache);
    Ok(match paged {
        true => Arc::new(Paged(footers)),
        false => Arc::new(footers),
    })
}

/// Readers of files that take a footer with the index of its pages.
#[derive(Debug)]
struct Paged(CachedParquetFileReaderFactory);

impl ParquetFileReaderFactory for Paged {
    fn create_reader(
        &self,
        partition_index: usize,
        file: PartitionedFile,
        metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let reader = self
            .0
            .create_reader(partition_index, file, metadata_size_hint, metrics)?;
        Ok(Box::new(PagedReader(reader)))
    }
}

struct PagedReader(Box<dyn AsyncFileReader + Send>);

impl AsyncFileReader for PagedReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<bytes::Bytes>> {
        self.0.get_bytes(range)
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, ParquetResult<Vec<bytes::Bytes>>> {
        self.0.get_byte_ranges(ranges)
    }

    fn get_metadata<'a>(
        &'a mut self,
        _: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        // Options would say that the index is to be left out for now.
        self.0.get_metadata(None)
    }
}
