//! `request_context(source_ip_address, ...)`: what an event tells of the context in which IAM
//! judged its call, as JSON by condition key.

use std::sync::Arc;

use arrow::array::StringBuilder;
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use trailwright_engine::facts::{EventColumns, Facts};

use super::text::TextColumns;

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct RequestContext {
    signature: Signature,
}

impl RequestContext {
    pub(super) fn new() -> Self {
        Self {
            signature: Signature::string(10, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for RequestContext {
    fn name(&self) -> &str {
        "request_context"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = TextColumns::of(&args)?;
        let mut contexts = StringBuilder::new();
        for row in 0..args.number_rows {
            let facts = Facts::of(&EventColumns {
                source_ip_address: columns.get(0, row),
                vpc_endpoint_id: columns.get(1, row),
                aws_region: columns.get(2, row),
                invoked_by: columns.get(3, row),
                event_source: columns.get(4, row),
                principal_account: columns.get(5, row),
                user_identity: columns.get(6, row),
                request_parameters: columns.get(7, row),
                event_context: columns.get(8, row),
                log_file: columns.get(9, row),
            });
            contexts.append_option(facts.to_json());
        }
        Ok(ColumnarValue::Array(Arc::new(contexts.finish())))
    }
}
