//! Which logs does the lake have for the session's time range?

use arrow::datatypes::DataType;
use datafusion::logical_expr::cast;
use datafusion::prelude::col;
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
        let batches = self
            .table("days")
            .await?
            .filter(col("day").is_not_null())?
            .filter(any_of(scopes))?
            .with_column("day", cast(col("day"), DataType::Int32))?
            .collect()
            .await?;
        let mut covered = Vec::new();
        for batch in &batches {
            let rows = Rows::of(batch)?;
            covered.extend((0..batch.num_rows()).map(|row| Covered {
                account: rows.text("account", row).unwrap_or_default(),
                region: rows.text("aws_region", row).unwrap_or_default(),
                day: rows.signed("day", row),
                events: rows.number("events", row),
                data_events_of: rows.text("data_events_of", row),
            }));
        }
        covered.sort_by(|a: &Covered, b| a.place().cmp(&b.place()));
        Ok(covered)
    }
}
