//! GetGeneratedPolicy: how far a job is, and the policy that it wrote.
//!
//! Without placeholders AWS writes `*` for every resource; here the policy has the ARNs that were
//! seen, which is less, unless the server was started with `--resources any`. With
//! `includeResourcePlaceholders` it has the shape of AWS's. With `includeServiceLevelTemplate` one
//! more document has a statement for each service that was called in ways that no rule knows, with
//! a placeholder for the action: IAM refuses it until somebody fills it in.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trailwright_engine::PolicyDocument;

use crate::server::app::{App, Resources};
use crate::server::error::{ApiError, Reason};
use crate::server::jobs::{Found, Job, JobError, NoJob, Status, Trail};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    #[serde(default)]
    include_resource_placeholders: bool,
    #[serde(default)]
    include_service_level_template: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    job_details: JobDetails,
    generated_policy_result: GeneratedPolicyResult,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JobDetails {
    job_id: String,
    status: Status,
    started_on: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_on: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_error: Option<JobError>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GeneratedPolicyResult {
    properties: GeneratedPolicyProperties,
    #[serde(skip_serializing_if = "Option::is_none")]
    generated_policies: Option<Vec<GeneratedPolicy>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GeneratedPolicyProperties {
    #[serde(skip_serializing_if = "Option::is_none")]
    is_complete: Option<bool>,
    principal_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_trail_properties: Option<CloudTrailProperties>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CloudTrailProperties {
    trail_properties: Vec<Trail>,
    start_time: Timestamp,
    end_time: Timestamp,
}

#[derive(Serialize)]
struct GeneratedPolicy {
    policy: String,
}

pub(super) async fn answer(
    State(app): State<Arc<App>>,
    Path(job_id): Path<String>,
    query: Result<Query<Request>, QueryRejection>,
) -> Result<Json<Answer>, ApiError> {
    let Query(request) =
        query.map_err(|error| ApiError::validation(Reason::CannotParse, error.body_text()))?;
    let job = app.jobs.get(&job_id).ok_or(NoJob::Unknown)?;
    let found = match job.status {
        Status::Succeeded => Some(tokio::task::block_in_place(|| app.jobs.found(&job_id))?),
        _ => None,
    };
    Ok(Json(Answer {
        generated_policy_result: GeneratedPolicyResult {
            properties: properties(&job, found.as_ref()),
            generated_policies: found.map(|found| policies(&request, app.resources, &found)),
        },
        job_details: JobDetails {
            job_id,
            status: job.status,
            started_on: job.started_on,
            completed_on: job.completed_on,
            job_error: job.job_error,
        },
    }))
}

fn properties(job: &Job, found: Option<&Found>) -> GeneratedPolicyProperties {
    let order = &job.order;
    GeneratedPolicyProperties {
        // What no rule knows may be lacking.
        is_complete: found.map(|found| found.policy.unmapped_services().is_empty()),
        principal_arn: order.principal_arn.clone(),
        cloud_trail_properties: order.start_time.map(|start_time| CloudTrailProperties {
            trail_properties: order.trails.clone(),
            start_time,
            end_time: order.end_time.unwrap_or(job.started_on),
        }),
    }
}

fn policies(request: &Request, resources: Resources, found: &Found) -> Vec<GeneratedPolicy> {
    let documents = match (request.include_resource_placeholders, resources) {
        (true, _) => &found.access_analyzer.placeholders,
        (false, Resources::Any) => &found.access_analyzer.any,
        (false, Resources::Seen) => &found.policy.documents,
    };
    let template = request
        .include_service_level_template
        .then(|| service_level_template(found.policy.unmapped_services()))
        .flatten();
    let documents = documents.iter().map(PolicyDocument::to_json);
    documents
        .chain(template)
        .map(|policy| GeneratedPolicy { policy })
        .collect()
}

/// A document to fill in: the services of operations that no rule knows.
fn service_level_template(services: &[Value]) -> Option<String> {
    let prefixes: BTreeSet<&str> = services
        .iter()
        .filter_map(|service| service.get("service")?.as_str())
        .collect();
    let statements: Vec<Value> = prefixes
        .into_iter()
        .enumerate()
        .map(|(at, prefix)| {
            json!({
                "Sid": format!("UsedServiceSid{at}"),
                "Effect": "Allow",
                "Action": format!("{prefix}:${{ActionName}}"),
                "Resource": "*",
            })
        })
        .collect();
    let document = json!({"Version": "2012-10-17", "Statement": statements});
    let text = serde_json::to_string_pretty(&document).ok();
    text.filter(|_| !statements.is_empty())
}
