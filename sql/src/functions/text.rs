//! How do functions get at their arguments, whatever text type the columns have?

use arrow::array::{Array, ArrayRef, AsArray, StringArray, StringViewArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::hash_utils::{RandomState, create_hashes};
use datafusion::error::Result;
use datafusion::logical_expr::ScalarFunctionArgs;

/// The arguments of a call as columns of text.
pub(super) struct TextColumns(Vec<TextColumn>);

/// A column in the type that it came in: requests and responses are long, and copying them
/// costs more than most events need.
pub(super) enum TextColumn {
    Utf8(StringArray),
    View(StringViewArray),
}

impl TextColumns {
    pub(super) fn of(args: &ScalarFunctionArgs) -> Result<Self> {
        args.args
            .iter()
            .map(|arg| TextColumn::of(&arg.to_array(args.number_rows)?))
            .collect::<Result<_>>()
            .map(Self)
    }

    /// A number for each row, which is the same where all columns have the same text.
    pub(super) fn hashes(&self, rows: usize) -> Result<Vec<u64>> {
        let mut hashes = vec![0; rows];
        let columns = self.0.iter().map(|column| -> &dyn Array {
            match column {
                TextColumn::Utf8(array) => array,
                TextColumn::View(array) => array,
            }
        });
        create_hashes(columns, &RandomState::default(), &mut hashes)?;
        Ok(hashes)
    }

    /// Whether a column has the same text in two rows.
    pub(super) fn same(&self, column: usize, one: usize, other: usize) -> bool {
        self.get(column, one) == self.get(column, other)
    }

    /// The text in column `column` of row `row`.
    pub(super) fn get(&self, column: usize, row: usize) -> Option<&str> {
        self.0.get(column)?.get(row)
    }
}

impl TextColumn {
    pub(super) fn of(array: &ArrayRef) -> Result<Self> {
        Ok(match array.data_type() {
            DataType::Utf8View => Self::View(array.as_string_view().clone()),
            DataType::Utf8 => Self::Utf8(array.as_string().clone()),
            _ => Self::Utf8(cast(array, &DataType::Utf8)?.as_string().clone()),
        })
    }

    /// The text in row `row`.
    pub(super) fn get(&self, row: usize) -> Option<&str> {
        match self {
            Self::Utf8(array) => array.is_valid(row).then(|| array.value(row)),
            Self::View(array) => array.is_valid(row).then(|| array.value(row)),
        }
    }
}
