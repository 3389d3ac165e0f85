//! What did everybody do, one principal after the other?
//!
//! One pass over the activity for all principals: memory holds what one of them did.

use std::collections::BTreeSet;

use arrow::array::RecordBatch;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::functions_aggregate::expr_fn::{max, min, sum};
use datafusion::prelude::{DataFrame, Expr, col, lit};
use futures::TryStreamExt;
use trailwright_engine::activity::Activity;
use trailwright_engine::facts::Circumstance;
use trailwright_engine::iam_path;
use trailwright_engine::passed_role::PassedRoles;

use crate::activity::{GROUPS, Rows};
use crate::circumstances::circumstance;
use crate::{Error, Session};

/// What one principal did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalActivity {
    /// Who did it.
    pub principal: String,
    /// What was done.
    pub activity: Vec<Activity>,
    /// Under which circumstances, if these were asked for.
    pub circumstances: Vec<Circumstance>,
}

/// What everybody did, sorted by principal.
pub struct Everybody {
    activity: ByPrincipal,
    circumstances: Option<ByPrincipal>,
    /// ARNs with a path.
    known: BTreeSet<String>,
    /// Roles in instance profiles.
    passed: PassedRoles,
}

impl Session {
    /// What everybody did, one principal after the other, sorted by their ARNs.
    pub async fn everybody(&self, with_circumstances: bool) -> Result<Everybody, Error> {
        let query = self.grouped_activity(lit(true), &GROUPS).await?;
        Ok(Everybody {
            activity: ByPrincipal::of(query.execute_stream().await?),
            circumstances: match with_circumstances {
                true => Some(ByPrincipal::of(self.all_circumstances().await?)),
                false => None,
            },
            known: self.arns_with_path().await?,
            passed: {
                let passing = self.everybody_passing().await?;
                self.passed_roles(&passing, lit(true), &[]).await?
            },
        })
    }

    /// What the users and roles of an account did, root among them, whatever the resources.
    pub async fn activity_of_account(&self, account: &str) -> Result<Vec<Activity>, Error> {
        let groups = [
            "principal",
            "event_source",
            "event_name",
            "mapping",
            "action",
            "outcome",
        ];
        let of_account = format!("arn:%:iam::{account}:%");
        let which = col("principal").like(lit(of_account));
        let batches = self
            .grouped_activity(which, &groups)
            .await?
            .collect()
            .await?;
        let mut activity = Vec::new();
        for batch in &batches {
            let rows = Rows::of(batch)?;
            for row in 0..batch.num_rows() {
                activity.push(rows.activity(row)?);
            }
        }
        Ok(activity)
    }

    /// Some activity by these columns, the first of which is the principal, in a stable order.
    pub(crate) async fn grouped_activity(
        &self,
        which: Expr,
        groups: &[&str],
    ) -> Result<DataFrame, Error> {
        let columns = || groups.iter().map(|name| col(*name));
        let query = self
            .table("activity")
            .await?
            .filter(which)?
            .aggregate(
                columns().collect(),
                vec![
                    sum(col("calls")).alias("calls"),
                    sum(col("events")).alias("events"),
                    min(col("first_seen")).alias("first_seen"),
                    max(col("last_seen")).alias("last_seen"),
                    min(col("sample_event_id")).alias("sample_event_id"),
                ],
            )?
            .sort(columns().map(|column| column.sort(true, true)).collect())?;
        Ok(query)
    }
}

impl Everybody {
    /// The next principal.
    pub async fn next(&mut self) -> Result<Option<PrincipalActivity>, Error> {
        let Some(principal) = self.activity.principal().await? else {
            return Ok(None);
        };
        let mut activity = Vec::new();
        while let Some(row) = self.activity.row_of(&principal).await? {
            activity.push(row.0.activity(row.1)?);
        }
        self.passed.name(&mut activity);
        iam_path::restore(&mut activity, &self.known);
        let mut circumstances = Vec::new();
        if let Some(of) = &mut self.circumstances {
            while let Some(known) = of.principal().await?
                && known <= principal
            {
                while let Some(row) = of.row_of(&known).await? {
                    if known == principal {
                        circumstances.push(circumstance(row.0, row.1)?);
                    }
                }
            }
        }
        let resources = circumstances.iter_mut().map(|it| &mut it.resource);
        iam_path::restore_all(resources, &self.known);
        Ok(Some(PrincipalActivity {
            principal,
            activity,
            circumstances,
        }))
    }
}

/// Rows sorted by principal, batch by batch.
struct ByPrincipal {
    batches: SendableRecordBatchStream,
    rows: Option<Rows>,
    row: usize,
    len: usize,
}

impl ByPrincipal {
    fn of(batches: SendableRecordBatchStream) -> Self {
        Self {
            batches,
            rows: None,
            row: 0,
            len: 0,
        }
    }

    /// The principal of the next row.
    async fn principal(&mut self) -> Result<Option<String>, Error> {
        while self.row >= self.len {
            let Some(batch) = self.batches.try_next().await? else {
                return Ok(None);
            };
            self.take(&batch)?;
        }
        let rows = self.rows.as_ref();
        Ok(rows.map(|rows| rows.text("principal", self.row).unwrap_or_default()))
    }

    fn take(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        self.len = batch.num_rows();
        self.rows = Some(Rows::of(batch)?);
        self.row = 0;
        Ok(())
    }

    /// The next row, if it is of this principal.
    async fn row_of(&mut self, principal: &str) -> Result<Option<(&Rows, usize)>, Error> {
        if self.principal().await?.as_deref() != Some(principal) {
            return Ok(None);
        }
        let row = self.row;
        self.row += 1;
        Ok(self.rows.as_ref().map(|rows| (rows, row)))
    }
}
