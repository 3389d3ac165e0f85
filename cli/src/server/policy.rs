//! What is told of a policy? The same by our API, by a job and on disk.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trailwright_engine::PolicyDocument;
use trailwright_engine::activity::{Activity, Need};
use trailwright_engine::dossier::Dossier;
use trailwright_engine::generate::Target;
use trailwright_engine::permission::Condition;
use trailwright_engine::time::to_text;

use crate::writing::Writing;

/// A policy, and what is to be known of it: `trailwright policy --out` writes the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Policy {
    pub(crate) principal: String,
    /// As it was asked for.
    pub(crate) writing: Writing,
    /// As IAM takes them. None where nothing was used.
    pub(crate) documents: Vec<PolicyDocument>,
    pub(crate) size: Size,
    /// As in `evidence.json`.
    pub(crate) evidence: Value,
    /// As in `proof.json`.
    pub(crate) proof: Value,
    /// As in `unmapped.json`.
    pub(crate) unmapped: Value,
}

/// How large a policy is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Size {
    pub(crate) statements: usize,
    /// Without white space, as IAM counts.
    pub(crate) characters: usize,
    /// What one document may have.
    pub(crate) limit: usize,
    /// How many documents can be attached.
    pub(crate) most_documents: usize,
}

impl Size {
    pub(crate) fn of(documents: &[PolicyDocument], target: Target) -> Self {
        Self {
            statements: documents.iter().map(|it| it.statement.len()).sum(),
            characters: documents.iter().map(PolicyDocument::size).sum(),
            limit: target.limit(),
            most_documents: target.most_documents(),
        }
    }
}

impl Policy {
    pub(crate) fn of(dossier: &Dossier, writing: Writing) -> Self {
        let documents = match dossier.is_empty() {
            true => Vec::new(),
            false => dossier.documents.clone(),
        };
        Self {
            principal: dossier.principal.clone(),
            writing,
            size: Size::of(&documents, dossier.target),
            documents,
            evidence: dossier.evidence_value(),
            proof: dossier.proof_value(),
            unmapped: dossier.unmapped_value(),
        }
    }

    /// Services whose operations no rule knows.
    pub(crate) fn unmapped_services(&self) -> &[Value] {
        let services = self.unmapped.get("services").and_then(Value::as_array);
        services.map_or(&[], Vec::as_slice)
    }
}

/// Calls of one kind that ended alike.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Used {
    /// `mapped`, `none` if no permission was needed, `unmapped` if no rule knows which.
    mapping: &'static str,
    #[serde(flatten)]
    permission: Option<Permission>,
    event_source: String,
    event_name: String,
    outcome: &'static str,
    count: u64,
    first_seen: Option<String>,
    last_seen: Option<String>,
    sample_event_id: Option<String>,
}

/// The permission that calls needed.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Permission {
    action: String,
    resource: String,
    resource_origin: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    conditions: Vec<Condition>,
}

impl From<&Activity> for Used {
    fn from(seen: &Activity) -> Self {
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
                    resource_origin: origin.as_str(),
                    conditions: conditions.clone(),
                }),
            ),
            Need::Nothing => ("none", None),
            Need::Unknown => ("unmapped", None),
        };
        Self {
            mapping,
            permission,
            event_source: seen.event_source.clone(),
            event_name: seen.event_name.clone(),
            outcome: seen.outcome.as_str(),
            count: seen.count,
            first_seen: seen.first_seen.map(to_text),
            last_seen: seen.last_seen.map(to_text),
            sample_event_id: seen.sample_event_id.clone(),
        }
    }
}
