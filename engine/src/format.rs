//! In which form does a policy leave, to be reviewed and deployed?
//!
//! The documents are the same in each; what is around them differs. A text that a form would take
//! for something else, as CloudFormation does `{{resolve:...}}`, is an error: it came from a log.

mod cloudformation;
mod terraform;
mod yaml;

use std::collections::BTreeMap;

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
    /// One line that says what the policy is, for who reads the file.
    pub description: String,
    /// What it is called in the account, as far as somebody says.
    pub naming: Naming,
}

/// What a policy is called in the account. A form holds as much of it as it has a place for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Naming {
    /// Its name; a number is added where there are several.
    pub name: Option<String>,
    /// What IAM keeps as its description. It can never be changed, so that there is none where
    /// nobody asks for it.
    pub description: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
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

    /// What a policy for it is called where nobody says.
    pub fn policy_name(&self) -> String {
        self.policy_name_before("")
    }

    fn policy_name_before(&self, end: &str) -> String {
        let room = LONGEST_NAME - SUFFIX.len() - end.len();
        let name = self.name().chars().take(room).map(in_name);
        format!("{}{SUFFIX}{end}", name.collect::<String>())
    }
}

/// A sign as the names of policies may have it.
fn in_name(sign: char) -> char {
    match sign.is_ascii_alphanumeric() || "+=,.@_-".contains(sign) {
        true => sign,
        false => '-',
    }
}

impl Attachment {
    /// The name of a policy, by its number where there are several.
    fn policy_name(&self, number: Option<usize>) -> String {
        let end = number.map_or(String::new(), |number| format!("-{number}"));
        match &self.naming.name {
            None => self.to.policy_name_before(&end),
            Some(name) => {
                let name = name.chars().take(LONGEST_NAME - end.len()).map(in_name);
                name.collect::<String>() + &end
            }
        }
    }

    /// The name of a file, by its number where there are several.
    fn file_name(&self, number: Option<usize>, end: &str) -> String {
        let number = number.map_or(String::new(), |number| format!("-{number}"));
        let name = self.naming.name.as_deref().unwrap_or("policy");
        let name: String = name.chars().map(in_name).collect();
        format!("{name}{number}.{end}")
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
        let one = |end: &str, text: Result<String, FormatError>| {
            Ok(vec![File {
                name: attachment.file_name(None, end),
                text: text?,
            }])
        };
        match self {
            Self::Json => Ok(each(documents, attachment, "json", |it| {
                json(it, attachment.target) + "\n"
            })),
            Self::Yaml => Ok(each(documents, attachment, "yaml", |it| {
                about(&attachment.naming) + &yaml::document(it).to_text()
            })),
            Self::Terraform => one("tf", terraform::write(documents, attachment)),
            Self::CloudFormation => one(
                "cloudformation.yaml",
                cloudformation::write(documents, attachment),
            ),
        }
    }
}

/// What is to be known of a policy, as comments: documents themselves have no place for it.
fn about(naming: &Naming) -> String {
    let tags = naming
        .tags
        .iter()
        .map(|(key, value)| format!("{key}={value}"));
    let lines = naming.description.iter().cloned().chain(tags);
    let on_one_line = |sign: char| if sign.is_control() { ' ' } else { sign };
    lines
        .map(|line| format!("# {}\n", line.chars().map(on_one_line).collect::<String>()))
        .collect()
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
    attachment: &Attachment,
    end: &str,
    text: impl Fn(&PolicyDocument) -> String,
) -> Vec<File> {
    numbered(documents)
        .map(|(number, document)| File {
            name: attachment.file_name(number, end),
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
