//! Which documents does a page speak of: those that were generated, or a draft?

use std::sync::Arc;

use trailwright_engine::dossier::Dossier;
use trailwright_engine::policy::PolicyError;
use trailwright_engine::prove::{Proof, Reach, prove_in, reach};
use trailwright_engine::{PolicyDocument, Reference};

use super::super::fields::Fields;
use super::super::trouble::Trouble;
use super::case::Case;
use super::choice::Choice;
use super::draft::Draft;
use crate::server::App;
use crate::server::error::ApiError;

/// The documents of a page, and what they are made of.
pub(super) struct Written {
    pub(super) case: Arc<Case>,
    /// As generated, by the choices in the URL.
    pub(super) dossier: Arc<Dossier>,
    /// As edited, if they were.
    pub(super) draft: Option<Vec<String>>,
    /// Whether there are conditions that were made of the calls' circumstances.
    narrows: bool,
}

/// Documents with their proof.
pub(super) struct Proven {
    pub(super) documents: Vec<PolicyDocument>,
    pub(super) proof: Proof,
    pub(super) reach: Vec<Reach>,
}

/// A document that is none.
pub(super) struct Broken {
    pub(super) number: usize,
    pub(super) error: PolicyError,
}

/// Runs work that takes long on a thread of its own.
pub(super) async fn at_work<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Trouble> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "work on a policy was broken off");
        ApiError::internal().into()
    })
}

impl Written {
    /// The documents that the URL of a page means.
    pub(super) async fn of(app: &App, id: &str, fields: &Fields) -> Result<Self, Trouble> {
        let case = Case::of(app, id).await?;
        let choice = Choice::of(fields)?;
        let narrows = choice.options.needs_circumstances();
        let dossier = case.dossier(app, choice).await?;
        let dossier = dossier.map_err(|error| {
            Trouble::refused(error.to_string()).hint(
                "go back to customize, and choose the compact style or another place to attach it",
            )
        })?;
        let draft = match fields.get("draft") {
            None => None,
            Some(name) => {
                let draft = Draft::read(app, id, name)?;
                Some(draft.documents.into_iter().map(|it| it.text).collect())
            }
        };
        Ok(Self {
            case,
            dossier,
            draft,
            narrows,
        })
    }

    /// The texts of the documents.
    pub(super) fn texts(&self) -> Vec<String> {
        match &self.draft {
            Some(texts) => texts.clone(),
            None => self
                .dossier
                .documents
                .iter()
                .map(PolicyDocument::to_json)
                .collect(),
        }
    }

    /// The documents, if all of them are such.
    pub(super) fn documents(&self) -> Result<Vec<PolicyDocument>, Broken> {
        let Some(texts) = &self.draft else {
            return Ok(self.dossier.documents.clone());
        };
        let documents = texts.iter().enumerate().map(|(at, text)| {
            text.parse().map_err(|error| Broken {
                number: at + 1,
                error,
            })
        });
        documents.collect()
    }

    /// The documents with their proof, if all of them are such.
    pub(super) async fn proven(&self) -> Result<Result<Proven, Broken>, Trouble> {
        if self.draft.is_none() {
            return Ok(Ok(Proven {
                documents: self.dossier.documents.clone(),
                proof: self.dossier.proof.clone(),
                reach: self.dossier.reach.clone(),
            }));
        }
        let documents = match self.documents() {
            Ok(documents) => documents,
            Err(broken) => return Ok(Err(broken)),
        };
        let (case, narrows) = (Arc::clone(&self.case), self.narrows);
        let proven = at_work(move || Proven {
            proof: prove_in(
                &case.activity,
                case.known_circumstances(narrows),
                &documents,
            ),
            reach: reach(&case.activity, &documents, Reference::bundled()),
            documents,
        });
        Ok(Ok(proven.await?))
    }
}

impl Broken {
    /// What is wrong, and where.
    pub(super) fn told(&self) -> String {
        let Self { number, error } = self;
        format!(
            "document {number} is no policy: {} at line {}, column {}",
            error.message, error.line, error.column
        )
    }
}
