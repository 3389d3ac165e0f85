//! How do texts leave a query?
//!
//! Within a query they are views, which are quicker to read and to compare. Whoever takes an
//! answer gets plain strings, as the tables say: not all that read Arrow know views.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;

/// A type with plain strings in place of views.
pub(crate) fn data_type(of: &DataType) -> DataType {
    let field = |field: &Arc<Field>| {
        let plain = data_type(field.data_type());
        Arc::new(field.as_ref().clone().with_data_type(plain))
    };
    match of {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::List(element) => DataType::List(field(element)),
        DataType::LargeList(element) => DataType::LargeList(field(element)),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field).collect()),
        DataType::Dictionary(key, value) => {
            DataType::Dictionary(key.clone(), Box::new(data_type(value)))
        }
        other => other.clone(),
    }
}

/// A schema with plain strings in place of views.
pub(crate) fn schema(of: &Schema) -> SchemaRef {
    let fields = of.fields().iter().map(|field| {
        let plain = data_type(field.data_type());
        field.as_ref().clone().with_data_type(plain)
    });
    let fields: Vec<Field> = fields.collect();
    Arc::new(Schema::new_with_metadata(fields, of.metadata().clone()))
}

/// The same rows with plain strings; `schema` is [`schema`] of that of `batch`.
pub(crate) fn batch(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = batch.columns().iter().zip(schema.fields());
    let columns = columns
        .map(
            |(column, field)| match column.data_type() == field.data_type() {
                true => Ok(Arc::clone(column)),
                false => cast(column, field.data_type()),
            },
        )
        .collect::<std::result::Result<Vec<_>, _>>()?;
    // Without columns the number of rows is all that there is.
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
        .map_err(DataFusionError::from)
}

/// The same answer with plain strings.
pub(crate) fn stream(answer: SendableRecordBatchStream) -> SendableRecordBatchStream {
    let plain = schema(&answer.schema());
    if plain == answer.schema() {
        return answer;
    }
    let to = Arc::clone(&plain);
    let rows = answer.map(move |rows| batch(&rows?, &to));
    Box::pin(RecordBatchStreamAdapter::new(plain, rows))
}
