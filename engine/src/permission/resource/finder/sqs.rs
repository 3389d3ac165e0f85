//! SQS: requests name a queue by its URL, `https://sqs.us-east-1.amazonaws.com/111122223333/jobs`.

use super::{Found, Search};
use crate::permission::resource::arn_text::escaped;

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let request = search.info.request();
    if search.info.call.event_name == "StartMessageMoveTask" {
        let member = match search.planned.action.name {
            "SendMessage" => "destinationarn",
            _ => "sourcearn",
        };
        return Some(match request.get(member) {
            Some(arn) if arn.starts_with("arn:") => vec![Found::event(escaped(arn))],
            // Messages go back to where they came from.
            _ => search.widened("queue"),
        });
    }
    let url = request
        .get("queueurl")
        .or_else(|| search.info.response().get("queueurl"))?;
    let (_, path) = url.split_once("://")?;
    let mut parts = path.split('/').skip(1);
    let (account, name) = (parts.next()?, parts.next()?);
    let (partition, region) = (search.place.partition, search.place.region);
    let arn = format!("arn:{partition}:sqs:{region}:{account}:{name}");
    Some(vec![Found::event(escaped(&arn))])
}
