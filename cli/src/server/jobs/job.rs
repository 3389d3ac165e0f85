//! What is a policy generation?

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use trailwright_engine::time::TimeRange;
use uuid::Uuid;

use crate::writing::Writing;

/// The stage of a job that others keep from beginning.
pub(super) const WAITING: &str = "waiting for its turn";

/// A policy generation, as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Job {
    pub(crate) job_id: String,
    pub(crate) status: Status,
    pub(crate) started_on: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) completed_on: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) job_error: Option<JobError>,
    pub(crate) order: Order,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_token: Option<String>,
    /// How often it was begun, but for those times that the server was stopped in order.
    #[serde(default)]
    pub(crate) attempts: u32,
    /// What it is at.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub(crate) stage: Option<&'static str>,
}

/// What a policy is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Order {
    pub(crate) principal_arn: String,
    /// None are all.
    #[serde(default)]
    pub(crate) trails: Vec<Trail>,
    /// Accounts whose events count, where no trail says. None are all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) accounts: Vec<String>,
    /// Regions that count, where no trail says. None are all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) regions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) start_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) end_time: Option<Timestamp>,
    #[serde(default)]
    pub(crate) writing: Writing,
}

impl Order {
    /// The time of the events that count.
    pub(crate) fn range(&self) -> TimeRange {
        TimeRange {
            from: self.start_time.map(Timestamp::as_microsecond),
            to: self.end_time.map(Timestamp::as_microsecond),
        }
    }
}

/// A trail, and the regions that count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Trail {
    pub(crate) cloud_trail_arn: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) regions: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) all_regions: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Status {
    InProgress,
    Succeeded,
    Failed,
    Canceled,
}

/// Why a job failed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct JobError {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
}

/// The kinds of failure that IAM Access Analyzer knows and that can be here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ErrorCode {
    ResourceNotFoundError,
    ServiceError,
}

impl Job {
    pub(super) fn new(order: Order, client_token: Option<String>) -> Self {
        Self {
            job_id: Uuid::new_v4().to_string(),
            status: Status::InProgress,
            started_on: now(),
            completed_on: None,
            job_error: None,
            order,
            client_token,
            attempts: 0,
            stage: Some(WAITING),
        }
    }

    pub(super) fn end(&mut self, status: Status) {
        self.status = status;
        self.completed_on = Some(now());
        self.stage = None;
    }
}

/// The time to the millisecond, as AWS tells it.
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Canceled => "CANCELED",
        })
    }
}
