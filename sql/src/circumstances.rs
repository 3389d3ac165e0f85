//! Under which circumstances did principals use each permission?
//!
//! What the roll-up does not keep: it is asked of `permissions`, for conditions that are asked
//! for. One piece for each distinct context.

use datafusion::execution::SendableRecordBatchStream;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::prelude::{DataFrame, Expr, col, lit};
use futures::TryStreamExt;
use trailwright_engine::facts::{Circumstance, Facts};
use trailwright_engine::iam_path;

use crate::activity::{Rows, Scope, any_of};
use crate::{Error, Session};

const GROUPS: [&str; 5] = ["principal", "action", "resource", "conditions", "context"];

impl Session {
    /// The circumstances of one principal's calls.
    pub async fn circumstances(&self, principal: &str) -> Result<Vec<Circumstance>, Error> {
        self.circumstances_in(principal, &[]).await
    }

    /// The same, in parts of the lake; without any part, in all of it.
    pub async fn circumstances_in(
        &self,
        principal: &str,
        scopes: &[Scope],
    ) -> Result<Vec<Circumstance>, Error> {
        let of_principal = col("principal").eq(lit(principal));
        let of_principal = of_principal.and(any_of(scopes));
        let query = self.circumstances_where(of_principal).await?;
        let mut batches = query.execute_stream().await?;
        let mut circumstances = Vec::new();
        while let Some(batch) = batches.try_next().await? {
            let rows = Rows::of(&batch)?;
            for row in 0..batch.num_rows() {
                circumstances.push(circumstance(&rows, row)?);
            }
        }
        let known = self.arns_with_path().await?;
        let resources = circumstances.iter_mut().map(|it| &mut it.resource);
        iam_path::restore_all(resources, &known);
        Ok(circumstances)
    }

    /// The circumstances of everybody's calls, by principal.
    pub(crate) async fn all_circumstances(&self) -> Result<SendableRecordBatchStream, Error> {
        let query = self.circumstances_where(lit(true)).await?;
        Ok(query.execute_stream().await?)
    }

    async fn circumstances_where(&self, which: Expr) -> Result<DataFrame, Error> {
        let used = col("mapping")
            .eq(lit("mapped"))
            .and(col("outcome").not_eq(lit("denied")));
        let columns = || GROUPS.iter().map(|name| col(*name));
        let query = self.table("permissions").await?;
        let query = query
            .filter(which.and(used))?
            .aggregate(columns().collect(), vec![count(lit(1)).alias("calls")])?
            .sort(columns().map(|column| column.sort(true, true)).collect())?;
        Ok(query)
    }
}

/// A row of the query above.
pub(crate) fn circumstance(rows: &Rows, row: usize) -> Result<Circumstance, Error> {
    let wrong = |column: &str| Error::Shape {
        table: "permissions",
        column: column.to_owned(),
    };
    let text = |column: &str| rows.text(column, row).ok_or_else(|| wrong(column));
    Ok(Circumstance {
        action: text("action")?,
        resource: text("resource")?,
        conditions: rows.conditions(row).ok_or_else(|| wrong("conditions"))?,
        facts: match rows.text("context", row) {
            None => Facts::default(),
            Some(json) => Facts::from_json(&json).ok_or_else(|| wrong("context"))?,
        },
        count: rows.number("calls", row),
    })
}
