//! Health: events are named in what a listing is narrowed to, and are checked all the same.

use serde_json::Value;

use super::{Found, Search};
use crate::permission::resource::arn_text::escaped;

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    if !search.accepts("event") {
        return None;
    }
    let arns = search.info.request_value().pointer("/filter/eventArns")?;
    let arns = arns.as_array()?.iter().filter_map(Value::as_str);
    let arns = arns.filter(|arn| arn.starts_with("arn:"));
    Some(arns.map(|arn| Found::event(escaped(arn))).collect())
}
