//! What does an aggregate know of a run?

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, PrimitiveArray, RecordBatch};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Int64Type, Schema, TimeUnit, TimestampMicrosecondType,
};
use arrow::util::bit_chunk_iterator::UnalignedBitChunk;
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::aggregate::AggregateFunctionExpr;
use datafusion::physical_expr::expressions::Literal;

/// The state of an aggregate for a run, as DataFusion's own partial aggregation has it.
#[derive(Debug, Clone)]
pub(super) enum Tally {
    /// `count(*)`: how many rows it has.
    Rows,
    /// How many of its values are not null.
    Values(Arc<dyn PhysicalExpr>),
    /// The sum of numbers.
    Sum(Arc<dyn PhysicalExpr>),
    /// The earliest of times.
    First(Arc<dyn PhysicalExpr>),
    /// The latest of times.
    Last(Arc<dyn PhysicalExpr>),
}

impl Tally {
    /// The tally that makes the state of an aggregate. `None` if that is another state.
    pub(super) fn of(aggregate: &AggregateFunctionExpr, input: &Schema) -> Result<Option<Self>> {
        let arguments = aggregate.expressions();
        let [argument] = arguments.as_slice() else {
            return Ok(None);
        };
        if aggregate.is_distinct() || !aggregate.order_bys().is_empty() {
            return Ok(None);
        }
        let kind = argument.data_type(input)?;
        let states = aggregate.state_fields()?;
        let state = match states.as_slice() {
            [state] => state.data_type(),
            _ => return Ok(None),
        };
        let time = |it: &DataType| matches!(it, DataType::Timestamp(TimeUnit::Microsecond, _));
        let argument = argument.clone();
        let literal = argument.downcast_ref::<Literal>();
        Ok(match (aggregate.fun().name(), state) {
            ("count", DataType::Int64) => match literal {
                Some(literal) if literal.value().is_null() => None,
                Some(_) => Some(Self::Rows),
                None => Some(Self::Values(argument)),
            },
            ("sum", DataType::Int64) if kind == DataType::Int64 => Some(Self::Sum(argument)),
            ("min", state) if *state == kind && time(&kind) => Some(Self::First(argument)),
            ("max", state) if *state == kind && time(&kind) => Some(Self::Last(argument)),
            _ => None,
        })
    }

    /// What it is taken of.
    pub(super) fn expr(&self) -> Option<&Arc<dyn PhysicalExpr>> {
        match self {
            Self::Rows => None,
            Self::Values(of) | Self::Sum(of) | Self::First(of) | Self::Last(of) => Some(of),
        }
    }

    /// The states of the runs that begin at `starts`.
    pub(super) fn states(&self, rows: &RecordBatch, starts: &[u32]) -> Result<ArrayRef> {
        let count = rows.num_rows();
        let values = |of: &Arc<dyn PhysicalExpr>| of.evaluate(rows)?.into_array(count);
        let runs = Runs { starts, count };
        Ok(match self {
            Self::Rows => Arc::new(runs.map(|(_, length)| Some(length as i64))),
            Self::Values(of) => {
                let values = values(of)?;
                let nulls = values.logical_nulls();
                let valid = |(start, length)| match &nulls {
                    Some(nulls) => {
                        let start = nulls.offset() + start;
                        UnalignedBitChunk::new(nulls.validity(), start, length).count_ones()
                    }
                    None => length,
                };
                Arc::new(runs.map(|run| Some(valid(run) as i64)))
            }
            Self::Sum(of) => {
                Arc::new(runs.fold(values(of)?.as_primitive::<Int64Type>(), i64::wrapping_add))
            }
            Self::First(of) => runs.times(&values(of)?, i64::min),
            Self::Last(of) => runs.times(&values(of)?, i64::max),
        })
    }
}

struct Runs<'a> {
    starts: &'a [u32],
    count: usize,
}

impl Runs<'_> {
    /// A number for each run, of its start and its length.
    fn map(&self, of: impl Fn((usize, usize)) -> Option<i64>) -> Int64Array {
        self.iter().map(of).collect()
    }

    fn iter(&self) -> impl Iterator<Item = (usize, usize)> {
        let starts = self.starts.iter().map(|start| *start as usize);
        let ends = starts.clone().skip(1).chain([self.count]);
        starts.zip(ends).map(|(start, end)| (start, end - start))
    }

    /// The values of each run together, those that are null left out.
    fn fold<T: ArrowPrimitiveType>(
        &self,
        values: &PrimitiveArray<T>,
        both: impl Fn(T::Native, T::Native) -> T::Native,
    ) -> PrimitiveArray<T> {
        if self.starts.len() == self.count {
            return values.clone();
        }
        let nulls = values.nulls().filter(|nulls| nulls.null_count() > 0);
        let of_run = |(start, length)| {
            let run = values.values().get(start..start + length);
            let run = run.unwrap_or_default().iter().copied();
            match nulls {
                None => run.reduce(&both),
                Some(nulls) => {
                    let valid = run.zip(start..).filter(|(_, row)| nulls.is_valid(*row));
                    valid.map(|(value, _)| value).reduce(&both)
                }
            }
        };
        self.iter().map(of_run).collect()
    }

    fn times(&self, values: &ArrayRef, both: impl Fn(i64, i64) -> i64) -> ArrayRef {
        let times = values.as_primitive::<TimestampMicrosecondType>();
        let folded = self.fold(times, both);
        Arc::new(folded.with_data_type(values.data_type().clone()))
    }
}
