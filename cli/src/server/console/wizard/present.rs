//! Which policies does the role or user have now: pasted, or asked of its account?

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};

use super::super::fields::Fields;
use super::super::sign_in::redirect;
use super::super::{Answer, Trouble};
use super::case::Case;
use super::draft::{Draft, Named};
use super::steps::{Step, to};
use crate::iam::{Account, Who};
use crate::server::App;
use crate::server::error::ApiError;

pub(super) async fn keep(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    fields: Fields,
    body: Bytes,
) -> Answer {
    let form = Fields::parse(&body);
    let draft = match form.get("fetch") {
        Some(_) => fetched(&app, &id).await?,
        None => {
            let text = form.get("policy").ok_or_else(|| {
                Trouble::refused("there is no policy to compare with").hint("paste its document")
            })?;
            let text = text.replace("\r\n", "\n");
            let name = "the present policy".to_owned();
            Draft {
                documents: vec![Named { name, text }],
            }
        }
    };
    let name = draft.keep(&app, &id)?;
    Ok(redirect(
        &to(&id, Step::Proof, &fields.with("present", name)),
        None,
    ))
}

/// The policies of a role or user, as its account has them.
async fn fetched(app: &App, id: &str) -> Result<Draft, Trouble> {
    let case = Case::of(app, id).await?;
    let Some(endpoint) = app.iam_endpoint.as_deref() else {
        return Err(Trouble::refused("no account is asked here")
            .hint("start the server with --iam-endpoint-url"));
    };
    let who = Who::parse(case.principal())
        .ok_or_else(|| Trouble::refused("the principal is no role or user"))?;
    let account = Account::connect(endpoint).await;
    let documents = account.documents(&who).await.map_err(ApiError::from)?;
    let documents = documents
        .into_iter()
        .map(|(name, text)| Named { name, text });
    Ok(Draft {
        documents: documents.collect(),
    })
}
