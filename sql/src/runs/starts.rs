//! At which rows does another run begin?

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray};
use arrow::buffer::NullBuffer;
use arrow::compute::kernels::cmp::distinct;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

/// Texts of this many bytes at most lie whole in their view.
const INLINE_BYTES: u32 = 12;

/// Rows that are compared at once: most of them are like the row before.
const STRETCH: usize = 32;

/// Whether values of a type can be compared here.
pub(super) fn can_compare(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Utf8View | DataType::Utf8 | DataType::Boolean
    ) || data_type.is_primitive()
}

/// The rows that differ from the one before in any of the columns, and the first.
pub(super) fn starts<'a>(
    columns: impl IntoIterator<Item = &'a ArrayRef>,
    rows: usize,
) -> Result<Vec<u32>, ArrowError> {
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
/// compared, many at once. Others are compared as texts.
fn of_texts(texts: &StringViewArray, differs: &mut [bool]) {
    let views: &[u128] = texts.views();
    let (Some(befores), Some(afters)) = (views.get(..differs.len()), views.get(1..)) else {
        return;
    };
    let valid = texts.nulls().filter(|nulls| nulls.null_count() > 0);
    if let Some(valid) = valid {
        of_nulls(valid, differs);
    }
    let stretches = befores.chunks(STRETCH).zip(afters.chunks(STRETCH));
    for (number, (befores, afters)) in stretches.enumerate() {
        if befores == afters {
            continue;
        }
        for (place, (before, after)) in befores.iter().zip(afters).enumerate() {
            let row = number * STRETCH + place;
            let Some(differs) = differs.get_mut(row) else {
                continue;
            };
            // What lies under two nulls is the same, whatever it is.
            if *differs || before == after || valid.is_some_and(|valid| valid.is_null(row)) {
                continue;
            }
            let length = *before as u32;
            // Length and the first four bytes are the lower half.
            *differs = length <= INLINE_BYTES
                || *before as u64 != *after as u64
                || texts.value(row) != texts.value(row + 1);
        }
    }
}

/// A value differs from a null.
fn of_nulls(valid: &NullBuffer, differs: &mut [bool]) {
    let valid = valid.inner();
    let (before, after) = (valid.slice(0, differs.len()), valid.slice(1, differs.len()));
    for row in (&before ^ &after).set_indices() {
        if let Some(differs) = differs.get_mut(row) {
            *differs = true;
        }
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
