//! SNS: a text message goes to a phone number, which is no resource that a policy could name, and
//! a subscription is checked as its topic.

use super::{Found, Search};
use crate::permission::Origin;
use crate::permission::resource::arn_text::escaped;

pub(super) fn find(search: Search<'_, '_>) -> Option<Vec<Found>> {
    let call = search.info.call;
    if let Some(subscription) = search.info.request().get("subscriptionarn") {
        // `TOPIC:ID`; of one that waits to be confirmed no more is told.
        let (topic, _) = subscription.rsplit_once(':')?;
        let is_topic = topic.split(':').count() == 6 && search.accepts("topic");
        return is_topic.then(|| vec![Found::event(escaped(topic))]);
    }
    let to_phone = call.event_name == "Publish" && search.info.request().has("phoneNumber");
    to_phone.then(|| {
        vec![Found {
            origin: Origin::Widened,
            ..Found::any()
        }]
    })
}
