//! At which rows does another run begin?

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray};
use arrow::compute::kernels::cmp::distinct;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

/// Texts of this many bytes at most lie whole in their view.
const INLINE_BYTES: u32 = 12;

/// Whether values of a type can be compared here.
pub(super) fn can_compare(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Utf8View | DataType::Utf8 | DataType::Boolean
    ) || data_type.is_primitive()
}

/// The rows that differ from the one before in any of the columns, and the first.
pub(super) fn starts(columns: &[ArrayRef], rows: usize) -> Result<Vec<u32>, ArrowError> {
    let mut differs = vec![false; rows];
    let Some((first, rest)) = differs.split_first_mut() else {
        return Ok(Vec::new());
    };
    *first = true;
    for column in columns {
        match column.as_string_view_opt() {
            Some(texts) => of_texts(texts, rest),
            None => of_any(column, rest)?,
        }
    }
    let starts = (0..).zip(differs).filter(|(_, differs)| *differs);
    Ok(starts.map(|(row, _)| row).collect())
}

/// Texts that came from one word of a dictionary have the same view, whose sixteen bytes are quickly
/// compared. Others are compared as texts.
fn of_texts(texts: &StringViewArray, differs: &mut [bool]) {
    let views = texts.views();
    let valid = texts.nulls().filter(|nulls| nulls.null_count() > 0);
    for (row, (pair, differs)) in views.windows(2).zip(differs).enumerate() {
        if *differs {
            continue;
        }
        if let Some(valid) = valid {
            match (valid.is_valid(row), valid.is_valid(row + 1)) {
                (true, true) => {}
                (one, other) => {
                    *differs = one != other;
                    continue;
                }
            }
        }
        let [one, other] = pair else { continue };
        *differs = one != other && {
            let length = *one as u32;
            // Length and the first four bytes are the lower half.
            length <= INLINE_BYTES
                || *one as u64 != *other as u64
                || texts.value(row) != texts.value(row + 1)
        };
    }
}

fn of_any(column: &ArrayRef, differs: &mut [bool]) -> Result<(), ArrowError> {
    let pairs = differs.len();
    let found = distinct(&column.slice(0, pairs), &column.slice(1, pairs))?;
    for (differs, found) in differs.iter_mut().zip(found.values()) {
        *differs |= found;
    }
    Ok(())
}
