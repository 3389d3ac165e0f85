//! How is all put back as it was?

use super::account::{Account, AccountError};
use super::plan::same;
use super::record::{Applied, Record};

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
        done.extend(policy(account, new).await?);
    }
    Ok(done)
}

/// Puts one managed policy back.
async fn policy(account: &Account, new: &Applied) -> Result<Vec<String>, AccountError> {
    let mut done = Vec::new();
    let arn = &new.arn;
    let Some(versions) = account.versions(arn).await? else {
        return Ok(done);
    };
    let default = versions.iter().find(|it| it.is_default);
    let is_ours = default.is_some_and(|it| same(&it.document, &new.document));
    let Some(before) = &new.version_before else {
        // Somebody else's change since is not undone.
        if is_ours {
            match account.delete(arn).await {
                Ok(()) => done.push(format!("deleted {arn}")),
                // Others have it attached by now, or gave it versions.
                Err(error) if error.is("DeleteConflict") => {
                    done.push(format!("left {arn}, which others use"));
                }
                Err(error) => return Err(error),
            }
        }
        return Ok(done);
    };
    let is_default = |id: &str| default.is_some_and(|it| it.id == id);
    if is_ours && !is_default(before) && versions.iter().any(|it| it.id == *before) {
        account.set_default(arn, before).await?;
        done.push(format!("set {arn} back to version {before}"));
    } else if !is_default(before) {
        return Ok(done);
    }
    // Also if an earlier run of this ended here.
    let added = versions.iter().filter(|it| {
        it.id != *before
            && !new.versions_before.contains(&it.id)
            && same(&it.document, &new.document)
    });
    for version in added {
        account.delete_version(arn, &version.id).await?;
        done.push(format!("deleted version {} of {arn}", version.id));
    }
    if let Some(gone) = &new.deleted
        && versions
            .iter()
            .all(|it| !same(&it.document, &gone.document))
    {
        let id = account.add_version(arn, &gone.document, false).await?;
        done.push(format!("put back version {} of {arn}, now {id}", gone.id));
    }
    Ok(done)
}
