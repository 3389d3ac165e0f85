//! `arn_service(arn)` and its like: the parts of an ARN; null of a text that is none.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, StringArray};
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use trailwright_engine::principal;

use super::text::TextColumns;

/// What is told of a text.
type Part = fn(&str) -> Option<&str>;

/// A function of one text that gives a part of it.
#[derive(Debug)]
pub(super) struct TextPart {
    name: &'static str,
    signature: Signature,
    part: Part,
}

impl PartialEq for TextPart {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for TextPart {}

impl std::hash::Hash for TextPart {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// Each function with the part that it gives.
const PARTS: [(&str, Part); 8] = [
    ("arn_partition", |arn| field(arn, 1)),
    ("arn_service", |arn| field(arn, 2)),
    ("arn_region", |arn| field(arn, 3)),
    ("arn_account", |arn| field(arn, 4)),
    ("arn_resource", |arn| field(arn, 5)),
    ("arn_resource_type", |arn| {
        let (kind, _) = field(arn, 5)?.split_once([':', '/'])?;
        Some(kind)
    }),
    ("arn_resource_id", |arn| {
        let resource = field(arn, 5)?;
        Some(
            resource
                .split_once([':', '/'])
                .map_or(resource, |(_, id)| id),
        )
    }),
    ("principal_name", |principal| match field(principal, 5) {
        Some(resource) => resource.rsplit('/').next(),
        None => Some(principal),
    }),
];

/// The field of an ARN, if it is one and the field is not empty.
fn field(arn: &str, index: usize) -> Option<&str> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", partition, service, _, _, _] if !partition.is_empty() && !service.is_empty() => {
            parts.get(index).copied().filter(|part| !part.is_empty())
        }
        _ => None,
    }
}

pub(super) fn parts() -> impl Iterator<Item = TextPart> {
    PARTS.into_iter().map(|(name, part)| TextPart {
        name,
        signature: Signature::string(1, Volatility::Immutable),
        part,
    })
}

impl ScalarUDFImpl for TextPart {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = TextColumns::of(&args)?;
        let parts: StringArray = (0..args.number_rows)
            .map(|row| columns.get(0, row).and_then(self.part))
            .collect();
        Ok(ColumnarValue::Array(Arc::new(parts) as ArrayRef))
    }
}

/// `takes_policy(principal)`: whether an identity policy can be attached to it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct TakesPolicy {
    signature: Signature,
}

impl TakesPolicy {
    pub(super) fn new() -> Self {
        Self {
            signature: Signature::string(1, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for TakesPolicy {
    fn name(&self) -> &str {
        "takes_policy"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = TextColumns::of(&args)?;
        let told: BooleanArray = (0..args.number_rows)
            .map(|row| Some(principal::takes_policy(columns.get(0, row)?).is_ok()))
            .collect();
        Ok(ColumnarValue::Array(Arc::new(told) as ArrayRef))
    }
}
