//! Services whose requests name resources in a way of their own, one file each.

mod api_gateway;
mod bedrock;
mod dynamodb;
mod ec2;
mod iam;
mod kms;
mod lambda;
mod logs;
mod s3;
mod secretsmanager;
mod sqs;
mod ssm;

use super::{Found, PlannedAction, place::Place};
use crate::permission::call::CallInfo;
use crate::reference::Reference;

/// All that a finder may look at.
#[derive(Clone, Copy)]
struct Search<'s, 'a> {
    planned: &'s PlannedAction,
    info: &'s CallInfo<'a>,
    place: &'s Place<'s>,
    reference: &'static Reference,
}

/// A finder answers, or leaves the search to the general way.
type Finder = fn(Search<'_, '_>) -> Option<Vec<Found>>;

/// The finder of each service that has one, by the prefix of the action.
const FINDERS: [(&str, Finder); 14] = [
    ("apigateway", api_gateway::find),
    ("bedrock", bedrock::find),
    ("dynamodb", dynamodb::find),
    ("dax", dynamodb::find),
    ("ec2", ec2::find),
    ("iam", iam::find),
    ("kms", kms::find),
    ("lambda", lambda::find),
    ("logs", logs::find),
    ("s3", s3::find),
    ("s3-object-lambda", s3::find),
    ("secretsmanager", secretsmanager::find),
    ("sqs", sqs::find),
    ("ssm", ssm::find),
];

/// What the finder of the action's service finds.
pub(super) fn special(
    planned: &PlannedAction,
    info: &CallInfo<'_>,
    place: &Place<'_>,
    reference: &'static Reference,
) -> Option<Vec<Found>> {
    let prefix = planned.action.prefix;
    let (_, finder) = FINDERS.iter().find(|(of, _)| *of == prefix)?;
    let search = Search {
        planned,
        info,
        place,
        reference,
    };
    finder(search).filter(|found| !found.is_empty())
}

impl Search<'_, '_> {
    /// Whether the action accepts resources of this type.
    fn accepts(&self, kind: &str) -> bool {
        self.planned
            .types
            .iter()
            .any(|accepted| accepted.kind.name.eq_ignore_ascii_case(kind))
    }

    /// What the general way finds.
    fn generic(&self) -> Vec<Found> {
        super::generic(self.planned, self.info, self.place, self.reference)
    }

    /// `arn:PARTITION:SERVICE:REGION:ACCOUNT:` in the call's place.
    fn arn(&self, service: &str, resource: &str) -> String {
        let Place {
            partition,
            region,
            account,
        } = self.place;
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}
