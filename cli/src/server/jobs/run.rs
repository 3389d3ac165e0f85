//! How does an order become policies, with what is to be known of them?

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use trailwright_engine::PolicyDocument;
use trailwright_engine::generate::{self, Options, Target};
use trailwright_engine::policy::{OneOrMany, Resources, Statement};

use super::job::{ErrorCode, JobError, Order};
use crate::dossier::{Known, NoPolicy};
use crate::server::error::{Causes, with_hint};
use crate::server::lake::Lake;
use crate::server::policy::Policy;

/// What a job found.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Found {
    /// The policy as it was ordered, by default with the ARNs that were seen.
    pub(crate) policy: Policy,
    /// The policy as IAM Access Analyzer writes it.
    pub(crate) access_analyzer: AccessAnalyzer,
}

/// Documents in the shape of IAM Access Analyzer's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AccessAnalyzer {
    /// With placeholders for ARNs.
    pub(crate) placeholders: Vec<PolicyDocument>,
    /// With `*` for all of them.
    pub(crate) any: Vec<PolicyDocument>,
}

/// Runs an order to its end.
pub(super) async fn run(
    lake: &Lake,
    order: &Order,
    tell: impl Fn(&'static str),
) -> Result<Found, JobError> {
    tell("reading the activity");
    let options = order.writing.options();
    let options = options.map_err(|error| service_error(error.to_string()))?;
    let scopes = lake.scopes_of(order).map_err(|error| JobError {
        code: ErrorCode::ResourceNotFoundError,
        message: error.to_string(),
    })?;
    let read = async {
        let session = lake.session(order.range()).await?;
        Known::of(&session, &order.principal_arn, &scopes, &options).await
    };
    let known = read.await.map_err(|error| failed(&error))?;
    tell("writing the policy");
    let order = order.clone();
    let written = tokio::task::spawn_blocking(move || found(&order, &options, &known)).await;
    written.unwrap_or_else(|error| {
        tracing::error!(%error, "a policy was not written");
        Err(service_error("the policy could not be written".to_owned()))
    })
}

fn failed(error: &NoPolicy) -> JobError {
    let code = match error {
        NoPolicy::Lake(trailwright_sql::Error::UnknownPrincipal { .. })
        | NoPolicy::EmptyRange { .. }
        | NoPolicy::TakesNone { .. }
        | NoPolicy::NothingUsed { .. } => ErrorCode::ResourceNotFoundError,
        NoPolicy::TooLarge(_) => ErrorCode::ServiceError,
        NoPolicy::Lake(error) => {
            tracing::error!(error = %Causes(error), "a job failed");
            return service_error(
                "the lake could not be read; the server's log tells more".to_owned(),
            );
        }
    };
    let message = with_hint(error);
    JobError { code, message }
}

fn service_error(message: String) -> JobError {
    JobError {
        code: ErrorCode::ServiceError,
        message,
    }
}

fn found(order: &Order, options: &Options, known: &Known) -> Result<Found, JobError> {
    let target = order.writing.target.into();
    let too_large = |error| failed(&NoPolicy::TooLarge(error));
    let threshold = order.writing.threshold;
    let dossier = known
        .dossier(options, target, threshold)
        .map_err(too_large)?;
    if dossier.is_empty() {
        let principal = known.principal.clone();
        return Err(failed(&NoPolicy::NothingUsed { principal }));
    }
    if let Some(first) = dossier.proof.refused.first() {
        return Err(service_error(format!(
            "the policy would refuse {} of {} requests that were seen, first {} on {}",
            dossier.proof.refused.len(),
            dossier.proof.requests,
            first.action,
            first.resource
        )));
    }
    let options = Options::of(generate::Style::AccessAnalyzer);
    let templates = known.dossier(&options, Target::Managed, threshold);
    let templates = templates.map_err(too_large)?;
    let any = generate::fit(&on_any(&templates.generated.document), Target::Managed);
    Ok(Found {
        policy: Policy::of(&dossier, order.writing.clone()),
        access_analyzer: AccessAnalyzer {
            placeholders: templates.documents,
            any: any
                .map_err(|error| service_error(error.to_string()))?
                .documents,
        },
    })
}

/// The same actions on any resource, as IAM Access Analyzer writes them without placeholders. A
/// statement with conditions, which it never has, stays by itself and keeps them.
fn on_any(document: &PolicyDocument) -> PolicyDocument {
    let (plain, conditional): (Vec<&Statement>, Vec<&Statement>) = document
        .statement
        .iter()
        .partition(|statement| statement.condition.is_empty());
    let actions: BTreeSet<&String> = plain
        .iter()
        .flat_map(|statement| statement.actions.patterns().0)
        .collect();
    let actions: OneOrMany = actions.into_iter().cloned().collect();
    let plain = (!plain.is_empty()).then(|| Statement::allow("", actions, "*".into()));
    let conditional = conditional.into_iter().map(|statement| Statement {
        resources: Some(Resources::Resource("*".into())),
        ..statement.clone()
    });
    let statements = plain.into_iter().chain(conditional).enumerate();
    PolicyDocument::new(
        statements
            .map(|(at, statement)| Statement {
                sid: Some(format!("SupportedServiceSid{at}")),
                ..statement
            })
            .collect(),
    )
}
