//! API Gateway: the ARN is the path of the HTTP API that was called.

use super::{Found, Search};
use crate::permission::Origin;
use crate::permission::members::normal;
use crate::permission::percent::encoded_arn;
use crate::permission::resource::arn_text::escaped_name;
use crate::permission::rule::api_gateway::variables;

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let template = search.planned.path?;
    let request = search.info.request();
    let mut path = template.strip_prefix("/v2").unwrap_or(template).to_owned();
    let mut origin = Origin::Event;
    for variable in variables(template) {
        let value = match request.get(&normal(variable)) {
            // The tags of a resource lie under its encoded ARN.
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
    Some(vec![Found {
        origin,
        ..Found::event(format!("arn:{partition}:apigateway:{region}::{path}"))
    }])
}
