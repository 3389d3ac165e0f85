//! What would change, and what would that mean?

use trailwright_engine::PolicyDocument;
use trailwright_engine::contain::{Check, CheckResult, check_no_new_access};

use super::account::{Account, AccountError, Attached, Inline, Who};

/// What is wanted.
pub(crate) struct Wanted {
    /// Name of the managed policies; a number is added where there are several.
    pub(crate) name: String,
    /// The policy, cut into documents that IAM takes.
    pub(crate) documents: Vec<PolicyDocument>,
    /// Whether all else is to be taken from the role or user.
    pub(crate) replace: bool,
}

/// What is there, and what is to be.
pub(crate) struct Plan {
    pub(crate) who: Who,
    /// What stands to be attached.
    pub(crate) new: Vec<Managed>,
    pub(crate) attached: Vec<Attached>,
    pub(crate) inline: Vec<Inline>,
    pub(crate) replace: bool,
    /// Whether the new policy grants what the present ones do not.
    pub(crate) new_access: Option<Check>,
    /// Whether the present policies grant what the new one does not.
    pub(crate) lost_access: Option<Check>,
}

/// A managed policy that is to be attached.
pub(crate) struct Managed {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) document: String,
    /// Version and document that it has now, if it is there.
    pub(crate) present: Option<(String, String)>,
}

impl Managed {
    /// Whether it is as wanted already.
    pub(crate) fn is_up_to_date(&self) -> bool {
        let parsed = |text: &str| text.parse::<PolicyDocument>().ok();
        self.present
            .as_ref()
            .is_some_and(|(_, present)| parsed(present) == parsed(&self.document))
    }
}

impl Plan {
    /// Looks at the account, and changes nothing.
    pub(crate) async fn make(
        account: &Account,
        who: Who,
        wanted: Wanted,
    ) -> Result<Self, AccountError> {
        account.must_know(&who).await?;
        let (partition, number) = who.account();
        let mut new = Vec::new();
        for (at, document) in wanted.documents.iter().enumerate() {
            let name = match wanted.documents.len() {
                1 => wanted.name.clone(),
                _ => format!("{}-{}", wanted.name, at + 1),
            };
            let arn = format!("arn:{partition}:iam::{number}:policy/{name}");
            new.push(Managed {
                present: account.document_if_any(&arn).await?,
                document: document.to_json(),
                name,
                arn,
            });
        }
        let attached = account.attached(&who).await?;
        let inline = account.inline(&who).await?;
        let present = together(
            attached
                .iter()
                .map(|it| it.document.as_str())
                .chain(inline.iter().map(|it| it.document.as_str())),
        );
        let future = together(new.iter().map(|it| it.document.as_str()));
        let compared = |one: &Option<PolicyDocument>, other: &Option<PolicyDocument>| {
            Some(check_no_new_access(one.as_ref()?, other.as_ref()?))
        };
        Ok(Self {
            new_access: compared(&present, &future),
            lost_access: compared(&future, &present),
            who,
            new,
            attached,
            inline,
            replace: wanted.replace,
        })
    }

    /// The managed policies that are to be detached.
    pub(crate) fn detached(&self) -> impl Iterator<Item = &Attached> {
        let is_new = |it: &&Attached| self.new.iter().any(|new| new.arn == it.arn);
        let all = self.attached.iter().filter(|_| self.replace);
        all.filter(move |it| !is_new(it))
    }

    /// The inline policies that are to be deleted.
    pub(crate) fn deleted(&self) -> impl Iterator<Item = &Inline> {
        self.inline.iter().filter(|_| self.replace)
    }

    /// The plan in words.
    pub(crate) fn told(&self) -> String {
        let mut lines = vec![format!("plan for {}", self.who.arn)];
        for new in &self.new {
            let statements = new.document.matches("\"Effect\"").count();
            let is_attached = self.attached.iter().any(|it| it.arn == new.arn);
            let what = match (&new.present, new.is_up_to_date(), is_attached) {
                (_, true, true) => "is there",
                (_, true, false) => "attach",
                (Some(_), false, true) => "update",
                (Some(_), false, false) => "update and attach",
                (None, ..) => "create and attach",
            };
            lines.push(format!("  {what:<18}{} ({statements} statements)", new.arn));
        }
        for old in self.detached() {
            lines.push(format!("  {:<18}{}", "detach", old.arn));
        }
        for old in self.deleted() {
            lines.push(format!("  {:<18}inline policy {}", "delete", old.name));
        }
        if !self.replace {
            let kept = self
                .attached
                .iter()
                .filter(|it| self.new.iter().all(|new| new.arn != it.arn));
            lines.extend(kept.map(|it| format!("  {:<18}{}", "keep", it.arn)));
            let kept = self.inline.iter();
            lines.extend(kept.map(|it| format!("  {:<18}inline policy {}", "keep", it.name)));
        }
        lines.push(match &self.new_access {
            Some(check) if check.result == CheckResult::Pass => {
                "  grants nothing that the present policies do not".to_owned()
            }
            Some(check) => {
                let reasons = check.reasons.iter().map(|it| it.description.as_str());
                let reasons = reasons.collect::<Vec<&str>>().join(" ");
                format!("  may grant what the present policies do not: {reasons}")
            }
            None => "  the present policies could not be compared".to_owned(),
        });
        if let Some(check) = &self.lost_access {
            lines.push(match (check.result, self.replace) {
                (CheckResult::Pass, _) => "  the present policies grant nothing beyond it".to_owned(),
                (CheckResult::Fail, true) => format!(
                    "  takes away what {} statements of the present policies grant beyond it",
                    check.reasons.len()
                ),
                (CheckResult::Fail, false) => format!(
                    "  {} statements of the present policies grant beyond it, and stay: see --replace",
                    check.reasons.len()
                ),
            });
        }
        lines.join("\n") + "\n"
    }
}

/// The statements of several documents as one, if all of them can be read.
fn together<'a>(documents: impl Iterator<Item = &'a str>) -> Option<PolicyDocument> {
    let mut statements = Vec::new();
    for text in documents {
        let document: PolicyDocument = text.parse().ok()?;
        // The older grammar has no variables: one document cannot say both.
        if document.version.as_deref() != Some(trailwright_engine::policy::VERSION) {
            return None;
        }
        statements.extend(document.statement);
    }
    Some(PolicyDocument::new(statements))
}
