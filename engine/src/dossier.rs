//! What is there to know about the policy of one principal, all in one place?
//!
//! The documents, what stands behind them, what they lack and add, and whether they hold: for the
//! terminal, for files, and for whoever embeds this.

use serde::Serialize;
use serde_json::{Value, json};

use crate::activity::Activity;
use crate::coverage::Coverage;
use crate::explain::{StatementEvidence, explain};
use crate::facts::Circumstance;
use crate::gaps::{Gap, gaps};
use crate::generate::{DoesNotFit, Generated, Options, Split, Target, fit, generate_with};
use crate::permission::Mapper;
use crate::policy::PolicyDocument;
use crate::prove::{Proof, Reach, prove_in, reach};
use crate::reference::{Info, Reference};
use crate::scp;
use crate::time;

/// What the lake tells of a principal.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Its ARN; the id of an account for a service control policy.
    pub principal: &'a str,
    /// What it did.
    pub activity: &'a [Activity],
    /// Under which circumstances; only conditions that are asked for need them.
    pub circumstances: &'a [Circumstance],
    /// What the lake has for the range.
    pub coverage: &'a Coverage,
}

/// The policy of a principal with all that is known of it.
#[derive(Debug, Clone)]
pub struct Dossier {
    /// Whose it is.
    pub principal: String,
    /// The policy as a whole, with what it lacks and adds.
    pub generated: Generated,
    /// The policy as documents that IAM takes.
    pub documents: Vec<PolicyDocument>,
    /// Fewer documents than this cannot hold the policy. Mostly there are no more.
    pub at_least: usize,
    /// Where they are to be attached.
    pub target: Target,
    /// Whether they allow what was seen.
    pub proof: Proof,
    /// What they allow that was not seen.
    pub reach: Vec<Reach>,
    /// What stands behind each statement.
    pub evidence: Vec<StatementEvidence>,
    /// Services of which nobody knows the actions.
    pub gaps: Vec<Gap>,
    /// What the lake has for the range.
    pub coverage: Coverage,
    /// Time of the first event, in microseconds since the epoch.
    pub first_seen: Option<i64>,
    /// Time of the last.
    pub last_seen: Option<i64>,
}

impl Dossier {
    /// The policy for what was seen, as the options ask for it.
    pub fn of(
        seen: &Seen<'_>,
        options: &Options,
        target: Target,
        reference: &Reference,
    ) -> Result<Self, DoesNotFit> {
        let generated = Self::generated(seen, options, target, reference);
        let Split {
            documents,
            at_least,
        } = fit(&generated.document, target)?;
        let activity = seen.activity;
        Ok(Self {
            at_least,
            proof: prove_in(activity, seen.circumstances, &documents),
            reach: reach(activity, &documents, reference),
            evidence: explain(activity, seen.circumstances, &documents, Mapper::bundled()),
            ..Self::new(seen, generated, documents, target, reference)
        })
    }

    /// What is known of a principal whose policy fits nowhere: there are no documents, and so
    /// nothing behind them and nothing to prove.
    pub fn without_documents(
        seen: &Seen<'_>,
        options: &Options,
        target: Target,
        reference: &Reference,
    ) -> Self {
        let generated = Self::generated(seen, options, target, reference);
        Self::new(seen, generated, Vec::new(), target, reference)
    }

    fn generated(
        seen: &Seen<'_>,
        options: &Options,
        target: Target,
        reference: &Reference,
    ) -> Generated {
        match target {
            Target::Scp => scp::allow_list(seen.activity, options, reference),
            _ => generate_with(options, seen.activity, seen.circumstances, reference),
        }
    }

    fn new(
        seen: &Seen<'_>,
        generated: Generated,
        documents: Vec<PolicyDocument>,
        target: Target,
        reference: &Reference,
    ) -> Self {
        let activity = seen.activity;
        Self {
            principal: seen.principal.to_owned(),
            proof: Proof {
                requests: 0,
                refused: Vec::new(),
            },
            reach: Vec::new(),
            evidence: Vec::new(),
            gaps: gaps(activity, &documents, reference),
            at_least: documents.len(),
            coverage: seen.coverage.clone(),
            first_seen: activity.iter().filter_map(|it| it.first_seen).min(),
            last_seen: activity.iter().filter_map(|it| it.last_seen).max(),
            generated,
            documents,
            target,
        }
    }

    /// Whether the documents allow anything. If not, there is no policy to attach.
    pub fn is_empty(&self) -> bool {
        self.generated.document.statement.is_empty()
    }

    /// What stands behind the policy.
    pub fn evidence_value(&self) -> Value {
        let Generated {
            calls,
            widened,
            inferred,
            denied,
            denied_calls,
            unchecked,
            vague,
            generalized,
            unwritable,
            narrowed,
            not_narrowed,
            unfilled,
            ..
        } = &self.generated;
        json!({
            "principal": self.principal,
            "firstSeen": self.first_seen.map(time::to_text),
            "lastSeen": self.last_seen.map(time::to_text),
            "reference": Info::reference_date(),
            "uses": calls,
            "documents": self.documents.len(),
            "documentsAtLeast": self.at_least,
            "statements": self.evidence,
            "widened": widened,
            "inferred": inferred,
            "generalized": generalized,
            "unwritable": unwritable,
            "narrowed": narrowed,
            "notNarrowed": not_narrowed,
            "unfilled": unfilled,
            "denied": denied,
            "deniedCalls": denied_calls,
            "needNoPermission": unchecked,
            "failedWithoutResource": vague,
            "coverage": self.coverage,
        })
    }

