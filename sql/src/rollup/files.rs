//! Which data files of a month are there, and how are they taken a few at a time?

use std::collections::{BTreeSet, HashSet};

use deltalake::DeltaTable;

use super::changes::month_of;
use super::{Month, Span};
use crate::Error;
use crate::data_files::{self, Only};
use crate::lake::Lake;

/// Data files of a month.
#[derive(Debug, Clone, Default)]
pub(super) struct Files(Vec<File>);

#[derive(Debug, Clone)]
struct File {
    path: String,
    rows: usize,
    size: u64,
    /// Whether row groups of it can be read alone.
    divisible: bool,
}

/// Rows of a file of which the log does not say how many it has: as many as a file may have.
const UNTOLD: usize = 1 << 20;

/// Rows of which a part of a file has some at least: as many as are written together.
const ROW_GROUP: usize = 1 << 17;

impl Files {
    /// All that a table has of a month, or of a year.
    pub(super) fn of(
        lake: &Lake,
        table: &DeltaTable,
        span: Span,
        month: &Month,
    ) -> Result<Self, Error> {
        let state = table.snapshot().map_err(|error| lake.failed(error))?;
        let divisible = data_files::is_read_here(table)?;
        let files = state.log_data();
        let files = files.iter();
        let files = files.filter(|file| span.of(month_of(&file.partition_values_map())) == *month);
        let files = files.map(|file| File {
            path: file.path().into_owned(),
            rows: file.num_records().unwrap_or(UNTOLD),
            size: u64::try_from(file.size()).unwrap_or_default(),
            divisible,
        });
        Ok(Self(files.collect()))
    }

    /// Those of them with one of these paths.
    pub(super) fn only(&self, paths: &[String]) -> Self {
        let paths: HashSet<&String> = paths.iter().collect();
        let files = self.0.iter().filter(|file| paths.contains(&file.path));
        Self(files.cloned().collect())
    }

    /// How many rows they have.
    pub(super) fn rows(&self) -> usize {
        self.0.iter().map(|file| file.rows).sum()
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|file| file.path.as_str())
    }

    /// The files in portions of about `most` rows, those with more of them in parts.
    pub(super) fn portions(&self, most: usize) -> Vec<Only> {
        let mut portions: Vec<Only> = Vec::new();
        let (mut few, mut rows) = (Only::default(), 0);
        for file in &self.0 {
            if file.divisible && file.rows > most.max(ROW_GROUP) {
                portions.extend(file.parts(most.max(ROW_GROUP)));
                continue;
            }
            if rows + file.rows > most && !few.paths.is_empty() {
                portions.push(std::mem::take(&mut few));
                rows = 0;
            }
            few.paths.push(file.path.clone());
            rows += file.rows;
        }
        portions.extend(Some(few).filter(|few| !few.paths.is_empty()));
        portions
    }

    /// The days of a month in parts, so that about `most` of the rows are of one part.
    pub(super) fn parts(&self, days: &BTreeSet<i32>, most: usize) -> Vec<BTreeSet<i32>> {
        let parts = self.rows().div_ceil(most).max(1);
        let days_of_part = days.len().div_ceil(parts).max(1);
        let days: Vec<i32> = days.iter().copied().collect();
        let parts = days.chunks(days_of_part);
        parts.map(|part| part.iter().copied().collect()).collect()
    }
}

impl File {
    fn parts(&self, most: usize) -> impl Iterator<Item = Only> {
        let parts = u64::try_from(self.rows.div_ceil(most.max(1))).unwrap_or(u64::MAX);
        let length = self.size.div_ceil(parts.max(1)).max(1);
        let starts = (0..parts).map(move |part| part.saturating_mul(length));
        let starts = starts.take_while(|start| *start < self.size);
        starts.map(move |start| Only {
            paths: vec![self.path.clone()],
            bytes: Some(start..start.saturating_add(length)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(rows: &[usize]) -> Files {
        let files = rows.iter().enumerate().map(|(number, rows)| File {
            path: number.to_string(),
            rows: *rows,
            size: 100,
            divisible: number != 3,
        });
        Files(files.collect())
    }

    #[test]
    fn a_portion_has_few_rows_as_far_as_files_can_be_divided() {
        let portions = |groups: &[usize]| -> Vec<String> {
            let rows: Vec<usize> = groups.iter().map(|it| it * ROW_GROUP).collect();
            let portions = files(&rows).portions(10 * ROW_GROUP);
            let told = portions.iter().map(|it| match &it.bytes {
                None => it.paths.join("+"),
                Some(bytes) => format!("{}[{bytes:?}]", it.paths.join("+")),
            });
            told.collect()
        };
        assert_eq!(portions(&[4, 6, 1, 20, 3, 3]), ["0+1", "2", "3", "4+5"]);
        let parts = ["1[0..34]", "1[34..68]", "1[68..102]", "0+2"];
        assert_eq!(portions(&[1, 25, 2]), parts);
        assert!(portions(&[]).is_empty());
    }

    #[test]
    fn days_are_taken_together_where_there_are_few_rows() {
        let days = BTreeSet::from([1, 2, 3, 4, 5]);
        let lengths = |rows: usize| {
            let parts = files(&[rows]).parts(&days, 10);
            let lengths: Vec<usize> = parts.iter().map(BTreeSet::len).collect();
            lengths
        };
        assert_eq!(lengths(0), [5]);
        assert_eq!(lengths(10), [5]);
        assert_eq!(lengths(25), [2, 2, 1]);
        assert_eq!(lengths(1000), [1; 5]);
        assert!(files(&[10]).parts(&BTreeSet::new(), 10).is_empty());
    }
}
