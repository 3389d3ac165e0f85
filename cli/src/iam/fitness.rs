//! Is a policy one that may be applied?

use miette::Diagnostic;
use trailwright_engine::PolicyDocument;
use trailwright_engine::generate::{Target, placeholders};
use trailwright_engine::prove::Proof;

/// A policy that is not applied.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub(crate) enum NotApplied {
    #[error(
        "the policy would refuse {refused} of {requests} requests that were seen, first {action} on {resource}"
    )]
    #[diagnostic(help("a policy is applied only if its proof holds"))]
    NotProven {
        refused: usize,
        requests: usize,
        action: String,
        resource: String,
    },
    #[error("placeholder `${{{name}}}` has no value")]
    #[diagnostic(help("give it one: --set {name}=VALUE"))]
    Unfilled { name: String },
    #[error("document {number} is {size} characters, a managed policy takes {limit}")]
    #[diagnostic(help(
        "move statements of it to another document; --style compact writes patterns for resources that are alike"
    ))]
    TooLarge {
        number: usize,
        size: usize,
        limit: usize,
    },
}

/// Refuses what would lock somebody out, or does not say what it grants.
pub(crate) fn fit_to_apply(proof: &Proof, documents: &[PolicyDocument]) -> Result<(), NotApplied> {
    let statements = documents.iter().flat_map(|it| &it.statement);
    let resources = statements.filter_map(|it| it.resources.as_ref());
    let mut resources = resources.flat_map(|it| it.patterns().0);
    if let Some(name) = resources.find_map(|it| placeholders(it).first().map(|it| (*it).to_owned()))
    {
        return Err(NotApplied::Unfilled { name });
    }
    if let Some(first) = proof.refused.first() {
        return Err(NotApplied::NotProven {
            refused: proof.refused.len(),
            requests: proof.requests,
            action: first.action.clone(),
            resource: first.resource.clone(),
        });
    }
    let limit = Target::Managed.limit();
    for (at, document) in documents.iter().enumerate() {
        let size = document.size();
        if size > limit {
            return Err(NotApplied::TooLarge {
                number: at + 1,
                size,
                limit,
            });
        }
    }
    Ok(())
}
