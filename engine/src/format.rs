//! In which form does a policy leave, to be reviewed and deployed?
//!
//! The documents are the same in each; what is around them differs. A text that a form would take
//! for something else, as CloudFormation does `{{resolve:...}}`, is an error: it came from a log.

mod cloudformation;
mod terraform;
mod yaml;

use crate::generate::Target;
use crate::policy::PolicyDocument;

/// A form of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// The documents as IAM takes them.
    #[default]
    Json,
    /// The documents in YAML.
    Yaml,
    /// Terraform: documents, policies and what attaches them.
    Terraform,
    /// A CloudFormation template, in YAML.
    CloudFormation,
}

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name, without a folder.
    pub name: String,
    /// What it holds, with a newline at its end.
    pub text: String,
}

/// Whom a policy is for, and how it is attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What it is attached to.
    pub target: Target,
    /// The role or user, or the account of a service control policy.
    pub to: AttachTo,
    /// One line that says what the policy is.
    pub description: String,
}

/// What a policy is attached to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttachTo {
    /// A role of this name.
    Role(String),
    /// A user of this name.
    User(String),
    /// An account with this id.
    Account(String),
}

/// A document that cannot be written in a form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("statement `{sid}` cannot be written as {format}: {why}")]
pub struct FormatError {
    /// The statement.
    pub sid: String,
    /// The form.
    pub format: &'static str,
    /// Why not.
    pub why: &'static str,
}

/// IAM's limit for the names of policies.
const LONGEST_NAME: usize = 128;

/// Added to the name of the role or user.
const SUFFIX: &str = "-least-privilege";

impl AttachTo {
    /// What the ARN of a role or user names.
    pub fn of(principal: &str) -> Self {
        let resource = principal.splitn(6, ':').nth(5).unwrap_or(principal);
        let name = resource.rsplit('/').next().unwrap_or(resource).to_owned();
        match resource.starts_with("user/") {
            true => Self::User(name),
            false => Self::Role(name),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Role(name) | Self::User(name) | Self::Account(name) => name,
        }
    }
}

impl Attachment {
    /// The name of a policy, by its number where there are several.
    fn policy_name(&self, number: Option<usize>) -> String {
        let end = number.map_or(String::new(), |number| format!("-{number}"));
        let room = LONGEST_NAME - SUFFIX.len() - end.len();
        let allowed = |sign: char| sign.is_ascii_alphanumeric() || "+=,.@_-".contains(sign);
        let name = self.to.name().chars().take(room);
        let name: String = name
            .map(|sign| if allowed(sign) { sign } else { '-' })
            .collect();
        format!("{name}{SUFFIX}{end}")
    }

    /// A name of letters, digits and underscores that begins with a letter.
    fn label(&self, number: Option<usize>) -> String {
        let mut label: String = self
            .to
            .name()
            .chars()
            .map(|sign| {
                if sign.is_ascii_alphanumeric() {
                    sign
                } else {
                    '_'
                }
            })
            .collect();
        if !label.starts_with(|sign: char| sign.is_ascii_alphabetic()) {
            label.insert_str(0, "policy_");
        }
        match number {
            Some(number) => format!("{label}_{number}"),
            None => label,
        }
    }
}

impl Format {
    /// The documents in this form: a file for each, or one with all of them.
    pub fn write(
        self,
        documents: &[PolicyDocument],
        attachment: &Attachment,
    ) -> Result<Vec<File>, FormatError> {
        let one = |name: &str, text: Result<String, FormatError>| {
            Ok(vec![File {
                name: name.to_owned(),
                text: text?,
            }])
        };
        match self {
            Self::Json => Ok(each(documents, "json", |it| {
                json(it, attachment.target) + "\n"
            })),
            Self::Yaml => Ok(each(documents, "yaml", |it| yaml::document(it).to_text())),
            Self::Terraform => one("policy.tf", terraform::write(documents, attachment)),
            Self::CloudFormation => one(
                "policy.cloudformation.yaml",
                cloudformation::write(documents, attachment),
            ),
        }
    }
}

/// A document as JSON. AWS counts the white space of a service control policy.
fn json(document: &PolicyDocument, target: Target) -> String {
    match target {
        // Strings and maps alone cannot fail to serialize.
        Target::Scp => serde_json::to_string(document).unwrap_or_default(),
        _ => document.to_json(),
    }
}

fn each(
    documents: &[PolicyDocument],
    end: &str,
    text: impl Fn(&PolicyDocument) -> String,
) -> Vec<File> {
    numbered(documents)
        .map(|(number, document)| File {
            name: match number {
                None => format!("policy.{end}"),
                Some(number) => format!("policy-{number}.{end}"),
            },
            text: text(document),
        })
        .collect()
}

/// The documents with their numbers from 1, if there are several.
fn numbered(
    documents: &[PolicyDocument],
) -> impl Iterator<Item = (Option<usize>, &PolicyDocument)> {
    let several = documents.len() > 1;
    documents
        .iter()
        .enumerate()
        .map(move |(index, document)| (several.then_some(index + 1), document))
}

/// Every text of a document that may come from a log, with the name of its statement.
fn texts(document: &PolicyDocument) -> impl Iterator<Item = (&str, &str)> {
    document.statement.iter().flat_map(|statement| {
        let sid = statement.sid.as_deref().unwrap_or_default();
        let actions = statement.actions.patterns().0.iter();
        let resources = statement.resources.as_ref();
        let resources = resources.map_or(&[][..], |it| it.patterns().0).iter();
        let values = statement.condition.values().flatten();
        let values = values.flat_map(|(_, values)| values.values());
        actions
            .chain(resources)
            .chain(values)
            .map(move |text| (sid, text.as_str()))
    })
}

/// Refuses documents in which a text contains `mark`.
fn refuse(
    documents: &[PolicyDocument],
    mark: &str,
    format: &'static str,
    why: &'static str,
) -> Result<(), FormatError> {
    let mut texts = documents.iter().flat_map(texts);
    match texts.find(|(_, text)| text.contains(mark)) {
        None => Ok(()),
        Some((sid, _)) => Err(FormatError {
            sid: sid.to_owned(),
            format,
            why,
        }),
    }
}

#[cfg(test)]
mod tests;
