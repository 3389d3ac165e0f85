//! How do `->`, `->>` and `?` become functions?

use datafusion::common::DFSchema;
use datafusion::error::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::prelude::Expr;
use datafusion::sql::sqlparser::ast::BinaryOperator;
use std::sync::Arc;

use super::{Told, function};

#[derive(Debug)]
pub(super) struct JsonOperators;

impl ExprPlanner for JsonOperators {
    fn plan_binary_op(
        &self,
        expr: RawBinaryExpr,
        _: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        let (name, told) = match expr.op {
            BinaryOperator::Arrow => ("json_get", Told::Json),
            BinaryOperator::LongArrow => ("json_get_str", Told::Text),
            BinaryOperator::Question => ("json_contains", Told::Contains),
            _ => return Ok(PlannerResult::Original(expr)),
        };
        // `a -> 'b' ->> 'c'` is one path, so that the text is read once.
        let (json, mut path) = match expr.left {
            Expr::ScalarFunction(call) if call.func.name() == "json_get" => {
                let mut arguments = call.args.into_iter();
                match arguments.next() {
                    Some(json) => (json, arguments.collect()),
                    None => return exec(),
                }
            }
            left => (left, Vec::new()),
        };
        path.push(expr.right);
        let mut arguments = vec![json];
        arguments.extend(path);
        Ok(PlannerResult::Planned(Expr::ScalarFunction(
            ScalarFunction::new_udf(Arc::new(function(name, told)), arguments),
        )))
    }
}

fn exec<T>() -> Result<T> {
    datafusion::common::exec_err!("expected JSON before the operator")
}
