//! What did a principal do in the session's time range?

use std::collections::BTreeSet;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, TimeUnit, TimestampMicrosecondType};
use datafusion::prelude::{Expr, col, lit};
use trailwright_engine::activity::{Activity, Need, Outcome};
use trailwright_engine::iam_path;
use trailwright_engine::permission::{Condition, Origin};

use crate::{Error, Session, passed_roles};

/// What activity is grouped by.
pub(crate) const GROUPS: [&str; 9] = [
    "principal",
    "event_source",
    "event_name",
    "mapping",
    "action",
    "resource",
    "resource_origin",
    "conditions",
    "outcome",
];

/// A part of a lake.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// Regions that count. None are all.
    pub regions: Vec<String>,
    /// Accounts whose events count. None are all.
    pub accounts: Vec<String>,
}

/// The condition that a row lies in one of the parts.
pub(crate) fn any_of(scopes: &[Scope]) -> Expr {
    let one_of = |column: &str, values: &[String]| {
        let values = values.iter().map(|value| lit(value.as_str())).collect();
        col(column).in_list(values, false)
    };
    let within = |scope: &Scope| {
        let mut all = lit(true);
        if !scope.regions.is_empty() {
            all = all.and(one_of("aws_region", &scope.regions));
        }
        if !scope.accounts.is_empty() {
            all = all.and(one_of("account", &scope.accounts));
        }
        all
    };
    scopes
        .iter()
        .map(within)
        .reduce(Expr::or)
        .unwrap_or_else(|| lit(true))
}

impl Session {
    /// The activity of one principal, grouped by what it needed and how it ended, in a stable
    /// order.
    pub async fn activity(&self, principal: &str) -> Result<Vec<Activity>, Error> {
        self.activity_in(principal, &[]).await
    }

    /// The activity of one principal in parts of the lake; without any part, in all of it.
    pub async fn activity_in(
        &self,
        principal: &str,
        scopes: &[Scope],
    ) -> Result<Vec<Activity>, Error> {
        let which = col("principal").eq(lit(principal)).and(any_of(scopes));
        let batches = self
            .grouped_activity(which, &GROUPS)
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
        if activity.is_empty() {
            let mut error = self.unknown_principal(principal).await?;
            if let Error::UnknownPrincipal { hint, .. } = &mut error
                && !scopes.is_empty()
                && self
                    .principals()
                    .await?
                    .iter()
                    .any(|it| it.principal == principal)
            {
                "it is in other regions or accounts than those asked for".clone_into(hint);
            }
            return Err(error);
        }
        let passing = passed_roles::passing(&activity);
        let of_principal = col("principal").eq(lit(principal));
        let passed = self.passed_roles(&passing, of_principal, scopes).await?;
        passed.name(&mut activity);
        iam_path::restore(&mut activity, &self.arns_with_path().await?);
        Ok(activity)
    }

    /// ARNs of the roles and users in the lake that have a path.
    pub(crate) async fn arns_with_path(&self) -> Result<BTreeSet<String>, Error> {
        // Many rows have the same: which of them have a path is asked behind.
        let batches = self
            .table("activity")
            .await?
            .select_columns(&["principal"])?
            .distinct()?
            .collect()
            .await?;
        let mut arns = BTreeSet::new();
        for batch in &batches {
            let rows = Rows::of(batch)?;
            let principals = (0..batch.num_rows()).filter_map(|row| rows.text("principal", row));
            arns.extend(principals.filter(|arn| iam_path::has_path(arn)));
        }
        Ok(arns)
    }
}

/// A batch of the query above, column by column.
pub(crate) struct Rows {
    batch: RecordBatch,
}

