//! How do functions get at their arguments, whatever text type the columns have?

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ScalarFunctionArgs;

/// The arguments of a call as columns of text.
pub(super) struct TextColumns(Vec<ArrayRef>);

impl TextColumns {
    pub(super) fn of(args: &ScalarFunctionArgs) -> Result<Self> {
        args.args
            .iter()
            .map(|arg| {
                let array = arg.to_array(args.number_rows)?;
                Ok(cast(&array, &DataType::Utf8)?)
            })
            .collect::<Result<_>>()
            .map(Self)
    }

    /// The text in column `column` of row `row`.
    pub(super) fn get(&self, column: usize, row: usize) -> Option<&str> {
        let array: &StringArray = self.0.get(column)?.as_string();
        array.is_valid(row).then(|| array.value(row))
    }
}
