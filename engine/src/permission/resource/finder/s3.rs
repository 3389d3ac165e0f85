//! S3: the source of a copy is in a header of its own, and a bucket may be an access point.

use super::{Found, Search};
use crate::permission::Origin;
use crate::permission::percent::decoded;
use crate::permission::resource::arn_text::{escaped, escaped_name};

/// Actions that a copy needs on its source.
const OF_SOURCE: [&str; 4] = [
    "GetObject",
    "GetObjectVersion",
    "GetObjectTagging",
    "GetObjectVersionTagging",
];

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let request = search.info.request();
    let copies = matches!(search.info.call.event_name, "CopyObject" | "UploadPartCopy");
    if copies && OF_SOURCE.contains(&search.planned.action.name) {
        return Some(vec![source_of_copy(search)]);
    }
    let Some(bucket) = request.get("bucketname") else {
        return search.accepts("bucket").then(|| of_host(search)).flatten();
    };
    let on_objects = search.accepts("object");
    if bucket.starts_with("arn:") {
        // An access point: its objects lie below it.
        let key = request.get("key").map_or("*".into(), escaped_name);
        let bucket = escaped(bucket);
        return on_objects.then(|| vec![Found::event(format!("{bucket}/object/{key}"))]);
    }
    if !on_objects {
        return None;
    }
    let (partition, bucket) = (search.place.partition, escaped_name(bucket));
    let (key, origin) = match request.get("key") {
        Some(key) => (escaped_name(key), Origin::Event),
        // Objects that are deleted by a list are named in `resources`, if at all.
        None => return None,
    };
    Some(vec![Found {
        origin,
        ..Found::event(["arn:", partition, ":s3:::", &bucket, "/", &key].concat())
    }])
}

/// The bucket that the host of the request is named for, `logs.s3.us-east-1.amazonaws.com`, where
/// nothing else names it.
fn of_host(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let host = search.info.request().get("host")?;
    let named = search.info.resource_arns().is_empty();
    let (bucket, _) = host.split_once(".s3.").filter(|_| named)?;
    let (partition, bucket) = (search.place.partition, escaped_name(bucket));
    Some(vec![Found::event(format!("arn:{partition}:s3:::{bucket}"))])
}

/// The object that was copied: `x-amz-copy-source` is `[/]BUCKET/KEY[?versionId=ID]`, encoded.
fn source_of_copy(search: Search<'_, '_>) -> Found {
    let partition = search.place.partition;
    let source = search.info.request().get("xamzcopysource");
    let source = source.map(|source| decoded(source.trim_start_matches('/')));
    let object = source
        .as_deref()
        .map(|source| source.split("?versionId=").next().unwrap_or(source));
    match object {
        Some(arn) if arn.starts_with("arn:") => Found::event(escaped(arn)),
        Some(object) if object.contains('/') => {
            Found::event(format!("arn:{partition}:s3:::{}", escaped_name(object)))
        }
        _ => Found {
            origin: Origin::Widened,
            ..Found::event(format!("arn:{partition}:s3:::*/*"))
        },
    }
}
