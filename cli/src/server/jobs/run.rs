//! How does an order become policies, with what is to be known of them?

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use miette::Diagnostic;
use serde::{Deserialize, Serialize};
use trailwright_engine::activity::Need;
use trailwright_engine::generate::{Style, Tally, Target, generate_as, split_by_size};
use trailwright_engine::permission::Condition;
use trailwright_engine::prove::prove;
use trailwright_engine::time::{TimeRange, to_text};
use trailwright_engine::{Activity, PolicyDocument, Reference};
use trailwright_sql::{Error, Scope, Session};

use super::job::{ErrorCode, JobError, Order, Trail};
use crate::server::error::Causes;

/// The lake that is served, and what its trails hold.
#[derive(Debug, Clone)]
pub(crate) struct Lake {
    location: String,
    /// Accounts whose events a trail delivers. One that is not here delivers those of all.
    accounts_of_trails: BTreeMap<String, Vec<String>>,
}

impl Lake {
    pub(crate) fn new(location: String, accounts_of_trails: BTreeMap<String, Vec<String>>) -> Self {
        Self {
            location,
            accounts_of_trails,
        }
    }

    pub(crate) fn location(&self) -> &str {
        &self.location
    }

    /// The folder of what was in an account before policies were applied.
    pub(crate) fn records(&self) -> PathBuf {
        Path::new(&self.location).join("applied")
    }

    /// The lake as it is now, cut down to a time range.
    pub(crate) async fn session(&self, range: TimeRange) -> Result<Session, Error> {
        Session::open_range(&self.location, range).await
    }

    /// The trails that the server was told of, with their accounts.
    pub(crate) fn trails(&self) -> &BTreeMap<String, Vec<String>> {
        &self.accounts_of_trails
    }

    /// The part of the lake that an order is about.
    pub(crate) fn scopes(&self, order: &Order) -> Vec<Scope> {
        if order.trails.is_empty() && !(order.accounts.is_empty() && order.regions.is_empty()) {
            return vec![Scope {
                regions: order.regions.clone(),
                accounts: order.accounts.clone(),
            }];
        }
        let scope = |trail: &Trail| Scope {
            regions: match trail.all_regions {
                Some(true) => Vec::new(),
                _ => trail.regions.clone(),
            },
            accounts: self
                .accounts_of_trails
                .get(&trail.cloud_trail_arn)
                .cloned()
                .unwrap_or_default(),
        };
        order.trails.iter().map(scope).collect()
    }
}

/// What a job found.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Found {
    /// The policy with the ARNs that were seen.
    pub(crate) exact: Generation,
    /// The policy in the shape of IAM Access Analyzer's, with placeholders for ARNs.
    pub(crate) placeholders: Written,
    pub(crate) evidence: Vec<Evidence>,
}

/// A policy as text: one document, or several where one would be too large for IAM.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Written {
    pub(crate) documents: Vec<String>,
}

/// A policy, and what to know about it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Generation {
    pub(crate) documents: Vec<serde_json::Value>,
    pub(crate) proof: Proof,
    /// Calls behind it.
    pub(crate) calls: u64,
    pub(crate) denied: Vec<Counted>,
    pub(crate) unmapped: Vec<Counted>,
    pub(crate) widened: Vec<Counted>,
    pub(crate) inferred: Vec<Counted>,
    /// Calls that need no permission.
    pub(crate) unchecked: u64,
}

/// The replay of what was seen against a policy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Proof {
    pub(crate) requests: usize,
    pub(crate) allowed: usize,
    pub(crate) refused: Vec<Refused>,
}

/// A request that was seen and that the policy would refuse.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Refused {
    pub(crate) action: String,
    pub(crate) resource: String,
}

/// How often something occurred.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Counted {
    pub(crate) what: String,
    pub(crate) count: u64,
}

/// Calls of one kind that ended alike.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Evidence {
    /// `mapped`, `none` if no permission was needed, `unmapped` if no rule knows which.
    pub(crate) mapping: String,
    #[serde(flatten)]
    pub(crate) permission: Option<Permission>,
    pub(crate) event_source: String,
    pub(crate) event_name: String,
    pub(crate) outcome: String,
    pub(crate) count: u64,
    pub(crate) first_seen: Option<String>,
    pub(crate) last_seen: Option<String>,
    pub(crate) sample_event_id: Option<String>,
}

/// The permission that calls needed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Permission {
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) resource_origin: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) conditions: Vec<Condition>,
}

impl From<Tally> for Counted {
    fn from(tally: Tally) -> Self {
        Self {
            what: tally.what,
            count: tally.count,
        }
    }
}

