//! What does an account say, and what is it told?

use std::collections::BTreeMap;

use aws_config::meta::region::RegionProviderChain;
use aws_sdk_iam::Client;
use aws_sdk_iam::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_iam::types::Tag;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use super::plan::Managed;

/// IAM in an account, by the user's own credentials.
pub(crate) struct Account {
    client: Client,
}

/// The role or user that policies are for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Who {
    /// Its ARN.
    pub(crate) arn: String,
    is_role: bool,
    /// Its name, without the path.
    pub(crate) name: String,
}

/// A managed policy that is attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attached {
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) document: String,
}

/// An inline policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Inline {
    pub(crate) name: String,
    pub(crate) document: String,
}

/// A version of a managed policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Version {
    /// `v3`.
    pub(crate) id: String,
    /// Whether it is the one that counts.
    pub(crate) is_default: bool,
    pub(crate) document: String,
}

/// Versions that IAM keeps of a managed policy.
pub(super) const MOST_VERSIONS: usize = 5;

impl Version {
    /// Its number: `v10` comes after `v9`.
    pub(super) fn number(&self) -> u64 {
        let number = self.id.trim_start_matches('v').parse();
        number.unwrap_or_default()
    }
}

impl Attached {
    /// Whether it has this name or ARN.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name == name || self.arn == name
    }
}

/// IAM refused, or was not reached.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("IAM did not {action}: {message}")]
#[diagnostic(help("{hint}"))]
pub(crate) struct AccountError {
    action: String,
    message: String,
    hint: &'static str,
    /// IAM's name for the error.
    pub(super) code: Option<String>,
}

impl Who {
    /// The role or user of an ARN.
    pub(crate) fn parse(arn: &str) -> Option<Self> {
        let resource = arn.splitn(6, ':').nth(5)?;
        let (kind, name) = resource.split_once('/')?;
        Some(Self {
            arn: arn.to_owned(),
            is_role: match kind {
                "role" => true,
                "user" => false,
                _ => return None,
            },
            name: name.rsplit('/').next()?.to_owned(),
        })
    }

    /// The partition and the account in its ARN.
    pub(super) fn account(&self) -> (&str, &str) {
        let mut fields = self.arn.split(':');
        (
            fields.nth(1).unwrap_or_default(),
            fields.nth(2).unwrap_or_default(),
        )
    }
}

impl Account {
    /// IAM at `endpoint`, with the credentials of the environment, as AWS's own tools find them.
    pub(crate) async fn connect(endpoint: &str) -> Self {
        // IAM is global; its signature has a region nevertheless.
        let region = RegionProviderChain::default_provider().or_else("us-east-1");
        let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
            .region(region)
            .endpoint_url(endpoint)
            .load()
            .await;
        Self {
            client: Client::new(&config),
        }
    }

    /// The account must be that of the role or user, which must have the same path.
    pub(super) async fn must_know(&self, who: &Who) -> Result<(), AccountError> {
        let found = self.arn_of(who).await?;
        if found == who.arn {
            return Ok(());
        }
        Err(AccountError::refused(
            format!("know {}", who.arn),
            format!("the account has {found} by that name"),
            "see whether the credentials are those of the right account",
        ))
    }

    async fn arn_of(&self, who: &Who) -> Result<String, AccountError> {
        let action = || format!("find {}", who.arn);
        Ok(if who.is_role {
            let found = self.client.get_role().role_name(&who.name).send().await;
            let found = found.map_err(|error| failed(action(), error))?;
            found.role.map(|role| role.arn).unwrap_or_default()
        } else {
            let found = self.client.get_user().user_name(&who.name).send().await;
            let found = found.map_err(|error| failed(action(), error))?;
            found.user.map(|user| user.arn).unwrap_or_default()
        })
    }

    /// All policies of a role or user, managed and inline, by name.
    pub(crate) async fn documents(&self, who: &Who) -> Result<Vec<(String, String)>, AccountError> {
        self.must_know(who).await?;
        let attached = self.attached(who).await?.into_iter();
        let inline = self.inline(who).await?.into_iter();
        Ok(attached
            .map(|it| (it.name, it.document))
            .chain(inline.map(|it| (it.name, it.document)))
            .collect())
    }

    /// The managed policies that are attached, with their documents.
    pub(super) async fn attached(&self, who: &Who) -> Result<Vec<Attached>, AccountError> {
        let action = || format!("list the policies of {}", who.arn);
        let mut found = Vec::new();
        let mut marker = None;
        loop {
            let (page, next) = if who.is_role {
                let page = self.client.list_attached_role_policies();
                let page = page.role_name(&who.name).set_marker(marker).send().await;
                let page = page.map_err(|error| failed(action(), error))?;
                (page.attached_policies, page.marker)
            } else {
                let page = self.client.list_attached_user_policies();
                let page = page.user_name(&who.name).set_marker(marker).send().await;
                let page = page.map_err(|error| failed(action(), error))?;
                (page.attached_policies, page.marker)
            };
            found.extend(page.unwrap_or_default());
            marker = next;
            if marker.is_none() {
                break;
            }
        }
        let mut attached = Vec::new();
        for policy in found {
            let arn = policy.policy_arn.unwrap_or_default();
            let document = self.document(&arn).await?;
            attached.push(Attached {
                name: policy.policy_name.unwrap_or_default(),
                arn,
                document,
            });
        }
        attached.sort_by(|one, other| one.arn.cmp(&other.arn));
        Ok(attached)
    }

