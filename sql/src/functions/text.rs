//! How do functions get at their arguments, whatever text type the columns have?

use arrow::array::{Array, AsArray, StringArray, StringViewArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ScalarFunctionArgs;

/// The arguments of a call as columns of text.
pub(super) struct TextColumns(Vec<TextColumn>);

/// A column in the type that it came in: requests and responses are long, and copying them
/// costs more than most events need.
enum TextColumn {
    Utf8(StringArray),
    View(StringViewArray),
}

impl TextColumns {
    pub(super) fn of(args: &ScalarFunctionArgs) -> Result<Self> {
        args.args
            .iter()
            .map(|arg| {
                let array = arg.to_array(args.number_rows)?;
                Ok(match array.data_type() {
                    DataType::Utf8View => TextColumn::View(array.as_string_view().clone()),
                    DataType::Utf8 => TextColumn::Utf8(array.as_string().clone()),
                    _ => TextColumn::Utf8(cast(&array, &DataType::Utf8)?.as_string().clone()),
                })
            })
            .collect::<Result<_>>()
            .map(Self)
    }

    /// The text in column `column` of row `row`.
    pub(super) fn get(&self, column: usize, row: usize) -> Option<&str> {
        match self.0.get(column)? {
            TextColumn::Utf8(array) => array.is_valid(row).then(|| array.value(row)),
            TextColumn::View(array) => array.is_valid(row).then(|| array.value(row)),
        }
    }
}
