//! How does an answer become a file?

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use trailwright_sql::{Limits, named_queries};

use super::super::fields::Fields;
use super::super::layout::protect;
use super::super::trouble::Trouble;
use super::super::{Answer, attachment};
use super::answer::session;
use super::question::Question;
use crate::output::{Form, Output};
use crate::server::App;

pub(in super::super) async fn answer(State(app): State<Arc<App>>, fields: Fields) -> Answer {
    let named = named_queries(None)?;
    let question = Question::of(&fields, &named);
    let question = question.ok_or_else(|| Trouble::refused("no query is named"))?;
    let (output, kind, name) = match fields.get("format") {
        Some("parquet") => (
            Output::Parquet,
            "application/vnd.apache.parquet",
            "answer.parquet",
        ),
        _ => (Output::Csv, "text/csv; charset=utf-8", "answer.csv"),
    };
    let (text, values) = question.bound()?;
    let _place = app.queries.acquire().await;
    let session = session(&app, &fields, Limits::guarded().rows).await?;
    let answer = session.sql_with(text, None, &values).await?;
    let mut file = Vec::new();
    let written = Form::of_file().write(output, answer, &mut file).await;
    written.map_err(|error| {
        let hint = error.help().map(|it| it.to_string());
        Trouble::refused(error.to_string()).hint(hint.unwrap_or_default())
    })?;
    let mut response = file.into_response();
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    attachment(&mut response, name);
    protect(&mut response);
    Ok(response)
}
