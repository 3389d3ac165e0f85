//! How is all put back as it was?

use trailwright_engine::PolicyDocument;

use super::account::{Account, AccountError};
use super::record::Record;

/// Puts a role or user back to what a record says that it had, and says what was done. What was
/// taken away comes back before what is new goes. It may be run again.
pub(crate) async fn rollback(
    account: &Account,
    record: &Record,
) -> Result<Vec<String>, AccountError> {
    let who = &record.who;
    account.must_know(who).await?;
    let mut done = Vec::new();
    let attached = account.attached(who).await?;
    let is_attached = |arn: &str| attached.iter().any(|it| it.arn == arn);
    for old in &record.attached_before {
        if !is_attached(&old.arn) {
            account.attach(who, &old.arn).await?;
            done.push(format!("attached {}", old.arn));
        }
    }
    let inline = account.inline(who).await?;
    for old in &record.inline_before {
        if !inline.contains(old) {
            account.put_inline(who, old).await?;
            done.push(format!("put back the inline policy {}", old.name));
        }
    }
    for new in &record.applied {
        let was_attached = record.attached_before.iter().any(|it| it.arn == new.arn);
        if is_attached(&new.arn) && !was_attached {
            account.detach(who, &new.arn).await?;
            done.push(format!("detached {}", new.arn));
        }
        let Some((version, document)) = account.document_if_any(&new.arn).await? else {
            continue;
        };
        match &new.version_before {
            // Somebody else's change since is not undone.
            _ if !same(&document, &new.document) => {}
            Some(before) if *before != version => {
                account.set_default(&new.arn, before).await?;
                account.delete_version(&new.arn, &version).await?;
                done.push(format!("set {} back to version {before}", new.arn));
            }
            Some(_) => {}
            None => match account.delete(&new.arn).await {
                Ok(()) => done.push(format!("deleted {}", new.arn)),
                // Others have it attached by now, or gave it versions.
                Err(error) if error.is("DeleteConflict") => {
                    done.push(format!("left {}, which others use", new.arn));
                }
                Err(error) => return Err(error),
            },
        }
    }
    Ok(done)
}

fn same(one: &str, other: &str) -> bool {
    let parsed = |text: &str| text.parse::<PolicyDocument>().ok();
    parsed(one) == parsed(other)
}
