//! Lambda: a function is named by its name, its ARN or a part of it, perhaps with a qualifier.

use super::{Found, Search};
use crate::permission::resource::arn_text::{escaped, escaped_name};

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    if search.accepts("layerVersion") {
        return layer_version(search);
    }
    let of_function = ["function", "function alias", "function version"];
    if !of_function.iter().any(|kind| search.accepts(kind)) {
        return None;
    }
    let request = || search.info.request();
    let mut listed = search.info.resource_arns().iter().map(|one| &*one.arn);
    let is_one = |name: &&str| name.contains(":function:") || !name.starts_with("arn:");
    let named = listed
        .find(is_one)
        .or_else(|| request().get("functionname").filter(is_one))?;
    // `NAME`, `NAME:QUALIFIER`, `ACCOUNT:function:NAME` and the full ARN.
    let (head, rest) = named.rsplit_once("function:").unwrap_or(("", named));
    let mut parts = rest.splitn(2, ':');
    let name = parts.next().filter(|name| !name.is_empty())?;
    let qualifier = parts.next().or_else(|| request().get("qualifier"));
    let arn = match head.strip_suffix(':') {
        Some(arn) if arn.starts_with("arn:") => format!("{arn}:function:{name}"),
        Some(account) if !account.is_empty() => {
            let (partition, region) = (search.place.partition, search.place.region);
            format!("arn:{partition}:lambda:{region}:{account}:function:{name}")
        }
        _ => search.arn("lambda", &["function:", name]),
    };
    let base = escaped(&arn);
    // The reference lists aliases and versions for some of the actions only; IAM compares the
    // ARN with its qualifier for all of them.
    Some(vec![Found::event(match qualifier {
        Some(qualifier) => format!("{base}:{}", escaped_name(qualifier)),
        None => base,
    })])
}

/// A version of a layer whose ARN, perhaps of another account, and number are given.
fn layer_version(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let request = search.info.request();
    let layer = request.get("layername")?;
    let (_, name) = layer.strip_prefix("arn:")?.split_once(":layer:")?;
    let version = request.get("versionnumber")?;
    let arn = format!("{layer}:{version}");
    (!name.contains(':')).then(|| vec![Found::event(escaped(&arn))])
}
