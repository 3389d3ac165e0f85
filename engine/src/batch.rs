//! How do the policies of many principals lie in one folder, and what changed since the last run?

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::coverage::Coverage;
use crate::dossier::{Dossier, to_json};
use crate::policy::PolicyDocument;
use crate::reference::Info;
use crate::time;

/// What a run did, for all principals: the file `index.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// The day of the reference that mapped the events.
    pub reference: String,
    /// The principals, by their ARNs.
    pub principals: Vec<Entry>,
    /// Principals of earlier runs that this one did not see. Their folders are as they were.
    pub gone: Vec<Known>,
    /// What the lake has for the range.
    pub coverage: Coverage,
}

/// A principal in the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Whose policy it is.
    #[serde(flatten)]
    pub known: Known,
    /// What became of it since the last run.
    pub change: Change,
    /// What is granted now and was not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<String>,
    /// What was granted and is not any more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
    /// Statements of all documents.
    pub statements: usize,
    /// Characters of all documents, white space not counted.
    pub characters: usize,
    /// Requests that were replayed.
    pub requests: usize,
    /// Requests that the documents would refuse.
    pub refused: usize,
    /// Refused calls of the principal.
    pub denied: u64,
    /// Calls that no rule knows.
    pub unmapped: u64,
    /// Time of its last event.
    pub last_seen: Option<String>,
    /// Why there is no policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What the next run needs to know of a principal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Known {
    /// Its ARN.
    pub principal: String,
    /// Its folder.
    pub folder: String,
    /// The files of its documents, in that folder.
    pub policies: Vec<String>,
}

/// What became of a policy since the last run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Change {
    /// There was none.
    New,
    /// It grants something else.
    Changed,
    /// It grants the same.
    Unchanged,
}

/// The part of an index that the next run reads.
#[derive(Debug, Deserialize)]
struct Previous {
    principals: Vec<Known>,
    #[serde(default)]
    gone: Vec<Known>,
}

/// The principals of an earlier run's `index.json`, by their ARNs.
pub fn known(index: &str) -> Result<BTreeMap<String, Known>, serde_json::Error> {
    let previous: Previous = serde_json::from_str(index)?;
    let known = previous.principals.into_iter().chain(previous.gone);
    Ok(known.map(|it| (it.principal.clone(), it)).collect())
}

/// Signs of a folder's name before the rest is a hash.
const LONGEST_PART: usize = 100;

/// The folder of a principal, below that of the run: `111122223333/role/ci/deploy`. An ARN comes
/// from a log: nothing in it leads out of the folder.
pub fn folder_of(principal: &str) -> String {
    let mut fields = principal.splitn(6, ':').skip(4);
    let (account, resource) = match (fields.next(), fields.next()) {
        (Some(account), Some(resource)) => (account, resource),
        _ => ("other", principal),
    };
    let parts = std::iter::once(account).chain(resource.split('/'));
    let parts: Vec<String> = parts.filter(|it| !it.is_empty()).map(safe).collect();
    parts.join("/")
}

/// A part of a path that every file system takes.
fn safe(part: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_+=,.@".contains(&byte);
    let only_dots = part.bytes().all(|byte| byte == b'.');
    let mut name = String::new();
    for byte in part.bytes() {
        match plain(byte) && !(only_dots && name.is_empty()) {
            true => name.push(char::from(byte)),
            false => name.push_str(&format!("%{byte:02X}")),
        }
    }
    if name.len() > LONGEST_PART {
        let hash = Sha256::digest(part.as_bytes());
        let hash: String = hash.iter().take(8).map(|it| format!("{it:02x}")).collect();
        name.truncate(LONGEST_PART);
        name = format!("{name}~{hash}");
    }
    name
}

/// What documents grant, one line for each action on a resource under conditions.
pub fn grants(documents: &[PolicyDocument]) -> BTreeSet<String> {
    let statements = documents.iter().flat_map(|it| &it.statement);
    statements
        .flat_map(|statement| {
            let (actions, _) = statement.actions.patterns();
            let resources = statement
                .resources
                .as_ref()
                .map_or(&[][..], |it| it.patterns().0);
            let conditions: Vec<String> = statement
                .condition
                .iter()
                .flat_map(|(operator, keys)| {
                    let keys = keys.iter();
                    keys.map(move |(key, values)| {
                        format!("{operator} {key} {}", values.values().join(" or "))
                    })
                })
                .collect();
            let when = match conditions.is_empty() {
                true => String::new(),
                false => format!(" if {}", conditions.join(" and ")),
            };
            actions.iter().flat_map(move |action| {
                let when = when.clone();
                resources
                    .iter()
                    .map(move |resource| format!("{action} on {resource}{when}"))
            })
        })
        .collect()
}

