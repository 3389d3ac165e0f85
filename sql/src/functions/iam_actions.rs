//! `iam_actions(event_source, event_name)`: the actions that a call of that name needs.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListBuilder, StringBuilder};
use arrow::datatypes::{DataType, Field};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};
use trailwright_engine::permission::{Call, Mapper, Needs};

use super::text::TextColumns;

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct IamActions {
    signature: Signature,
}

impl IamActions {
    pub(super) fn new() -> Self {
        let signatures = vec![TypeSignature::String(2), TypeSignature::String(3)];
        Self {
            signature: Signature::one_of(signatures, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for IamActions {
    fn name(&self) -> &str {
        "iam_actions"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        let element = Field::new_list_field(DataType::Utf8, true);
        Ok(DataType::List(Arc::new(element)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let mapper = Mapper::bundled();
        let columns = TextColumns::of(&args)?;
        let mut lists = ListBuilder::new(StringBuilder::new());
        for row in 0..args.number_rows {
            let (Some(event_source), Some(event_name)) = (columns.get(0, row), columns.get(1, row))
            else {
                lists.append_null();
                continue;
            };
            let call = Call {
                event_source,
                event_name,
                request_parameters: columns.get(2, row),
                ..Call::default()
            };
            match mapper.needs(&call) {
                Needs::Permissions(permissions) => {
                    let mut told: Vec<&str> = Vec::new();
                    for permission in &permissions {
                        if !told.contains(&permission.action.as_str()) {
                            told.push(&permission.action);
                            lists.values().append_value(&permission.action);
                        }
                    }
                    lists.append(true);
                }
                // None at all is an empty list, nobody knows is null.
                Needs::Nothing { .. } => lists.append(true),
                Needs::Unknown => lists.append_null(),
            }
        }
        Ok(ColumnarValue::Array(Arc::new(lists.finish()) as ArrayRef))
    }
}
