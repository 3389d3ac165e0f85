//! Which functions does SQL get from the engine?

mod iam_permissions;
mod outcome;
mod request_context;
mod text;

use datafusion::logical_expr::ScalarUDF;
use datafusion::prelude::SessionContext;

use iam_permissions::IamPermissions;
use outcome::OutcomeOf;
use request_context::RequestContext;

pub(crate) fn register(ctx: &SessionContext) {
    ctx.register_udf(ScalarUDF::from(IamPermissions::new()));
    ctx.register_udf(ScalarUDF::from(OutcomeOf::new()));
    ctx.register_udf(ScalarUDF::from(RequestContext::new()));
}
