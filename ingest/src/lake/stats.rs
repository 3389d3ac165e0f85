//! What does the log say of a data file?

use std::collections::BTreeMap;

use parquet::data_type::ByteArray;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::statistics::Statistics;
use serde_json::{Map, Value};

use super::STATS_COLUMNS;

/// Longer texts are no help as bounds of a file, and their end cannot just be cut off.
pub(super) const MAX_BOUND_BYTES: usize = 256;

/// What the log says of a data file, so that queries need not open it.
#[derive(Default)]
pub(super) struct Stats {
    pub(super) rows: usize,
    bounds: BTreeMap<&'static str, Bounds>,
}

#[derive(Default)]
struct Bounds {
    smallest: Option<Value>,
    largest: Option<Value>,
    /// A text was too long to be a bound.
    unbounded: bool,
    nulls: u64,
}

impl Stats {
    /// What the file itself says of them.
    pub(super) fn of(file: &ParquetMetaData) -> Self {
        let mut stats = Self::default();
        for group in file.row_groups() {
            stats.add(group);
        }
        stats
    }

    fn add(&mut self, group: &RowGroupMetaData) {
        self.rows += usize::try_from(group.num_rows()).unwrap_or_default();
        for column in group.columns() {
            let is_it = |name: &&str| column.column_path().parts() == [*name];
            let name = STATS_COLUMNS.split(',').find(is_it);
            let (Some(name), Some(found)) = (name, column.statistics()) else {
                continue;
            };
            let bounds = self.bounds.entry(name).or_default();
            bounds.nulls += found.null_count_opt().unwrap_or_default();
            match found {
                Statistics::ByteArray(texts) => {
                    let text = |text: Option<&ByteArray>| Some(text?.as_utf8().ok()?.into());
                    let cut_off = !texts.min_is_exact() || !texts.max_is_exact();
                    bounds.unbounded |= cut_off && texts.min_opt().is_some();
                    bounds.widen(text(texts.min_opt()), text(texts.max_opt()));
                }
                Statistics::Int64(times) => {
                    // The protocol wants milliseconds, rounded down, each of the same width.
                    let time = |micros: Option<&i64>| micros.map(|at| millis(*at).into());
                    bounds.widen(time(times.min_opt()), time(times.max_opt()));
                }
                _ => {}
            }
        }
    }

    pub(super) fn to_json(&self) -> String {
        let known = |pick: fn(&Bounds) -> Option<&Value>| -> Map<String, Value> {
            let bounds = self.bounds.iter().filter(|(_, bounds)| !bounds.unbounded);
            bounds
                .filter_map(|(name, bounds)| Some(((*name).to_owned(), pick(bounds)?.clone())))
                .collect()
        };
        let nulls: Map<String, Value> = self
            .bounds
            .iter()
            .map(|(name, bounds)| ((*name).to_owned(), Value::from(bounds.nulls)))
            .collect();
        serde_json::json!({
            "numRecords": self.rows,
            "minValues": known(|bounds| bounds.smallest.as_ref()),
            "maxValues": known(|bounds| bounds.largest.as_ref()),
            "nullCount": nulls,
        })
        .to_string()
    }
}

impl Bounds {
    fn widen(&mut self, smallest: Option<Value>, largest: Option<Value>) {
        let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
        let pick = |known: &mut Option<Value>, new: Option<Value>, larger: bool| {
            let Some(new) = new else { return };
            let replace = known.as_ref().is_none_or(|known| {
                (text(&new) > text(known)) == larger && text(&new) != text(known)
            });
            if replace {
                *known = Some(new);
            }
        };
        pick(&mut self.smallest, smallest, false);
        pick(&mut self.largest, largest, true);
    }
}

/// A time with three digits of its second, whatever they are: as text they sort like times.
fn millis(micros: i64) -> String {
    let at = jiff::Timestamp::from_microsecond(micros).unwrap_or_default();
    let millis = at.as_millisecond().rem_euclid(1_000);
    format!("{}.{millis:03}Z", at.strftime("%Y-%m-%dT%H:%M:%S"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::sync::Arc;

    use arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray};

    use super::super::write::DataFile;
    use super::*;

    #[test]
    fn a_file_tells_its_bounds_unless_a_text_is_too_long_for_one() {
        let texts =
            |texts: [Option<&str>; 3]| -> ArrayRef { Arc::new(StringArray::from_iter(texts)) };
        let times = TimestampMicrosecondArray::from(vec![Some(2_000_999), None, Some(1_000_001)]);
        let long = "x".repeat(MAX_BOUND_BYTES + 1);
        let rows = RecordBatch::try_from_iter([
            (
                "event_time",
                Arc::new(times.with_timezone("UTC")) as ArrayRef,
            ),
            ("event_name", texts([Some("b"), Some("a"), None])),
            ("principal", texts([Some("b"), Some("a"), Some(&long)])),
            ("error_code", texts([None; 3])),
            ("user_agent", texts([Some("b"); 3])),
        ]);
        let file = DataFile::encode("month", None, &rows.unwrap()).unwrap();
        let stats: Value = serde_json::from_str(&file.stats.to_json()).unwrap();
        let expected = serde_json::json!({
            "numRecords": 3,
            "minValues": {"event_name": "a", "event_time": "1970-01-01T00:00:01.000Z"},
            "maxValues": {"event_name": "b", "event_time": "1970-01-01T00:00:02.000Z"},
            "nullCount": {"error_code": 3, "event_name": 1, "event_time": 1, "principal": 0},
        });
        assert_eq!(stats, expected);
    }

    #[test]
    fn bounds_of_times_are_milliseconds_rounded_down() {
        assert_eq!(millis(1_700_000_000_123_999), "2023-11-14T22:13:20.123Z");
        assert_eq!(millis(0), "1970-01-01T00:00:00.000Z");
    }
}
