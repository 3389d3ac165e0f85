//! `outcome(error_code, error_message)`: `allowed`, `failed` or `denied`.

use std::sync::Arc;

use arrow::array::StringArray;
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use trailwright_engine::activity::Outcome;

use super::text::TextColumns;

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct OutcomeOf {
    signature: Signature,
}

impl OutcomeOf {
    pub(super) fn new() -> Self {
        Self {
            signature: Signature::string(2, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for OutcomeOf {
    fn name(&self) -> &str {
        "outcome"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = TextColumns::of(&args)?;
        let outcomes: StringArray = (0..args.number_rows)
            .map(|row| Some(Outcome::of(columns.get(0, row), columns.get(1, row)).as_str()))
            .collect();
        Ok(ColumnarValue::Array(Arc::new(outcomes)))
    }
}
