//! S3 directory buckets: a session is authorized for a bucket, whatever objects it is used on.

use super::{Found, Search};

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let mut found = search.generic();
    for one in &mut found {
        if let Some((place, name)) = one.arn.split_once(":bucket/")
            && let Some((bucket, _)) = name.split_once('/')
        {
            one.arn = format!("{place}:bucket/{bucket}");
        }
    }
    found.dedup();
    Some(found)
}
