//! Which accounts, regions and days does the lake have? A day that is not there is no day without
//! use.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use trailwright_engine::coverage::{Coverage, Covered};

use super::request::{Asked, range};
use crate::args::RangeArgs;
use crate::server::App;
use crate::server::error::ApiError;

#[derive(Serialize)]
pub(super) struct Answer {
    coverage: Coverage,
    /// In order of account, region and day.
    days: Vec<Day>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Day {
    account: String,
    region: String,
    day: String,
    events: u64,
    /// The service, if these are data events.
    #[serde(skip_serializing_if = "Option::is_none")]
    data_events_of: Option<String>,
}

impl From<Covered> for Day {
    fn from(covered: Covered) -> Self {
        Self {
            day: covered.day_text(),
            account: covered.account,
            region: covered.region,
            events: covered.events,
            data_events_of: covered.data_events_of,
        }
    }
}

pub(super) async fn answer(
    State(app): State<Arc<App>>,
    Asked(said): Asked<RangeArgs>,
) -> Result<Json<Answer>, ApiError> {
    let range = range(&said)?;
    let _place = app.query_place().await;
    let covered = app.lake.guarded(range).await?.covered(&[]).await?;
    Ok(Json(Answer {
        coverage: Coverage::of(&covered, range),
        days: covered.into_iter().map(Day::from).collect(),
    }))
}