impl Rows {
    pub(crate) fn of(batch: &RecordBatch) -> Result<Self, Error> {
        let columns = batch.columns().iter().map(|column| {
            let kind = match column.data_type() {
                DataType::Timestamp(_, zone) => {
                    DataType::Timestamp(TimeUnit::Microsecond, zone.clone())
                }
                number if number.is_integer() => DataType::Int64,
                _ => DataType::Utf8,
            };
            Ok((cast(column, &kind)?, true))
        });
        let columns = columns.collect::<Result<Vec<_>, arrow::error::ArrowError>>();
        let columns = columns.map_err(datafusion::error::DataFusionError::from)?;
        let schema = batch.schema();
        let names = schema.fields().iter().map(|field| field.name());
        let named = names
            .zip(columns)
            .map(|(name, (column, null))| (name, column, null));
        let batch = RecordBatch::try_from_iter_with_nullable(named)
            .map_err(datafusion::error::DataFusionError::from)?;
        Ok(Self { batch })
    }

    pub(crate) fn text(&self, name: &str, row: usize) -> Option<String> {
        let column = self.batch.column_by_name(name)?.as_string_opt::<i32>()?;
        column.is_valid(row).then(|| column.value(row).to_owned())
    }

    pub(crate) fn number(&self, name: &str, row: usize) -> u64 {
        let column = self.batch.column_by_name(name);
        let column = column.and_then(|c| c.as_primitive_opt::<Int64Type>());
        column.map_or(0, |c| u64::try_from(c.value(row)).unwrap_or_default())
    }

    pub(crate) fn signed(&self, name: &str, row: usize) -> i64 {
        let column = self.batch.column_by_name(name);
        let column = column.and_then(|c| c.as_primitive_opt::<Int64Type>());
        column.map_or(0, |c| c.value(row))
    }

    /// The conditions of a permission; `None` if they are not of the shape that is written.
    pub(crate) fn conditions(&self, row: usize) -> Option<Vec<Condition>> {
        match self.text("conditions", row) {
            None => Some(Vec::new()),
            Some(text) => serde_json::from_str(&text).ok(),
        }
    }

    pub(crate) fn time(&self, name: &str, row: usize) -> Option<i64> {
        let column = self.batch.column_by_name(name)?;
        let column = column.as_primitive_opt::<TimestampMicrosecondType>()?;
        column.is_valid(row).then(|| column.value(row))
    }

    pub(crate) fn activity(&self, row: usize) -> Result<Activity, Error> {
        let wrong = |column: &str| Error::Shape {
            table: "activity",
            column: column.to_owned(),
        };
        let need = match self.text("mapping", row).as_deref() {
            Some("mapped") => Need::Permission {
                action: self.text("action", row).ok_or_else(|| wrong("action"))?,
                // Activity that is not grouped by resource is on any.
                resource: match self.batch.column_by_name("resource") {
                    None => "*".to_owned(),
                    Some(_) => self
                        .text("resource", row)
                        .ok_or_else(|| wrong("resource"))?,
                },
                origin: match self.batch.column_by_name("resource_origin") {
                    None => Origin::Any,
                    Some(_) => self
                        .text("resource_origin", row)
                        .and_then(|text| Origin::from_text(&text))
                        .ok_or_else(|| wrong("resource_origin"))?,
                },
                conditions: self.conditions(row).ok_or_else(|| wrong("conditions"))?,
            },
            Some("none") => Need::Nothing,
            Some("unmapped") => Need::Unknown,
            _ => return Err(wrong("mapping")),
        };
        Ok(Activity {
            principal: self.text("principal", row).unwrap_or_default(),
            event_source: self.text("event_source", row).unwrap_or_default(),
            event_name: self.text("event_name", row).unwrap_or_default(),
            need,
            outcome: self
                .text("outcome", row)
                .and_then(|text| Outcome::from_text(&text))
                .ok_or_else(|| wrong("outcome"))?,
            count: self.number("calls", row),
            events: self.number("events", row),
            first_seen: self.time("first_seen", row),
            last_seen: self.time("last_seen", row),
            sample_event_id: self.text("sample_event_id", row),
        })
    }
}