    /// The same, as JSON: the file `evidence.json`.
    pub fn evidence_json(&self) -> String {
        to_json(&self.evidence_value())
    }

    /// Whether the policy holds.
    pub fn proof_value(&self) -> Value {
        proof_value(&self.principal, &self.proof, &self.reach)
    }

    /// The same, as JSON: the file `proof.json`.
    pub fn proof_json(&self) -> String {
        to_json(&self.proof_value())
    }

    /// What nobody knows.
    pub fn unmapped_value(&self) -> Value {
        json!({
            "principal": self.principal,
            "services": self.gaps,
        })
    }

    /// The same, as JSON: the file `unmapped.json`.
    pub fn unmapped_json(&self) -> String {
        to_json(&self.unmapped_value())
    }
}

/// Whether documents hold, which may be others than those of a dossier.
pub fn proof_value(principal: &str, proof: &Proof, reach: &[Reach]) -> Value {
    let Proof { requests, refused } = proof;
    json!({
        "principal": principal,
        "requests": requests,
        "allowed": requests - refused.len().min(*requests),
        "holds": proof.holds(),
        "refused": refused,
        "statements": reach,
    })
}

/// JSON as people read it, with a newline at its end.
pub(crate) fn to_json(value: &impl Serialize) -> String {
    // Plain data always has a JSON form.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::activity::{Need, Outcome};
    use crate::generate::Style;
    use crate::permission::Origin;

    fn seen(event: u32, key: u32, denied: bool) -> Activity {
        let (source, name, action) = match event % 4 {
            0 => ("s3.amazonaws.com", "GetObject", Some("s3:GetObject")),
            1 => ("s3.amazonaws.com", "PutObject", Some("s3:PutObject")),
            2 => ("kms.amazonaws.com", "Decrypt", Some("kms:Decrypt")),
            _ => ("sqs.amazonaws.com", "Frobnicate", None),
        };
        Activity {
            principal: "arn:aws:iam::1:role/r".to_owned(),
            event_source: source.to_owned(),
            event_name: name.to_owned(),
            need: action.map_or(Need::Unknown, |action| Need::Permission {
                action: action.to_owned(),
                resource: format!("arn:aws:s3:::b/{key}"),
                origin: Origin::Event,
                conditions: Vec::new(),
            }),
            outcome: match denied {
                true => Outcome::Denied,
                false => Outcome::Allowed,
            },
            count: u64::from(key),
            events: u64::from(key),
            first_seen: Some(i64::from(key)),
            last_seen: Some(i64::from(key) * 2),
            sample_event_id: Some(format!("{event}-{key}")),
        }
    }

    fn dossier(activity: &[Activity], style: Style) -> Dossier {
        let seen = Seen {
            principal: "arn:aws:iam::1:role/r",
            activity,
            circumstances: &[],
            coverage: &Coverage::default(),
        };
        let options = Options::of(style);
        Dossier::of(&seen, &options, Target::Managed, Reference::bundled()).unwrap()
    }

    fn bytes(dossier: &Dossier) -> String {
        let documents = dossier.documents.iter().map(PolicyDocument::to_json);
        let documents: String = documents.collect();
        documents + &dossier.evidence_json() + &dossier.proof_json() + &dossier.unmapped_json()
    }

    proptest! {
        #[test]
        fn the_order_of_activity_makes_no_difference(
            pieces in prop::collection::btree_map((0..4_u32, 0..12_u32), any::<bool>(), 1..30),
            style in prop::sample::select(vec![
                Style::Exact,
                Style::AccessAnalyzer,
                Style::Compact { threshold: 2 },
            ]),
            seed in any::<u64>(),
        ) {
            let activity: Vec<Activity> = pieces
                .into_iter()
                .map(|((event, key), denied)| seen(event, key, denied))
                .collect();
            let mut mixed = activity.clone();
            mixed.sort_by_key(|it| {
                let id = it.sample_event_id.clone().unwrap_or_default();
                id.bytes().fold(seed, |hash, byte| {
                    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
                })
            });
            prop_assert_eq!(bytes(&dossier(&activity, style)), bytes(&dossier(&mixed, style)));
        }
    }

    #[test]
    fn a_dossier_tells_what_one_may_add() {
        let dossier = dossier(&[seen(0, 1, false), seen(3, 2, false)], Style::Exact);
        let gap = dossier.gaps.first().unwrap();
        assert_eq!((gap.service, gap.calls()), (Some("sqs"), 2));
        assert!(gap.actions.contains(&"sqs:SendMessage".to_owned()));
        assert!(dossier.proof.holds());
        let reach = dossier.reach.first().unwrap();
        assert_eq!((reach.exact, reach.widened, reach.unseen), (1, 0, 0));
    }
}
