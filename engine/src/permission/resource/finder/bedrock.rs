//! Bedrock: what `modelId` names is told by its shape.

use super::{Found, Search};
use crate::permission::resource::arn_text::escaped_name;

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
    if model.starts_with("arn:") {
        return None;
    }
    let (partition, region) = (search.place.partition, search.place.region);
    let (first, rest) = model.split_once('.')?;
    let foundation = |region: &str, model: &str| {
        Found::event(format!(
            "arn:{partition}:bedrock:{region}::foundation-model/{}",
            escaped_name(model)
        ))
    };
    if GEOGRAPHIES.contains(&first) && rest.contains('.') {
        // A profile needs the model in each region that it may choose.
        let profile = search.arn(
            "bedrock",
            &format!("inference-profile/{}", escaped_name(model)),
        );
        let mut behind = foundation("*", rest);
        behind.origin = crate::permission::Origin::Partial;
        return Some(vec![Found::event(profile), behind]);
    }
    Some(vec![foundation(region, model)])
}
