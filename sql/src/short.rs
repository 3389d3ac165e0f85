//! Which short forms are understood that PostgreSQL does not have?
//!
//! Those that people bring along from DuckDB: `FROM events` without a SELECT, and `ORDER BY ALL`.
//! DataFusion reads the one as a query without columns, and takes `all` for a column's name.

use std::ops::ControlFlow;

use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::ast::{
    Expr, OrderByExpr, OrderByKind, Query, Select, SelectFlavor, SelectItem, SetExpr, Statement,
    Value, VisitMut, VisitorMut, WildcardAdditionalOptions,
};

/// Spells the short forms of a statement out.
pub(crate) fn spell_out(statement: &mut Statement) -> Result<(), DataFusionError> {
    match VisitMut::visit(statement, &mut SpellOut) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct SpellOut;

impl VisitorMut for SpellOut {
    type Break = DataFusionError;

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Self::Break> {
        if select.flavor == SelectFlavor::FromFirstNoSelect {
            let all = SelectItem::Wildcard(WildcardAdditionalOptions::default());
            select.projection = vec![all];
            select.flavor = SelectFlavor::Standard;
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<Self::Break> {
        let Some(order) = &mut query.order_by else {
            return ControlFlow::Continue(());
        };
        let options = match &order.kind {
            OrderByKind::All(options) => *options,
            OrderByKind::Expressions(by) => match by.as_slice() {
                [only] if is_all(&only.expr) => only.options,
                _ => return ControlFlow::Continue(()),
            },
        };
        order.kind = match columns(&query.body) {
            Some(columns) => {
                let nth = |nth: usize| OrderByExpr {
                    expr: Expr::value(Value::Number(nth.to_string(), false)),
                    options,
                    with_fill: None,
                };
                OrderByKind::Expressions((1..=columns).map(nth).collect())
            }
            None if matches!(query.body.as_ref(), SetExpr::Select(_)) => OrderByKind::All(options),
            None => {
                return ControlFlow::Break(DataFusionError::Plan(
                    "expected the columns to order by, got ALL of `*`".to_owned(),
                ));
            }
        };
        ControlFlow::Continue(())
    }
}

/// Whether it is the word, which is no column's name.
fn is_all(expr: &Expr) -> bool {
    let Expr::Identifier(name) = expr else {
        return false;
    };
    name.quote_style.is_none() && name.value.eq_ignore_ascii_case("all")
}

/// How many columns a query has, if it names them.
fn columns(body: &SetExpr) -> Option<usize> {
    match body {
        SetExpr::Select(select) => {
            let named = |item: &SelectItem| {
                !matches!(
                    item,
                    SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)
                )
            };
            let columns = select.projection.len();
            select.projection.iter().all(named).then_some(columns)
        }
        SetExpr::SetOperation { left, .. } => columns(left),
        SetExpr::Query(query) => columns(&query.body),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use datafusion::sql::sqlparser::dialect::{Dialect, GenericDialect, PostgreSqlDialect};
    use datafusion::sql::sqlparser::parser::Parser;

    use super::*;

    fn spelled_out(dialect: &dyn Dialect, query: &str) -> String {
        let mut statement = Parser::parse_sql(dialect, query).unwrap().pop().unwrap();
        match spell_out(&mut statement) {
            Ok(()) => statement.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn short_forms_are_spelled_out() {
        let short = GenericDialect {};
        for (query, expected) in [
            ("FROM t LIMIT 2", "SELECT * FROM t LIMIT 2"),
            ("FROM t SELECT a", "FROM t SELECT a"),
            (
                "SELECT a FROM (FROM t) ORDER BY ALL",
                "SELECT a FROM (SELECT * FROM t) ORDER BY 1",
            ),
        ] {
            assert_eq!(spelled_out(&short, query), expected);
        }
        for (query, expected) in [
            (
                "SELECT a, count(*) AS n FROM t GROUP BY ALL ORDER BY all DESC",
                "SELECT a, count(*) AS n FROM t GROUP BY ALL ORDER BY 1 DESC, 2 DESC",
            ),
            (
                "SELECT a FROM t UNION ALL SELECT b FROM u ORDER BY ALL",
                "SELECT a FROM t UNION ALL SELECT b FROM u ORDER BY 1",
            ),
            (
                "SELECT * FROM t ORDER BY ALL",
                "SELECT * FROM t ORDER BY ALL",
            ),
            (
                "SELECT * FROM t UNION SELECT * FROM u ORDER BY ALL",
                "Error during planning: expected the columns to order by, got ALL of `*`",
            ),
            (
                "SELECT \"all\" FROM t ORDER BY \"all\"",
                "SELECT \"all\" FROM t ORDER BY \"all\"",
            ),
            (
                "SELECT a FROM t ORDER BY a, 1",
                "SELECT a FROM t ORDER BY a, 1",
            ),
        ] {
            assert_eq!(spelled_out(&PostgreSqlDialect {}, query), expected);
        }
    }
}
