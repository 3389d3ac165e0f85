//! Which functions does SQL have beyond DataFusion's own? Thin covers over the engine, and those
//! for JSON.

mod arn;
mod iam_actions;
mod iam_permissions;
mod ip_in_range;
mod json;
mod outcome;
mod request_context;
mod text;

use datafusion::error::Result;
use datafusion::logical_expr::ScalarUDF;
use datafusion::prelude::SessionContext;

/// A function, for people.
#[derive(Debug, Clone, Copy)]
pub struct FunctionDoc {
    /// How it is called.
    pub call: &'static str,
    /// What it answers.
    pub doc: &'static str,
}

const fn told(call: &'static str, doc: &'static str) -> FunctionDoc {
    FunctionDoc { call, doc }
}

/// The functions that are not DataFusion's own, in the order in which they are explained.
#[rustfmt::skip]
pub const FUNCTIONS: &[FunctionDoc] = &[
    told("iam_actions(event_source, event_name)", "actions that a call of that name needs; null if nobody knows, empty if it needs none"),
    told("iam_permissions(event_source, event_name, ...)", "what the view permissions is made of: its query shows the arguments"),
    told("request_context(source_ip_address, ...)", "what an event tells of the condition keys of its request: the view permissions shows the arguments"),
    told("outcome(error_code, error_message)", "allowed, failed or denied"),
    told("arn_partition(arn)", "`aws`, `aws-cn`, ...; null if the text is no ARN, as of all of these"),
    told("arn_service(arn)", "`s3`"),
    told("arn_region(arn)", "`eu-west-1`; null if it has none"),
    told("arn_account(arn)", "`111122223333`; null if it has none"),
    told("arn_resource(arn)", "all behind the fifth colon, `role/ci/deploy`"),
    told("arn_resource_type(arn)", "`role`; null where the resource is a name alone"),
    told("arn_resource_id(arn)", "`ci/deploy`"),
    told("principal_name(principal)", "`deploy`, the name without path and account"),
    told("takes_policy(principal)", "whether an identity policy can be attached to it"),
    told("ip_in_range(address, cidr)", "whether the address is in `10.0.0.0/8`; null if it is no address"),
    told("ip_network(address)", "the /24 of an address of IPv4, the /48 of one of IPv6"),
    told("ip_is_private(address)", "whether the address is of no public network"),
    told("request_parameters -> 'key'", "the value of a key of JSON, as JSON; also by index, `-> 0`, `-> -1`, and again, `-> 'a' -> 'b'`"),
    told("request_parameters ->> 'key'", "the same as text"),
    told("json_get(json, key...)", "as ->; json_get_str, json_get_int, json_get_float and json_get_bool say the type"),
    told("json_contains(json, key...)", "whether it has the key; also json ? 'key'"),
    told("json_length(json)", "members of an object or array; json_object_keys(json) names them"),
];

/// Functions of DataFusion that are left out: each makes a value of any size out of a few
/// characters, outside of the memory that is counted.
const LEFT_OUT: [&str; 9] = [
    "array_repeat",
    "array_resize",
    "generate_series",
    "list_repeat",
    "list_resize",
    "lpad",
    "range",
    "repeat",
    "rpad",
];

pub(crate) fn register(ctx: &SessionContext) -> Result<()> {
    for name in LEFT_OUT {
        ctx.deregister_udf(name);
    }
    ctx.register_udf(ScalarUDF::new_from_impl(
        iam_permissions::IamPermissions::new(),
    ));
    ctx.register_udf(ScalarUDF::new_from_impl(
        request_context::RequestContext::new(),
    ));
    ctx.register_udf(ScalarUDF::new_from_impl(iam_actions::IamActions::new()));
    ctx.register_udf(ScalarUDF::new_from_impl(outcome::OutcomeOf::new()));
    for part in arn::parts() {
        ctx.register_udf(ScalarUDF::new_from_impl(part));
    }
    ctx.register_udf(ScalarUDF::new_from_impl(arn::TakesPolicy::new()));
    ctx.register_udf(ScalarUDF::new_from_impl(ip_in_range::IpInRange::new()));
    ctx.register_udf(ScalarUDF::new_from_impl(ip_in_range::IpIsPrivate::new()));
    ctx.register_udf(ScalarUDF::new_from_impl(ip_in_range::IpNetwork::new()));
    json::register(ctx)
}
