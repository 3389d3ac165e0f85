//! `->`, `->>`, `json_get` and their like: what a JSON text holds.
//!
//! A value comes out as it was written, a number to the digit. What is no JSON has no values.

mod operators;
mod path;

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, ListBuilder, StringArray,
    StringBuilder,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field};
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::prelude::SessionContext;

use super::text::TextColumn;
use path::Step;

/// What a function tells of the value that it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Told {
    Json,
    Text,
    Integer,
    Float,
    Boolean,
    Length,
    Contains,
    Keys,
}

/// Each function by its name.
const FUNCTIONS: [(&str, Told); 8] = [
    ("json_get", Told::Json),
    ("json_get_str", Told::Text),
    ("json_get_int", Told::Integer),
    ("json_get_float", Told::Float),
    ("json_get_bool", Told::Boolean),
    ("json_length", Told::Length),
    ("json_contains", Told::Contains),
    ("json_object_keys", Told::Keys),
];

pub(super) fn register(ctx: &SessionContext) -> Result<()> {
    for (name, told) in FUNCTIONS {
        ctx.register_udf(function(name, told));
    }
    use datafusion::execution::FunctionRegistry;
    let mut registry = ctx.clone();
    registry.register_expr_planner(Arc::new(operators::JsonOperators))
}

fn function(name: &'static str, told: Told) -> ScalarUDF {
    ScalarUDF::new_from_impl(JsonFunction {
        name,
        told,
        signature: Signature::variadic_any(Volatility::Immutable),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct JsonFunction {
    name: &'static str,
    told: Told,
    signature: Signature,
}

impl ScalarUDFImpl for JsonFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let Some(json) = arguments.first() else {
            return exec_err!("{} expects JSON as its first argument", self.name);
        };
        if !(json.is_string() || json.is_null()) {
            return exec_err!(
                "{} expects JSON as its first argument, got {json}",
                self.name
            );
        }
        for step in arguments.iter().skip(1) {
            if !(step.is_string() || step.is_integer() || step.is_null()) {
                return exec_err!("{} expects keys and indices, got {step}", self.name);
            }
        }
        Ok(match self.told {
            Told::Json | Told::Text => DataType::Utf8,
            Told::Integer | Told::Length => DataType::Int64,
            Told::Float => DataType::Float64,
            Told::Boolean | Told::Contains => DataType::Boolean,
            Told::Keys => DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true))),
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = Columns::of(&args)?;
        let found = (0..args.number_rows).map(|row| columns.find(row));
        let array: ArrayRef = match self.told {
            Told::Json => Arc::new(found.collect::<StringArray>()),
            Told::Text => Arc::new(
                found
                    .map(|json| json.and_then(path::text))
                    .collect::<StringArray>(),
            ),
            Told::Integer => Arc::new(
                found
                    .map(|json| json.and_then(|json| json.parse().ok()))
                    .collect::<Int64Array>(),
            ),
            Told::Float => Arc::new(
                found
                    .map(|json| json.filter(|json| path::is_number(json))?.parse().ok())
                    .collect::<Float64Array>(),
            ),
            Told::Boolean => Arc::new(
                found
                    .map(|json| json.and_then(|json| json.parse().ok()))
                    .collect::<BooleanArray>(),
            ),
            Told::Length => Arc::new(
                found
                    .map(|json| json.and_then(path::length))
                    .collect::<Int64Array>(),
            ),
            Told::Contains => Arc::new(
                (0..args.number_rows)
                    .map(|row| columns.json(row).map(|_| columns.find(row).is_some()))
                    .collect::<BooleanArray>(),
            ),
            Told::Keys => {
                let mut lists = ListBuilder::new(StringBuilder::new());
                for json in found {
                    match json.and_then(path::keys) {
                        None => lists.append_null(),
                        Some(keys) => {
                            keys.iter().for_each(|key| lists.values().append_value(key));
                            lists.append(true);
                        }
                    }
                }
                Arc::new(lists.finish())
            }
        };
        Ok(ColumnarValue::Array(array))
    }
}

/// The arguments of a call, column by column.
struct Columns {
    json: TextColumn,
    steps: Vec<StepColumn>,
}

/// Keys or indices.
enum StepColumn {
    Keys(TextColumn),
    Indices(Int64Array),
}

impl Columns {
    fn of(args: &ScalarFunctionArgs) -> Result<Self> {
        let Some((json, steps)) = args.args.split_first() else {
            return exec_err!("expected JSON");
        };
        let steps = steps.iter().map(|step| {
            let array = step.to_array(args.number_rows)?;
            Ok(match array.data_type().is_integer() {
                true => StepColumn::Indices(cast(&array, &DataType::Int64)?.as_primitive().clone()),
                false => StepColumn::Keys(TextColumn::of(&array)?),
            })
        });
        Ok(Self {
            json: TextColumn::of(&json.to_array(args.number_rows)?)?,
            steps: steps.collect::<Result<_>>()?,
        })
    }

    fn json(&self, row: usize) -> Option<&str> {
        self.json.get(row)
    }

    /// The value at the end of a row's path.
    fn find(&self, row: usize) -> Option<&str> {
        let mut json = self.json(row)?;
        for step in &self.steps {
            let step = match step {
                StepColumn::Keys(keys) => Step::Key(keys.get(row)?),
                StepColumn::Indices(indices) => {
                    Step::Index(indices.is_valid(row).then(|| indices.value(row))?)
                }
            };
            json = path::step(json, step)?;
        }
        match self.steps.is_empty() {
            // Without a path it is the text as a whole, if that is JSON at all.
            true => path::whole(json),
            false => Some(json),
        }
    }
}