/// Runs an order to its end.
pub(super) async fn run(
    lake: &Lake,
    order: &Order,
    tell: impl Fn(&'static str),
) -> Result<Found, JobError> {
    tell("reading the activity");
    let range = TimeRange {
        from: order.start_time.map(|at| at.as_microsecond()),
        to: order.end_time.map(|at| at.as_microsecond()),
    };
    let read = async {
        let session = lake.session(range).await?;
        let scopes = lake.scopes(order);
        session.activity_in(&order.principal_arn, &scopes).await
    };
    let activity = read.await.map_err(|error| failed(&error))?;
    tell("writing the policy");
    let principal = order.principal_arn.clone();
    let written = tokio::task::spawn_blocking(move || found(&principal, &activity)).await;
    written.unwrap_or_else(|error| {
        tracing::error!(%error, "a policy was not written");
        Err(service_error("the policy could not be written".to_owned()))
    })
}

fn failed(error: &Error) -> JobError {
    match error {
        Error::UnknownPrincipal { .. } => JobError {
            code: ErrorCode::ResourceNotFoundError,
            message: match error.help() {
                Some(hint) => format!("{error}; {hint}"),
                None => error.to_string(),
            },
        },
        _ => {
            tracing::error!(error = %Causes(error), "a job failed");
            service_error("the lake could not be read; the server's log tells more".to_owned())
        }
    }
}

fn service_error(message: String) -> JobError {
    JobError {
        code: ErrorCode::ServiceError,
        message,
    }
}

fn found(principal: &str, activity: &[Activity]) -> Result<Found, JobError> {
    let exact = generate(Style::Exact, activity)?;
    if exact.documents.is_empty() {
        return Err(JobError {
            code: ErrorCode::ResourceNotFoundError,
            message: format!(
                "`{principal}` used no permission that is known in that range: there is no policy to write"
            ),
        });
    }
    if let Some(first) = exact.proof.refused.first() {
        return Err(service_error(format!(
            "the policy would refuse {} of {} requests that were seen, first {} on {}",
            exact.proof.refused.len(),
            exact.proof.requests,
            first.action,
            first.resource
        )));
    }
    let reference = Reference::bundled();
    let placeholders = generate_as(Style::AccessAnalyzer, activity, reference).document;
    Ok(Found {
        exact,
        placeholders: Written {
            documents: split(&placeholders)?
                .iter()
                .map(PolicyDocument::to_json)
                .collect(),
        },
        evidence: activity.iter().map(evidence).collect(),
    })
}

fn split(document: &PolicyDocument) -> Result<Vec<PolicyDocument>, JobError> {
    split_by_size(document, Target::Managed.limit())
        .map_err(|error| service_error(error.to_string()))
}

/// The policy for `activity`, cut into documents that IAM takes, and its proof.
pub(crate) fn generate(style: Style, activity: &[Activity]) -> Result<Generation, JobError> {
    let generated = generate_as(style, activity, Reference::bundled());
    let documents = match generated.document.statement.as_slice() {
        [] => Vec::new(),
        _ => split(&generated.document)?,
    };
    let proof = prove(activity, &documents);
    let json = |document: &PolicyDocument| serde_json::to_value(document);
    let json: Result<_, serde_json::Error> = documents.iter().map(json).collect();
    let counted = |tallies: Vec<Tally>| tallies.into_iter().map(Counted::from).collect();
    Ok(Generation {
        documents: json.map_err(|error| service_error(error.to_string()))?,
        proof: Proof {
            requests: proof.requests,
            allowed: proof.requests - proof.refused.len(),
            refused: proof
                .refused
                .into_iter()
                .map(|it| Refused {
                    action: it.action,
                    resource: it.resource,
                })
                .collect(),
        },
        calls: generated.calls,
        denied: counted(generated.denied),
        unmapped: counted(generated.unmapped),
        widened: counted(generated.widened),
        inferred: counted(generated.inferred),
        unchecked: generated.unchecked,
    })
}

/// The calls behind a permission, or behind none.
pub(crate) fn evidence(seen: &Activity) -> Evidence {
    let (mapping, permission) = match &seen.need {
        Need::Permission {
            action,
            resource,
            origin,
            conditions,
        } => (
            "mapped",
            Some(Permission {
                action: action.clone(),
                resource: resource.clone(),
                resource_origin: origin.as_str().to_owned(),
                conditions: conditions.clone(),
            }),
        ),
        Need::Nothing => ("none", None),
        Need::Unknown => ("unmapped", None),
    };
    Evidence {
        mapping: mapping.to_owned(),
        permission,
        event_source: seen.event_source.clone(),
        event_name: seen.event_name.clone(),
        outcome: seen.outcome.as_str().to_owned(),
        count: seen.count,
        first_seen: seen.first_seen.map(to_text),
        last_seen: seen.last_seen.map(to_text),
        sample_event_id: seen.sample_event_id.clone(),
    }
}
