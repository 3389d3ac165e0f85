//! What does the lake know of instance profiles that were passed?
//!
//! Asked only where somebody passed one: profiles change by few events, and of instances the first
//! of their roles is enough.

use std::collections::BTreeSet;

use datafusion::prelude::{DataFrame, Expr, col, lit};
use futures::TryStreamExt;
use trailwright_engine::activity::{Activity, Need, Outcome};
use trailwright_engine::instance_profile::{self, PassedRoles, Profiles};
use trailwright_engine::permission::Call;

use crate::activity::{Rows, Scope, any_of};
use crate::{Error, Session};

/// How profiles came by their roles, whatever the session's range.
const HISTORY: &str = "
    SELECT
        recipient_account_id AS account,
        event_name,
        event_time,
        request_parameters ->> 'instanceProfileName' AS profile,
        request_parameters ->> 'roleName' AS role
    FROM events
    WHERE event_source = 'iam.amazonaws.com'
        AND event_name IN ('AddRoleToInstanceProfile', 'RemoveRoleFromInstanceProfile',
            'CreateInstanceProfile', 'DeleteInstanceProfile')
        AND error_code IS NULL
        AND event_time IS NOT NULL
        AND request_parameters ->> 'instanceProfileName' IS NOT NULL";

/// Which roles EC2 assumed for instances.
const INSTANCES: &str = "
    SELECT DISTINCT
        recipient_account_id AS account,
        request_parameters ->> 'roleSessionName' AS instance,
        request_parameters ->> 'roleArn' AS role
    FROM events
    WHERE event_source = 'sts.amazonaws.com'
        AND event_name = 'AssumeRole'
        AND principal_type = 'AWSService'
        AND invoked_by IN ('ec2.amazonaws.com', 'ec2.amazonaws.com.cn')
        AND error_code IS NULL
        AND request_parameters ->> 'roleSessionName' LIKE 'i-%'";

/// What the mapping looks at of a call.
const CALL: [&str; 16] = [
    "event_id",
    "event_source",
    "event_name",
    "event_type",
    "event_time",
    "aws_region",
    "recipient_account_id",
    "principal_account",
    "principal",
    "invoked_by",
    "source_ip_address",
    "error_code",
    "error_message",
    "request_parameters",
    "response_elements",
    "resources",
];

/// Whether somebody passed an instance profile.
pub(crate) fn are_passed(activity: &[Activity]) -> bool {
    activity.iter().any(|seen| match &seen.need {
        Need::Permission {
            action, resource, ..
        } => instance_profile::is_asked(action, resource),
        Need::Nothing | Need::Unknown => false,
    })
}

impl Session {
    /// The roles that calls passed in instance profiles, as far as the lake tells.
    pub(crate) async fn passed_roles(
        &self,
        which: Expr,
        scopes: &[Scope],
    ) -> Result<PassedRoles, Error> {
        let mut passed = PassedRoles::default();
        let names = self.names_of_calls(which.clone(), scopes).await?;
        if names.is_empty() {
            return Ok(passed);
        }
        let profiles = self.profiles().await?;
        let calls = self.table("calls").await?;
        let columns = CALL.map(col).into_iter();
        let account = col("recipient_account_id").alias("account");
        let calls = calls
            .select(columns.chain([account]).collect::<Vec<_>>())?
            .filter(which.and(any_of(scopes)).and(one_of(&names)))?;
        each(calls, |rows, row| {
            let text = |column: &str| rows.text(column, row);
            let (source, name) = (text("event_source"), text("event_name"));
            let (kind, region) = (text("event_type"), text("aws_region"));
            let account = text("recipient_account_id").or_else(|| text("principal_account"));
            let principal = text("principal");
            let invoked_by = text("invoked_by").or_else(|| text("source_ip_address"));
            let resources = text("resources");
            let (code, message) = (text("error_code"), text("error_message"));
            let (request, response) = (text("request_parameters"), text("response_elements"));
            let call = Call {
                event_source: source.as_deref().unwrap_or_default(),
                event_name: name.as_deref().unwrap_or_default(),
                event_type: kind.as_deref(),
                aws_region: region.as_deref(),
                account: account.as_deref(),
                principal: principal.as_deref(),
                invoked_by: invoked_by.as_deref(),
                failed: code.is_some(),
                error_message: message.as_deref(),
                request_parameters: request.as_deref(),
                response_elements: response.as_deref(),
                resources: resources.as_deref(),
            };
            let outcome = Outcome::of(code.as_deref(), message.as_deref());
            let (time, id) = (rows.time("event_time", row), text("event_id"));
            if outcome != Outcome::Denied {
                passed.add(&profiles, &call, outcome, time, id.as_deref());
            }
        })
        .await?;
        Ok(passed)
    }

    /// Sources and names of the calls that passed profiles.
    async fn names_of_calls(
        &self,
        which: Expr,
        scopes: &[Scope],
    ) -> Result<BTreeSet<(String, String)>, Error> {
        let activity = self.table("activity").await?;
        let passed = col("action").eq(lit("iam:PassRole"));
        let untold = col("resource").like(lit("%:role/*"));
        let names = activity
            .filter(which.and(any_of(scopes)).and(passed).and(untold))?
            .select_columns(&["event_source", "event_name"])?
            .distinct()?;
        let mut found = BTreeSet::new();
        each(names, |rows, row| {
            let name = rows
                .text("event_source", row)
                .zip(rows.text("event_name", row));
            found.extend(name);
        })
        .await?;
        Ok(found)
    }

    async fn profiles(&self) -> Result<Profiles, Error> {
        let ctx = self.events_of_all_time().await?;
        let mut profiles = Profiles::default();
        each(ctx.sql(HISTORY).await?, |rows, row| {
            let text = |column: &str| rows.text(column, row).unwrap_or_default();
            let role = rows.text("role", row);
            let role = role.filter(|_| text("event_name") == "AddRoleToInstanceProfile");
            let time = rows.time("event_time", row).unwrap_or_default();
            profiles.changed(&text("account"), &text("profile"), time, role.as_deref());
        })
        .await?;
        each(ctx.sql(INSTANCES).await?, |rows, row| {
            let text = |column: &str| rows.text(column, row).unwrap_or_default();
            profiles.assumed(&text("account"), &text("instance"), &text("role"));
        })
        .await?;
        Ok(profiles)
    }
}

/// Whether a call is of one of these sources and names.
fn one_of(names: &BTreeSet<(String, String)>) -> Expr {
    let is = |(source, name): &(String, String)| {
        let source = col("event_source").eq(lit(source.as_str()));
        source.and(col("event_name").eq(lit(name.as_str())))
    };
    let any = names.iter().map(is).reduce(Expr::or);
    any.unwrap_or_else(|| lit(false))
}

async fn each(query: DataFrame, mut take: impl FnMut(&Rows, usize)) -> Result<(), Error> {
    let mut batches = query.execute_stream().await?;
    while let Some(batch) = batches.try_next().await? {
        let rows = Rows::of(&batch)?;
        for row in 0..batch.num_rows() {
            take(&rows, row);
        }
    }
    Ok(())
}