    /// The inline policies.
    pub(super) async fn inline(&self, who: &Who) -> Result<Vec<Inline>, AccountError> {
        let action = || format!("list the inline policies of {}", who.arn);
        let mut names = Vec::new();
        let mut marker = None;
        loop {
            let (page, next) = if who.is_role {
                let page = self.client.list_role_policies();
                let page = page.role_name(&who.name).set_marker(marker).send().await;
                let page = page.map_err(|error| failed(action(), error))?;
                (page.policy_names, page.marker)
            } else {
                let page = self.client.list_user_policies();
                let page = page.user_name(&who.name).set_marker(marker).send().await;
                let page = page.map_err(|error| failed(action(), error))?;
                (page.policy_names, page.marker)
            };
            names.extend(page);
            marker = next;
            if marker.is_none() {
                break;
            }
        }
        names.sort();
        let mut inline = Vec::new();
        for name in names {
            let action = || format!("give the inline policy {name} of {}", who.arn);
            let document = if who.is_role {
                let policy = self.client.get_role_policy();
                let policy = policy.role_name(&who.name).policy_name(&name).send().await;
                policy
                    .map_err(|error| failed(action(), error))?
                    .policy_document
            } else {
                let policy = self.client.get_user_policy();
                let policy = policy.user_name(&who.name).policy_name(&name).send().await;
                policy
                    .map_err(|error| failed(action(), error))?
                    .policy_document
            };
            let document = decoded(&document);
            inline.push(Inline { name, document });
        }
        Ok(inline)
    }

    /// The document of a managed policy that counts.
    async fn document(&self, arn: &str) -> Result<String, AccountError> {
        let action = || format!("give the policy {arn}");
        let policy = self.client.get_policy().policy_arn(arn).send().await;
        let policy = policy.map_err(|error| failed(action(), error))?.policy;
        let version = policy.and_then(|it| it.default_version_id);
        self.version(arn, &version.unwrap_or_default()).await
    }

    async fn version(&self, arn: &str, id: &str) -> Result<String, AccountError> {
        let found = self.client.get_policy_version();
        let found = found.policy_arn(arn).version_id(id).send().await;
        let found = found.map_err(|error| failed(format!("give version {id} of {arn}"), error))?;
        let document = found.policy_version.and_then(|it| it.document);
        Ok(decoded(&document.unwrap_or_default()))
    }

