//! How do the columns of the lake become rows again?

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;

use super::{COLUMNS, Cell, ColumnKind, Row};

/// A column that is not there, or not of the type that [`file_schema`](super::file_schema) gives:
/// texts may be views too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("column `{0}` of `events` is not as expected")]
pub struct WrongColumn(pub &'static str);

/// The rows of a batch with all of [`COLUMNS`].
pub fn rows<'a>(batch: &'a RecordBatch) -> Result<Vec<Row<'a>>, WrongColumn> {
    let mut rows: Vec<Vec<Cell<'_>>> = vec![Vec::with_capacity(COLUMNS.len()); batch.num_rows()];
    for column in COLUMNS {
        let wrong = || WrongColumn(column.name);
        let array = batch.column_by_name(column.name).ok_or_else(wrong)?;
        match column.kind {
            ColumnKind::Text | ColumnKind::Json => {
                let cell = |text: Option<_>| {
                    text.map_or(Cell::Null, |text: &'a str| Cell::Text(text.into()))
                };
                let places = rows.iter_mut();
                match array.as_string_view_opt() {
                    Some(views) => places
                        .zip(views)
                        .for_each(|(row, text)| row.push(cell(text))),
                    None => {
                        let texts = array.as_string_opt::<i32>().ok_or_else(wrong)?;
                        places
                            .zip(texts)
                            .for_each(|(row, text)| row.push(cell(text)));
                    }
                }
            }
            ColumnKind::Flag => {
                let flags = array.as_boolean_opt().ok_or_else(wrong)?;
                for (row, flag) in rows.iter_mut().zip(flags) {
                    row.push(flag.map_or(Cell::Null, Cell::Flag));
                }
            }
            ColumnKind::Time => {
                let times = array
                    .as_primitive_opt::<TimestampMicrosecondType>()
                    .ok_or_else(wrong)?;
                for (row, time) in rows.iter_mut().zip(times) {
                    row.push(time.map_or(Cell::Null, Cell::Time));
                }
            }
        }
    }
    Ok(rows.into_iter().map(Row::from_cells).collect())
}
