//! StartPolicyGeneration: asks for the policy of what a principal did.
//!
//! No quota of AWS's holds: any time range, any number of jobs. A trail's ARN stands for what the
//! server was told that it holds (`--trail`), or for the whole lake where it was told of none; its
//! regions are those that count.
//! `accessRole` is not used, as no account is asked. Without `cloudTrailDetails` all of the lake
//! counts.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::server::App;
use crate::server::error::{ApiError, parse};
use crate::server::jobs::{Order, Trail};
use crate::writing::Writing;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    policy_generation_details: PolicyGenerationDetails,
    cloud_trail_details: Option<CloudTrailDetails>,
    client_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PolicyGenerationDetails {
    principal_arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CloudTrailDetails {
    trails: Vec<Trail>,
    access_role: String,
    start_time: Timestamp,
    end_time: Option<Timestamp>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    job_id: String,
}

pub(super) async fn answer(
    State(app): State<Arc<App>>,
    body: Bytes,
) -> Result<Json<Answer>, ApiError> {
    let request: Request = parse(&body)?;
    let principal_arn = request.policy_generation_details.principal_arn;
    arn(
        "policyGenerationDetails.principalArn",
        &principal_arn,
        "iam",
        &["role/", "user/"],
    )?;
    let mut order = Order {
        principal_arn,
        trails: Vec::new(),
        accounts: Vec::new(),
        regions: Vec::new(),
        start_time: None,
        end_time: None,
        writing: Writing::default(),
    };
    if let Some(details) = request.cloud_trail_details {
        let path = |field: &str| format!("cloudTrailDetails.{field}");
        arn(&path("accessRole"), &details.access_role, "iam", &["role/"])?;
        for (at, trail) in details.trails.iter().enumerate() {
            let path = path(&format!("trails[{at}].cloudTrailArn"));
            arn(&path, &trail.cloud_trail_arn, "cloudtrail", &["trail/"])?;
            if trail.all_regions == Some(false) && trail.regions.is_empty() {
                let field = format!("cloudTrailDetails.trails[{at}].regions");
                let message = "name regions, or set allRegions: no event would count";
                return Err(ApiError::field(&field, message));
            }
        }
        if details
            .end_time
            .is_some_and(|end| end <= details.start_time)
        {
            let message = "must be later than startTime";
            return Err(ApiError::field(&path("endTime"), message));
        }
        order.trails = details.trails;
        order.start_time = Some(details.start_time);
        order.end_time = details.end_time;
    }
    let token = request.client_token;
    if token
        .as_ref()
        .is_some_and(|token| token.is_empty() || token.len() > 256)
    {
        return Err(ApiError::field("clientToken", "has 1 to 256 characters"));
    }
    let jobs = Arc::clone(&app.jobs);
    let job = tokio::task::block_in_place(|| jobs.start(order, token))?;
    Ok(Json(Answer { job_id: job.job_id }))
}

/// `text` must be an ARN of `service` whose resource begins with one of `kinds`.
fn arn(field: &str, text: &str, service: &str, kinds: &[&str]) -> Result<(), ApiError> {
    let fields: Vec<&str> = text.splitn(6, ':').collect();
    let fits = match fields.as_slice() {
        ["arn", _, own, region, _, resource] => {
            let name = kinds.iter().find_map(|kind| resource.strip_prefix(kind));
            *own == service
                && (service != "iam" || region.is_empty())
                && name.is_some_and(|name| (1..=576).contains(&name.chars().count()))
        }
        _ => false,
    };
    if fits {
        return Ok(());
    }
    let kinds = kinds.join(" or ");
    let expected = match service {
        "iam" => format!("arn:aws:iam::ACCOUNT:{kinds}NAME"),
        _ => format!("arn:aws:{service}:REGION:ACCOUNT:{kinds}NAME"),
    };
    Err(ApiError::field(
        field,
        format!("expected {expected}, got `{text}`"),
    ))
}