    /// The versions of a managed policy, if there is one.
    pub(super) async fn versions(&self, arn: &str) -> Result<Option<Vec<Version>>, AccountError> {
        let listed = self.client.list_policy_versions();
        let listed = listed.policy_arn(arn).send().await;
        let listed = listed.map_err(|error| failed(format!("list the versions of {arn}"), error));
        let listed = match listed {
            Ok(listed) => listed.versions.unwrap_or_default(),
            Err(error) if error.is("NoSuchEntity") => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut versions = Vec::new();
        for version in listed {
            let id = version.version_id.unwrap_or_default();
            versions.push(Version {
                document: self.version(arn, &id).await?,
                is_default: version.is_default_version,
                id,
            });
        }
        Ok(Some(versions))
    }

    /// How many have a managed policy attached. Nobody has one that is not there.
    pub(super) async fn attachments(&self, arn: &str) -> Result<u32, AccountError> {
        let policy = self.client.get_policy().policy_arn(arn).send().await;
        match policy.map_err(|error| failed(format!("give the policy {arn}"), error)) {
            Ok(found) => {
                let count = found.policy.and_then(|it| it.attachment_count);
                Ok(count
                    .and_then(|it| u32::try_from(it).ok())
                    .unwrap_or_default())
            }
            Err(error) if error.is("NoSuchEntity") => Ok(0),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn create(
        &self,
        new: &Managed,
        description: &str,
        tags: &BTreeMap<String, String>,
    ) -> Result<(), AccountError> {
        let action = || format!("create the policy {}", new.name);
        let mut made = self.client.create_policy().policy_name(&new.name);
        for (key, value) in tags {
            let tag = Tag::builder().key(key).value(value).build();
            made = made.tags(tag.map_err(|error| {
                AccountError::refused(action(), error.to_string(), "a tag has a key and a value")
            })?);
        }
        let made = made
            .policy_document(&new.document)
            .description(description)
            .send()
            .await;
        done(made, action)
    }

    /// Adds a version to a policy; its name.
    pub(super) async fn add_version(
        &self,
        arn: &str,
        document: &str,
        is_default: bool,
    ) -> Result<String, AccountError> {
        let made = self.client.create_policy_version().policy_arn(arn);
        let made = made
            .policy_document(document)
            .set_as_default(is_default)
            .send()
            .await;
        let made = made.map_err(|error| failed(format!("add a version to {arn}"), error))?;
        let version = made.policy_version.and_then(|it| it.version_id);
        Ok(version.unwrap_or_default())
    }

    pub(super) async fn set_default(&self, arn: &str, version: &str) -> Result<(), AccountError> {
        let set = self.client.set_default_policy_version();
        let set = set.policy_arn(arn).version_id(version).send().await;
        done(set, || format!("make {version} the version of {arn}"))
    }

    pub(super) async fn delete_version(
        &self,
        arn: &str,
        version: &str,
    ) -> Result<(), AccountError> {
        let gone = self.client.delete_policy_version();
        let gone = gone.policy_arn(arn).version_id(version).send().await;
        done(gone, || format!("delete version {version} of {arn}"))
    }

    pub(super) async fn delete(&self, arn: &str) -> Result<(), AccountError> {
        let gone = self.client.delete_policy().policy_arn(arn).send().await;
        done(gone, || format!("delete {arn}"))
    }

    pub(super) async fn attach(&self, who: &Who, arn: &str) -> Result<(), AccountError> {
        let action = || format!("attach {arn} to {}", who.arn);
        if who.is_role {
            let done_ = self.client.attach_role_policy();
            done(
                done_.role_name(&who.name).policy_arn(arn).send().await,
                action,
            )
        } else {
            let done_ = self.client.attach_user_policy();
            done(
                done_.user_name(&who.name).policy_arn(arn).send().await,
                action,
            )
        }
    }

    pub(super) async fn detach(&self, who: &Who, arn: &str) -> Result<(), AccountError> {
        let action = || format!("detach {arn} from {}", who.arn);
        if who.is_role {
            let done_ = self.client.detach_role_policy();
            done(
                done_.role_name(&who.name).policy_arn(arn).send().await,
                action,
            )
        } else {
            let done_ = self.client.detach_user_policy();
            done(
                done_.user_name(&who.name).policy_arn(arn).send().await,
                action,
            )
        }
    }

    pub(super) async fn put_inline(&self, who: &Who, inline: &Inline) -> Result<(), AccountError> {
        let (name, document) = (&inline.name, &inline.document);
        let action = || format!("put the inline policy {name} into {}", who.arn);
        if who.is_role {
            let put = self.client.put_role_policy().role_name(&who.name);
            done(
                put.policy_name(name).policy_document(document).send().await,
                action,
            )
        } else {
            let put = self.client.put_user_policy().user_name(&who.name);
            done(
                put.policy_name(name).policy_document(document).send().await,
                action,
            )
        }
    }

    pub(super) async fn delete_inline(&self, who: &Who, name: &str) -> Result<(), AccountError> {
        let action = || format!("delete the inline policy {name} of {}", who.arn);
        if who.is_role {
            let gone = self.client.delete_role_policy().role_name(&who.name);
            done(gone.policy_name(name).send().await, action)
        } else {
            let gone = self.client.delete_user_policy().user_name(&who.name);
            done(gone.policy_name(name).send().await, action)
        }
    }
}

impl AccountError {
    /// Something that IAM is not even asked to do.
    pub(super) fn refused(action: String, message: String, hint: &'static str) -> Self {
        Self {
            action,
            message,
            hint,
            code: None,
        }
    }

    /// Whether IAM gave this error.
    pub(super) fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}

fn done<T, E>(
    result: Result<T, SdkError<E>>,
    action: impl Fn() -> String,
) -> Result<(), AccountError>
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    result.map(|_| ()).map_err(|error| failed(action(), error))
}

fn failed<E>(action: String, error: SdkError<E>) -> AccountError
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let code = error.code().map(ToOwned::to_owned);
    let message = match (&code, error.message()) {
        (Some(code), Some(message)) => format!("{message} ({code})"),
        (Some(code), None) => code.clone(),
        (None, _) => DisplayErrorContext(&error).to_string(),
    };
    let hint = match code.as_deref() {
        Some("LimitExceeded") => {
            "a role or user has 10 managed policies, and a policy 5 versions: take some away"
        }
        Some("AccessDenied") => {
            "the credentials need iam:Get*, iam:List* and the iam actions that change policies"
        }
        Some("NoSuchEntity") => {
            "see whether the endpoint and the credentials are those of the right account"
        }
        _ => "see the endpoint, the credentials (AWS_PROFILE, AWS_ACCESS_KEY_ID) and the network",
    };
    AccountError {
        action,
        message,
        hint,
        code,
    }
}

/// IAM gives documents percent-encoded.
fn decoded(document: &str) -> String {
    percent_decode_str(document)
        .decode_utf8_lossy()
        .into_owned()
}
