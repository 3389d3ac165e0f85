//! Bedrock: what `modelId` names is told by its shape.

use super::{Found, Search};
use crate::permission::Origin;
use crate::permission::resource::arn_text::{escaped, escaped_name};

/// The geographies that the ids of cross-region inference profiles begin with.
const GEOGRAPHIES: [&str; 8] = ["us", "eu", "apac", "us-gov", "global", "jp", "au", "ca"];

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    if !search.accepts("foundation-model") {
        return None;
    }
    let request = search.info.request();
    let model = request
        .get("modelid")
        .or_else(|| request.get("modelidentifier"))?;
    let (partition, region) = (search.place.partition, search.place.region);
    let foundation = |region: &str, model: &str| {
        Found::event(format!(
            "arn:{partition}:bedrock:{region}::foundation-model/{}",
            escaped_name(model)
        ))
    };
    let is_arn = model.starts_with("arn:");
    let id = match is_arn {
        true => model.rsplit('/').next()?,
        false => model,
    };
    let (first, rest) = id.split_once('.').unwrap_or(("", id));
    if GEOGRAPHIES.contains(&first) && rest.contains('.') {
        // A profile needs the model in each region that it may choose.
        let profile = match is_arn {
            true => escaped(model),
            false => search.arn("bedrock", &["inference-profile/", &escaped_name(id)]),
        };
        let behind = Found {
            origin: Origin::Partial,
            ..foundation("*", rest)
        };
        return Some(vec![Found::event(profile), behind]);
    }
    if model.contains(":application-inference-profile/") {
        // It needs its model besides, which its id does not tell.
        let mut found = search.widened("foundation-model");
        for one in &mut found {
            one.arn = format!("arn:{partition}:bedrock:*::foundation-model/*");
        }
        found.insert(0, Found::event(escaped(model)));
        return Some(found);
    }
    match is_arn {
        true => Some(vec![Found::event(escaped(model))]),
        false => model.contains('.').then(|| vec![foundation(region, model)]),
    }
}
