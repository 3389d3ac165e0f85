//! `iam_permissions(event_source, event_name, ...)`: the list of permissions that a call needed.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, ListBuilder, StringBuilder, StructBuilder};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use foldhash::fast::RandomState;
use trailwright_engine::Reference;
use trailwright_engine::permission::{Call, Mapper, Needs};

use super::text::TextColumns;

/// Fields of a list element. `mapping` is `mapped`, `none` or `unmapped`; without a permission
/// the others but `service` are null. `first` is `true` in the first element, else null.
const FIELDS: [&str; 8] = [
    "mapping",
    "service",
    "action",
    "resource",
    "origin",
    "conditions",
    "rule",
    "first",
];

/// What the mapping looks at of a call.
const ARGUMENTS: usize = 13;

static ELEMENT: LazyLock<Fields> = LazyLock::new(|| {
    let fields = FIELDS
        .iter()
        .map(|name| Field::new(*name, DataType::Utf8, true));
    fields.collect()
});

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct IamPermissions {
    signature: Signature,
}

impl IamPermissions {
    pub(super) fn new() -> Self {
        Self {
            signature: Signature::string(ARGUMENTS, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for IamPermissions {
    fn name(&self) -> &str {
        "iam_permissions"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        let element = Field::new_list_field(DataType::Struct(ELEMENT.clone()), true);
        Ok(DataType::List(Arc::new(element)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let mapper = Mapper::bundled();
        let columns = TextColumns::of(&args)?;
        let fields = FIELDS.iter().map(|_| Box::new(StringBuilder::new()) as _);
        let elements = StructBuilder::new(ELEMENT.clone(), fields.collect());
        let mut lists = ListBuilder::new(elements);
        // Much of a trail is the same call again, of which the answer is known.
        let mut known: HashMap<u64, (usize, Needs), RandomState> = HashMap::default();
        for (row, hash) in columns.hashes(args.number_rows)?.into_iter().enumerate() {
            let call = call(&columns, row);
            let same = |first: usize| (0..ARGUMENTS).all(|it| columns.same(it, first, row));
            let (_, needs) = match known.entry(hash) {
                Entry::Occupied(known) if same(known.get().0) => known.into_mut(),
                entry => entry.insert_entry((row, mapper.needs(&call))).into_mut(),
            };
            append(lists.values(), &call, needs);
            lists.append(true);
        }
        Ok(ColumnarValue::Array(Arc::new(lists.finish()) as ArrayRef))
    }
}

fn call(columns: &TextColumns, row: usize) -> Call<'_> {
    Call {
        event_source: columns.get(0, row).unwrap_or_default(),
        event_name: columns.get(1, row).unwrap_or_default(),
        event_type: columns.get(2, row),
        aws_region: columns.get(3, row),
        account: columns.get(4, row).or_else(|| columns.get(6, row)),
        principal: columns.get(5, row),
        invoked_by: columns.get(7, row),
        failed: columns.get(8, row).is_some(),
        error_message: columns.get(9, row),
        request_parameters: columns.get(10, row),
        response_elements: columns.get(11, row),
        resources: columns.get(12, row),
    }
}

fn append(elements: &mut StructBuilder, call: &Call<'_>, needs: &Needs) {
    let mut without = |mapping| {
        let service = service(call, Reference::bundled());
        append_element(
            elements,
            [
                Some(mapping),
                Some(service),
                None,
                None,
                None,
                None,
                None,
                Some("true"),
            ],
        );
    };
    match needs {
        Needs::Nothing { .. } => without("none"),
        Needs::Unknown => without("unmapped"),
        Needs::Permissions(permissions) => {
            for (index, permission) in permissions.iter().enumerate() {
                // Conditions are plain data, which always has a JSON form.
                let conditions = (!permission.conditions.is_empty())
                    .then(|| serde_json::to_string(&permission.conditions).unwrap_or_default());
                append_element(
                    elements,
                    [
                        Some("mapped"),
                        permission.action.split(':').next(),
                        Some(&permission.action),
                        Some(&permission.resource),
                        Some(permission.origin.as_str()),
                        conditions.as_deref(),
                        Some(permission.rule),
                        (index == 0).then_some("true"),
                    ],
                );
            }
        }
    }
}

/// The called service's prefix, or its name in the event where no prefix is known.
fn service<'a>(call: &Call<'a>, reference: &'a Reference) -> &'a str {
    reference
        .prefix_of(call.event_source)
        .unwrap_or_else(|| call.event_source.split('.').next().unwrap_or_default())
}

fn append_element(elements: &mut StructBuilder, values: [Option<&str>; FIELDS.len()]) {
    for (index, value) in values.into_iter().enumerate() {
        if let Some(builder) = elements.field_builder::<StringBuilder>(index) {
            builder.append_option(value);
        }
    }
    elements.append(true);
}
