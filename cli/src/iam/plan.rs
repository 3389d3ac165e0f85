//! What would change, and what would that mean?

use std::collections::BTreeMap;

use serde::Serialize;
use trailwright_engine::PolicyDocument;
use trailwright_engine::contain::{Check, CheckResult, check_no_new_access};
use trailwright_engine::generate::Target;

use super::account::{Account, AccountError, Attached, Inline, MOST_VERSIONS, Version, Who};
use super::difference::Difference;

/// What is wanted.
pub(crate) struct Wanted {
    /// Name of the managed policies; a number is added where there are several.
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) tags: BTreeMap<String, String>,
    /// The policy, cut into documents that IAM takes.
    pub(crate) documents: Vec<PolicyDocument>,
    pub(crate) old: Old,
}

/// What is to become of the policies that are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Old {
    /// All are taken away.
    Goes,
    /// Those of these names or ARNs are taken away. The others stay.
    Stays { but: Vec<String> },
}

/// What is there, and what is to be.
pub(crate) struct Plan {
    pub(crate) who: Who,
    pub(super) description: String,
    pub(super) tags: BTreeMap<String, String>,
    /// What stands to be attached.
    pub(super) new: Vec<Managed>,
    pub(super) attached: Vec<Attached>,
    pub(super) inline: Vec<Inline>,
    old: Old,
    /// Whether the new policy grants what the present ones do not.
    new_access: Option<Check>,
    /// Whether the present policies grant what the new one does not.
    lost_access: Option<Check>,
    /// What is granted by words that are new, and what no longer is.
    pub(crate) difference: Difference,
}

/// A managed policy that is to be attached.
pub(super) struct Managed {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) document: String,
    /// The versions that it has now, if it is there.
    pub(super) present: Option<Vec<Version>>,
}

/// A part of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Step {
    /// `create and attach`, `detach`, `keep` ...
    pub(crate) action: &'static str,
    /// An ARN, or the name of an inline policy.
    pub(crate) what: String,
}

impl Managed {
    /// The document that counts now.
    fn present_document(&self) -> Option<&str> {
        let versions = self.present.as_ref()?;
        let default = versions.iter().find(|it| it.is_default)?;
        Some(&default.document)
    }

    /// Whether it is as wanted already.
    pub(super) fn is_up_to_date(&self) -> bool {
        self.present_document()
            .is_some_and(|present| same(present, &self.document))
    }

    /// The version that must go to make room, as a policy has no more than five: the oldest that
    /// does not count.
    pub(super) fn version_to_delete(&self) -> Option<&Version> {
        let versions = self.present.as_ref()?;
        if self.is_up_to_date() || versions.len() < MOST_VERSIONS {
            return None;
        }
        let spare = versions.iter().filter(|it| !it.is_default);
        spare.min_by_key(|it| it.number())
    }
}

/// Whether two texts are the same policy.
pub(super) fn same(one: &str, other: &str) -> bool {
    let parsed = |text: &str| text.parse::<PolicyDocument>().ok();
    one == other || parsed(one).is_some_and(|one| Some(one) == parsed(other))
}

impl Plan {
    /// Looks at the account, and changes nothing.
    pub(crate) async fn make(
        account: &Account,
        who: Who,
        wanted: Wanted,
    ) -> Result<Self, AccountError> {
        account.must_know(&who).await?;
        let attached = account.attached(&who).await?;
        let inline = account.inline(&who).await?;
        if let Old::Stays { but } = &wanted.old {
            let known = |name: &String| {
                attached.iter().any(|it| it.is(name)) || inline.iter().any(|it| it.name == *name)
            };
            if let Some(unknown) = but.iter().find(|name| !known(name)) {
                return Err(AccountError::refused(
                    format!("detach {unknown}"),
                    format!("{} has no policy of that name or ARN", who.arn),
                    "leave out --detach to see which it has",
                ));
            }
        }
        let (partition, number) = who.account();
        let mut new = Vec::new();
        for (at, document) in wanted.documents.iter().enumerate() {
            let name = match wanted.documents.len() {
                1 => wanted.name.clone(),
                _ => format!("{}-{}", wanted.name, at + 1),
            };
            let arn = format!("arn:{partition}:iam::{number}:policy/{name}");
            let own = u32::from(attached.iter().any(|it| it.arn == arn));
            let others = account.attachments(&arn).await?.saturating_sub(own);
            let managed = Managed {
                present: account.versions(&arn).await?,
                document: document.to_json(),
                name,
                arn,
            };
            if others > 0 && !managed.is_up_to_date() {
                return Err(AccountError::refused(
                    format!("give {} another version", managed.arn),
                    format!("{others} others have it attached, and would get this policy, too"),
                    "choose another name for it",
                ));
            }
            new.push(managed);
        }
        let present = || {
            let managed = attached.iter().map(|it| it.document.as_str());
            managed.chain(inline.iter().map(|it| it.document.as_str()))
        };
        let before = together(present());
        let alone = together(new.iter().map(|it| it.document.as_str()));
        let compared = |one: &Option<PolicyDocument>, other: &Option<PolicyDocument>| {
            Some(check_no_new_access(one.as_ref()?, other.as_ref()?))
        };
        let mut plan = Self {
            new_access: compared(&before, &alone),
            lost_access: compared(&alone, &before),
            difference: Difference::default(),
            description: wanted.description,
            tags: wanted.tags,
            who,
            new,
            attached,
            inline,
            old: wanted.old,
        };
        plan.difference = {
            let before: Vec<&str> = plan.before().collect();
            Difference::of(before.into_iter(), plan.after())
        };
        Ok(plan)
    }

