//! API Gateway: the ARN is the path of the HTTP API that was called. The tags of a resource lie
//! under its encoded ARN, in which the second version of the API has its number.

use super::{Found, Search};
use crate::permission::Origin;
use crate::permission::members::normal;
use crate::permission::percent::encoded_arn;
use crate::permission::resource::arn_text::escaped_name;
use crate::permission::rule::api_gateway::{SECOND, variables};

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let template = search.planned.path?;
    let request = search.info.request();
    let is_tagging = search.planned.tags_made;
    let mut path = match template.strip_prefix(SECOND) {
        Some(path) if !is_tagging => path.to_owned(),
        _ => template.to_owned(),
    };
    let mut origin = Origin::Event;
    for variable in variables(template) {
        let value = match request.get(&normal(variable)) {
            Some(value) if value.starts_with("arn:") => {
                escaped_name(&encoded_arn(value)).into_owned()
            }
            Some(value) => escaped_name(value).into_owned(),
            None => {
                origin = Origin::Partial;
                "*".to_owned()
            }
        };
        path = path.replace(&format!("{{{variable}}}"), &value);
    }
    let (partition, region) = (search.place.partition, search.place.region);
    let arn = |path: &str| format!("arn:{partition}:apigateway:{region}::{path}");
    if is_tagging {
        // What is made has an id that is not known before.
        let made = encoded_arn(&arn(&path));
        return Some(vec![Found {
            origin: Origin::Partial,
            ..Found::event(arn(&format!("/tags/{made}%2F*")))
        }]);
    }
    Some(vec![Found {
        origin,
        ..Found::event(arn(&path))
    }])
}
