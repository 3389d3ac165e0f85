//! Which logs does the lake have for the session's time range?

use arrow::datatypes::DataType;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{cast, when};
use datafusion::prelude::{col, lit};
use trailwright_engine::coverage::{Coverage, Covered};

use crate::activity::{Rows, Scope, any_of};
use crate::{Error, Session};

impl Session {
    /// The accounts, regions and days that the lake has, and which are missing.
    pub async fn coverage(&self) -> Result<Coverage, Error> {
        self.coverage_in(&[]).await
    }

    /// The same, of parts of the lake; without any part, of all of it.
    pub async fn coverage_in(&self, scopes: &[Scope]) -> Result<Coverage, Error> {
        let rows = self.covered(scopes).await?;
        Ok(Coverage::of(&rows, self.range()))
    }

    /// How many events there are of each account, region and day, in a stable order.
    pub async fn covered(&self, scopes: &[Scope]) -> Result<Vec<Covered>, Error> {
        // Before event version 1.08 there is no category.
        let is_data = col("event_category")
            .eq(lit("Data"))
            .or(col("management_event").eq(lit(false)));
        let groups = vec![
            col("recipient_account_id").alias("account"),
            col("aws_region").alias("region"),
            cast(cast(col("event_time"), DataType::Date32), DataType::Int32).alias("day"),
            when(is_data, col("event_source")).end()?.alias("data"),
        ];
        let batches = self
            .table("events")
            .await?
            .filter(col("event_time").is_not_null())?
            .filter(any_of(scopes, "recipient_account_id"))?
            .aggregate(groups, vec![count(lit(1)).alias("events")])?
            .collect()
            .await?;
        let mut covered = Vec::new();
        for batch in &batches {
            let rows = Rows::of(batch)?;
            covered.extend((0..batch.num_rows()).map(|row| Covered {
                account: rows.text("account", row).unwrap_or_default(),
                region: rows.text("region", row).unwrap_or_default(),
                day: rows.signed("day", row),
                events: rows.number("events", row),
                data_events_of: rows.text("data", row),
            }));
        }
        covered.sort_by(|a: &Covered, b| a.place().cmp(&b.place()));
        Ok(covered)
    }
}