    fn before(&self) -> impl Iterator<Item = &str> {
        let managed = self.attached.iter().map(|it| it.document.as_str());
        managed.chain(self.inline.iter().map(|it| it.document.as_str()))
    }

    fn after(&self) -> impl Iterator<Item = &str> {
        let new = self.new.iter().map(|it| it.document.as_str());
        let managed = self.kept().map(|it| it.document.as_str());
        let inline = self.inline.iter().filter(|it| !self.goes(&it.name, ""));
        new.chain(managed)
            .chain(inline.map(|it| it.document.as_str()))
    }

    /// Whether a policy is to be taken away.
    fn goes(&self, name: &str, arn: &str) -> bool {
        match &self.old {
            Old::Goes => true,
            Old::Stays { but } => but.iter().any(|it| it == name || it == arn),
        }
    }

    fn is_new(&self, attached: &Attached) -> bool {
        self.new.iter().any(|new| new.arn == attached.arn)
    }

    /// The managed policies that are to be detached.
    pub(super) fn detached(&self) -> impl Iterator<Item = &Attached> {
        let old = self.attached.iter().filter(|it| !self.is_new(it));
        old.filter(|it| self.goes(&it.name, &it.arn))
    }

    /// Those that stay.
    fn kept(&self) -> impl Iterator<Item = &Attached> {
        let old = self.attached.iter().filter(|it| !self.is_new(it));
        old.filter(|it| !self.goes(&it.name, &it.arn))
    }

    /// The inline policies that are to be deleted.
    pub(super) fn deleted(&self) -> impl Iterator<Item = &Inline> {
        self.inline.iter().filter(|it| self.goes(&it.name, ""))
    }

    /// What would be done, and what would stay, in order.
    pub(crate) fn steps(&self) -> Vec<Step> {
        let step = |action, what: &str| Step {
            action,
            what: what.to_owned(),
        };
        let mut steps = Vec::new();
        for new in &self.new {
            let is_attached = self.attached.iter().any(|it| it.arn == new.arn);
            if let Some(version) = new.version_to_delete() {
                let what = format!("{} of {}, to make room", version.id, new.arn);
                steps.push(step("delete version", &what));
            }
            let action = match (&new.present, new.is_up_to_date(), is_attached) {
                (_, true, true) => "is there",
                (_, true, false) => "attach",
                (Some(_), false, true) => "update",
                (Some(_), false, false) => "update and attach",
                (None, ..) => "create and attach",
            };
            steps.push(step(action, &new.arn));
        }
        steps.extend(self.detached().map(|it| step("detach", &it.arn)));
        let deleted = self.deleted().map(|it| step("delete inline", &it.name));
        steps.extend(deleted);
        steps.extend(self.kept().map(|it| step("keep", &it.arn)));
        let kept = self.inline.iter().filter(|it| !self.goes(&it.name, ""));
        steps.extend(kept.map(|it| step("keep inline", &it.name)));
        steps
    }

    /// What the change means, a sentence each.
    pub(crate) fn meaning(&self) -> Vec<String> {
        let new_access = match &self.new_access {
            Some(check) if check.result == CheckResult::Pass => {
                "grants nothing that the present policies do not".to_owned()
            }
            Some(check) => {
                let reasons = check.reasons.iter().map(|it| it.description.as_str());
                let reasons = reasons.collect::<Vec<&str>>().join(" ");
                format!("may grant what the present policies do not: {reasons}")
            }
            None => "the present policies could not be compared".to_owned(),
        };
        let lost = self.lost_access.as_ref();
        let lost = lost.map(|check| {
            let statements = check.reasons.len();
            let goes = self.kept().next().is_none()
                && self.inline.iter().all(|it| self.goes(&it.name, ""));
            match (check.result, goes) {
                (CheckResult::Pass, _) => "the present policies grant nothing beyond it".to_owned(),
                (CheckResult::Fail, true) => format!(
                    "takes away what {statements} statements of the present policies grant beyond it"
                ),
                (CheckResult::Fail, false) => format!(
                    "{statements} statements of the present policies grant beyond it, and what is kept stays granted"
                ),
            }
        });
        let attached = self.new.len() + self.kept().count();
        let most = Target::Managed.most_documents();
        let many = (attached > most).then(|| {
            format!(
                "makes {attached} managed policies: IAM takes {most}, if the account's quota was not raised; --replace takes others away"
            )
        });
        [new_access].into_iter().chain(lost).chain(many).collect()
    }

    /// The plan in words.
    pub(crate) fn told(&self) -> String {
        let mut text = format!("plan for {}\n", self.who.arn);
        for step in self.steps() {
            text += &format!("  {:<18}{}\n", step.action, step.what);
        }
        text += &self.difference.told();
        for line in self.meaning() {
            text += &format!("  {line}\n");
        }
        text
    }
}

/// The statements of several documents as one, if all of them can be read.
fn together<'a>(documents: impl Iterator<Item = &'a str>) -> Option<PolicyDocument> {
    let mut statements = Vec::new();
    for text in documents {
        let document: PolicyDocument = text.parse().ok()?;
        // The older grammar has no variables: one document cannot say both.
        if !document.has_variables() {
            return None;
        }
        statements.extend(document.statement);
    }
    Some(PolicyDocument::new(statements))
}
