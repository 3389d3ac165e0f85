//! EKS: an access entry is named by the principal that it is for.

use super::{Found, Search};
use crate::permission::Origin;
use crate::permission::resource::arn_text::escaped_name;

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    if !search.accepts("access-entry") {
        return None;
    }
    let request = search.info.request();
    let cluster = request.get("clustername").or_else(|| request.get("name"))?;
    let principal = request.get("principalarn")?;
    let mut fields = principal.splitn(6, ':').skip(4);
    let (account, rest) = (fields.next()?, fields.next()?);
    let (kind, name) = rest.split_once('/')?;
    let name = name.rsplit('/').next().unwrap_or(name);
    let [cluster, kind, account, name] = [cluster, kind, account, name].map(escaped_name);
    let resource = [
        "access-entry/",
        &*cluster,
        "/",
        &*kind,
        "/",
        &*account,
        "/",
        &*name,
        "/*",
    ];
    Some(vec![Found {
        origin: Origin::Partial,
        ..Found::event(search.arn("eks", &resource))
    }])
}