impl Entry {
    /// A principal for which there is a policy; `before` are its documents of the last run.
    pub fn of(dossier: &Dossier, known: Known, before: Option<&[PolicyDocument]>) -> Self {
        let now = grants(&dossier.documents);
        let old = before.map(grants).unwrap_or_default();
        let change = match before {
            None => Change::New,
            Some(_) if now == old => Change::Unchanged,
            Some(_) => Change::Changed,
        };
        let (added, removed) = match change {
            Change::Changed => (
                now.difference(&old).cloned().collect(),
                old.difference(&now).cloned().collect(),
            ),
            Change::New | Change::Unchanged => (Vec::new(), Vec::new()),
        };
        let documents = dossier.documents.iter();
        Self {
            known,
            change,
            added,
            removed,
            statements: documents.clone().map(|it| it.statement.len()).sum(),
            characters: documents.map(PolicyDocument::size).sum(),
            requests: dossier.proof.requests,
            refused: dossier.proof.refused.len(),
            denied: dossier.generated.denied_calls,
            unmapped: dossier.generated.unmapped.iter().map(|it| it.count).sum(),
            last_seen: dossier.last_seen.map(time::to_text),
            error: dossier
                .is_empty()
                .then(|| "no permission that is known was used".to_owned()),
        }
    }

    /// A principal for which no policy could be written.
    pub fn failed(dossier: &Dossier, known: Known, error: String) -> Self {
        Self {
            change: Change::New,
            added: Vec::new(),
            removed: Vec::new(),
            statements: 0,
            characters: 0,
            requests: 0,
            refused: 0,
            error: Some(error),
            ..Self::of(dossier, known, None)
        }
    }
}

impl Index {
    /// The index of a run; `before` are the principals of the last one.
    pub fn of(
        principals: Vec<Entry>,
        mut before: BTreeMap<String, Known>,
        coverage: Coverage,
    ) -> Self {
        for entry in &principals {
            before.remove(&entry.known.principal);
        }
        Self {
            reference: Info::reference_date().to_string(),
            principals,
            gone: before.into_values().collect(),
            coverage,
        }
    }

    /// As JSON.
    pub fn to_json(&self) -> String {
        to_json(self)
    }

    /// As Markdown: what changed first, then everybody.
    pub fn to_markdown(&self) -> String {
        let mut lines = vec!["# Policies".to_owned(), String::new(), self.covered()];
        lines.push(String::new());
        lines.push("## What changed".to_owned());
        lines.push(String::new());
        let mut any = false;
        for entry in &self.principals {
            if entry.change == Change::Unchanged {
                continue;
            }
            any = true;
            let word = match entry.change {
                Change::New => "new",
                _ => "changed",
            };
            lines.push(format!("- {word}: {}", entry.link()));
            let changes = entry.added.iter().map(|it| ("added", it));
            let changes = changes.chain(entry.removed.iter().map(|it| ("removed", it)));
            for (word, grant) in changes {
                lines.push(format!("  - {word}: {}", code(grant)));
            }
        }
        for gone in &self.gone {
            any = true;
            lines.push(format!("- not in this run: {}", code(&gone.principal)));
        }
        if !any {
            lines.push("Nothing.".to_owned());
        }
        lines.extend([
            String::new(),
            "## All principals".to_owned(),
            String::new(),
            "| principal | statements | characters | replayed | denied | unmapped | last seen |"
                .to_owned(),
            "|---|---:|---:|---:|---:|---:|---|".to_owned(),
        ]);
        for entry in &self.principals {
            lines.push(entry.row());
        }
        lines.join("\n") + "\n"
    }

