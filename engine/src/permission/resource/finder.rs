//! Services whose requests name resources in a way of their own, one file each.

mod account;
mod amplify;
mod api_gateway;
mod autoscaling;
mod backup;
mod bedrock;
mod codebuild;
mod dynamodb;
mod ec2;
mod ecs;
mod eks;
mod elasticloadbalancing;
mod events;
mod health;
mod iam;
mod kms;
mod lambda;
mod lex;
mod logs;
mod quicksight;
mod s3;
mod s3express;
mod sagemaker;
mod secretsmanager;
mod ses;
mod sns;
mod sqs;
mod ssm;
mod states;
mod wafv2;

use super::arn_text::{self, Named};
use super::{Found, PlannedAction, place::Place};
use crate::permission::Origin;
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
const FINDERS: [(&str, Finder); 32] = [
    ("account", account::find),
    ("amplify", amplify::find),
    ("apigateway", api_gateway::find),
    ("autoscaling", autoscaling::find),
    ("backup", backup::find),
    ("bedrock", bedrock::find),
    ("codebuild", codebuild::find),
    ("dynamodb", dynamodb::find),
    ("dax", dynamodb::find),
    ("ec2", ec2::find),
    ("ecs", ecs::find),
    ("eks", eks::find),
    ("elasticloadbalancing", elasticloadbalancing::find),
    ("events", events::find),
    ("health", health::find),
    ("iam", iam::find),
    ("kms", kms::find),
    ("lambda", lambda::find),
    ("lex", lex::find),
    ("logs", logs::find),
    ("quicksight", quicksight::find),
    ("s3", s3::find),
    ("s3-object-lambda", s3::find),
    ("s3express", s3express::find),
    ("sagemaker", sagemaker::find),
    ("secretsmanager", secretsmanager::find),
    ("ses", ses::find),
    ("sns", sns::find),
    ("sqs", sqs::find),
    ("ssm", ssm::find),
    ("states", states::find),
    ("wafv2", wafv2::find),
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
            .plan
            .types
            .iter()
            .any(|accepted| accepted.kind.name.eq_ignore_ascii_case(kind))
    }

    /// The ARNs that the event spells out.
    fn named(&self) -> Vec<Named<'_>> {
        arn_text::named(self.info, self.planned.plan.kinds)
    }

    /// Every resource of a type that the action accepts.
    fn widened(&self, kind: &str) -> Vec<Found> {
        let accepted = self.planned.plan.types.iter();
        accepted
            .filter(|accepted| accepted.kind.name == kind)
            .flat_map(|accepted| accepted.widened(self.place, Origin::Widened))
            .collect()
    }

    /// What the general way finds.
    fn generic(&self) -> Vec<Found> {
        super::generic(self.planned, self.info, self.place)
    }

    /// The same, and behind it what `more` makes of each.
    fn generic_and(&self, more: impl Fn(&Found) -> Option<Found>) -> Vec<Found> {
        let mut found = self.generic();
        let more: Vec<Found> = found.iter().filter_map(more).collect();
        found.extend(more);
        found
    }

    /// An ARN in the call's place, the resource in pieces.
    fn arn(&self, service: &str, resource: &[&str]) -> String {
        let Place {
            partition,
            region,
            account,
        } = self.place;
        let place = [
            "arn:", partition, ":", service, ":", region, ":", account, ":",
        ];
        let length = |pieces: &[&str]| pieces.iter().map(|it| it.len()).sum::<usize>();
        let mut arn = String::with_capacity(length(&place) + length(resource));
        arn.extend(place);
        arn.extend(resource.iter().copied());
        arn
    }
}
