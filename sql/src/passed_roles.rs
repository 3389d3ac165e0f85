//! What does the lake know of roles that were passed and not named?
//!
//! Asked only where somebody passed one: in an instance profile or a task definition. Few events
//! change these, and of instances their role is enough.

use std::collections::BTreeMap;

use datafusion::prelude::{DataFrame, Expr, col, lit};
use futures::TryStreamExt;
use trailwright_engine::activity::{Activity, Outcome};
use trailwright_engine::passed_role::{Made, Means, PassedRoles, Profiles, TaskDefinitions};
use trailwright_engine::permission::Call;

use crate::activity::{GROUPS, Rows, Scope, any_of};
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

/// The roles in task definitions.
const TASK_DEFINITIONS: &str = "
    SELECT
        response_elements -> 'taskDefinition' ->> 'taskDefinitionArn' AS definition,
        response_elements -> 'taskDefinition' ->> 'taskRoleArn' AS task_role,
        response_elements -> 'taskDefinition' ->> 'executionRoleArn' AS execution_role
    FROM events
    WHERE event_source = 'ecs.amazonaws.com'
        AND event_name = 'RegisterTaskDefinition'
        AND error_code IS NULL
        AND response_elements -> 'taskDefinition' ->> 'taskDefinitionArn' IS NOT NULL";

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

/// Sources and names of calls that passed roles without naming them, and by what.
pub(crate) type Passing = BTreeMap<(String, String), Means>;

/// Those of some activity.
pub(crate) fn passing(activity: &[Activity]) -> Passing {
    let named = activity.iter().filter_map(|seen| {
        let name = (seen.event_source.clone(), seen.event_name.clone());
        Some((name, Means::of(seen)?))
    });
    named.collect()
}

impl Session {
    /// The roles that calls passed without naming them, as far as the lake tells.
    pub(crate) async fn passed_roles(
        &self,
        names: &Passing,
        which: Expr,
        scopes: &[Scope],
    ) -> Result<PassedRoles, Error> {
        let mut passed = PassedRoles::default();
        if names.is_empty() {
            return Ok(passed);
        }
        let by = |means: Means| names.values().any(|it| *it == means);
        let profiles = match by(Means::Profile) {
            true => self.profiles().await?,
            false => Profiles::default(),
        };
        let definitions = match by(Means::TaskDefinition) {
            true => self.task_definitions().await?,
            false => TaskDefinitions::default(),
        };
        let calls = self.table("calls").await?;
        let columns = CALL.map(col).into_iter();
        let account = col("recipient_account_id").alias("account");
        let calls = calls
            .select(columns.chain([account]).collect::<Vec<_>>())?
            .filter(which.and(any_of(scopes)).and(one_of(names)))?;
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
            let id = text("event_id");
            let made = Made {
                call: &call,
                outcome: Outcome::of(code.as_deref(), message.as_deref()),
                time: rows.time("event_time", row),
                event_id: id.as_deref(),
            };
            if made.outcome == Outcome::Denied {
                return;
            }
            match source
                .clone()
                .zip(name.clone())
                .and_then(|name| names.get(&name))
            {
                Some(Means::Profile) => passed.launched(&profiles, made),
                Some(Means::TaskDefinition) => passed.ran(&definitions, made),
                None => {}
            }
        })
        .await?;
        Ok(passed)
    }

    /// The calls of everybody that passed roles without naming them.
    pub(crate) async fn everybody_passing(&self) -> Result<Passing, Error> {
        let which = col("action").in_list(Means::ACTIONS.map(lit).to_vec(), false);
        let names = self.grouped_activity(which, &GROUPS).await?;
        let mut found = Passing::new();
        let mut wrong = None;
        each(names, |rows, row| match rows.activity(row) {
            Ok(seen) => found.extend(passing(&[seen])),
            Err(error) => wrong = Some(error),
        })
        .await?;
        wrong.map_or(Ok(found), Err)
    }

    async fn task_definitions(&self) -> Result<TaskDefinitions, Error> {
        let ctx = self.events_of_all_time().await?;
        let mut definitions = TaskDefinitions::default();
        each(ctx.sql(TASK_DEFINITIONS).await?, |rows, row| {
            let text = |column: &str| rows.text(column, row);
            let (task, execution) = (text("task_role"), text("execution_role"));
            let definition = text("definition").unwrap_or_default();
            definitions.registered(&definition, task.as_deref(), execution.as_deref());
        })
        .await?;
        Ok(definitions)
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
fn one_of(names: &Passing) -> Expr {
    let is = |(source, name): &(String, String)| {
        let source = col("event_source").eq(lit(source.as_str()));
        source.and(col("event_name").eq(lit(name.as_str())))
    };
    let any = names.keys().map(is).reduce(Expr::or);
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