    fn covered(&self) -> String {
        let Coverage {
            from,
            to,
            days,
            events,
            accounts,
            ..
        } = &self.coverage;
        let text = |day: &Option<String>| day.clone().unwrap_or_default();
        let mut line = format!(
            "{} principals, from {events} events of {} accounts, {} to {} ({days} days). IAM reference of {}.",
            self.principals.len(),
            accounts.len(),
            text(from),
            text(to),
            self.reference,
        );
        for account in accounts.iter().filter(|it| !it.missing.is_empty()) {
            let missing: Vec<String> = account.missing.iter().map(|it| it.text()).collect();
            line.push_str(&format!(
                "\nAccount {} has no events on {}.",
                account.account,
                missing.join(", ")
            ));
        }
        line
    }
}

impl Entry {
    fn link(&self) -> String {
        let Known {
            principal, folder, ..
        } = &self.known;
        // A percent sign in a folder's name is one in a link.
        let folder = folder.replace('%', "%25");
        format!("[{}]({folder}/)", code(principal))
    }

    fn row(&self) -> String {
        let last_seen: String = self
            .last_seen
            .iter()
            .flat_map(|it| it.chars().take(10))
            .collect();
        if let Some(error) = &self.error {
            let principal = self.link();
            return format!(
                "| {principal} | {} | | | {} | {} | {last_seen} |",
                cell(error),
                self.denied,
                self.unmapped
            );
        }
        let allowed = self.requests.saturating_sub(self.refused);
        format!(
            "| {} | {} | {} | {allowed} of {} | {} | {} | {last_seen} |",
            self.link(),
            self.statements,
            self.characters,
            self.requests,
            self.denied,
            self.unmapped,
        )
    }
}

/// A text from a log in Markdown, where it means nothing but itself.
fn code(text: &str) -> String {
    format!("`{}`", cell(text).replace('`', "'"))
}

fn cell(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|sign| if sign.is_control() { ' ' } else { sign })
        .collect();
    text.replace('|', "\\|")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::dossier::Seen;
    use crate::generate::{Options, Target};
    use crate::policy::Statement;
    use crate::reference::Reference;

    #[test]
    fn no_principal_leads_out_of_the_folder() {
        for (principal, folder) in [
            (
                "arn:aws:iam::111122223333:role/ci/deploy",
                "111122223333/role/ci/deploy",
            ),
            ("arn:aws:iam::1:role/../../x", "1/role/%2E./%2E./x"),
            ("arn:aws:iam::1:role/.", "1/role/%2E"),
            ("arn:aws:iam::/:role//a\0b\\c", "%2F/role/a%00b%5Cc"),
            ("alice:x", "other/alice%3Ax"),
        ] {
            assert_eq!(folder_of(principal), folder);
        }
        let (a, b) = ("a".repeat(300), format!("{}b", "a".repeat(299)));
        assert_ne!(folder_of(&a), folder_of(&b));
        assert!(folder_of(&a).len() < 140);
    }

    #[test]
    fn a_run_knows_the_one_before() {
        let known = |name: &str| Known {
            principal: format!("arn:aws:iam::1:role/{name}"),
            folder: format!("1/role/{name}"),
            policies: vec!["policy.json".to_owned()],
        };
        let seen = Seen {
            principal: "arn:aws:iam::1:role/a",
            activity: &[],
            circumstances: &[],
            coverage: &Coverage::default(),
        };
        let options = Options::default();
        let reference = Reference::bundled();
        let dossier = Dossier::without_documents(&seen, &options, Target::Managed, reference);
        let entry = |name: &str| Entry::failed(&dossier, known(name), "none | of it".to_owned());
        let first = Index::of(
            vec![entry("a"), entry("b")],
            BTreeMap::new(),
            Coverage::default(),
        );
        let before = super::known(&first.to_json()).unwrap();
        assert_eq!(before.len(), 2);
        let second = Index::of(vec![entry("b")], before, Coverage::default());
        assert_eq!(second.gone, [known("a")]);
        let markdown = second.to_markdown();
        assert!(markdown.contains("- not in this run: `arn:aws:iam::1:role/a`"));
        assert!(markdown.contains("none \\| of it"));
    }

    #[test]
    fn grants_are_told_with_their_conditions() {
        let condition = [("kms:ViaService".to_owned(), "s3".into())];
        let condition = [("StringEquals".to_owned(), condition.into())].into();
        let statement = Statement::allow("A", "kms:Decrypt".into(), "*".into());
        let document = PolicyDocument::new(vec![statement.with_condition(condition)]);
        let expected = "kms:Decrypt on * if StringEquals kms:ViaService s3";
        assert_eq!(grants(&[document]), BTreeSet::from([expected.to_owned()]));
    }
}
