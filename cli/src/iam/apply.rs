//! How is a plan carried out?

use std::path::{Path, PathBuf};

use super::account::{Account, AccountError};
use super::plan::Plan;
use super::record::{Record, RecordError};

/// What went wrong while a plan was carried out.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(crate) enum ApplyError {
    #[error(transparent)]
    #[diagnostic(transparent)]
    Record(#[from] RecordError),
    #[error("stopped half-way")]
    #[diagnostic(help("put all back as it was: trailwright rollback {} --yes", record.display()))]
    Account {
        record: PathBuf,
        #[source]
        source: AccountError,
    },
}

/// Carries out a plan. What is new is attached before anything is taken away, so that nobody is
/// without a policy in between. The file from which it can be undone.
pub(crate) async fn apply(
    account: &Account,
    plan: &Plan,
    endpoint: &str,
    keep: &Path,
) -> Result<PathBuf, ApplyError> {
    let record = Record::before(plan, endpoint).keep(keep)?;
    match steps(account, plan).await {
        Ok(()) => Ok(record),
        Err(source) => Err(ApplyError::Account { record, source }),
    }
}

async fn steps(account: &Account, plan: &Plan) -> Result<(), AccountError> {
    for new in &plan.new {
        match &new.present {
            None => account.create(new, &plan.description, &plan.tags).await?,
            Some(_) if new.is_up_to_date() => {}
            Some(_) => {
                if let Some(oldest) = new.version_to_delete() {
                    account.delete_version(&new.arn, &oldest.id).await?;
                }
                account.add_version(&new.arn, &new.document, true).await?;
            }
        }
        if plan.attached.iter().all(|it| it.arn != new.arn) {
            account.attach(&plan.who, &new.arn).await?;
        }
    }
    for old in plan.detached() {
        account.detach(&plan.who, &old.arn).await?;
    }
    for old in plan.deleted() {
        account.delete_inline(&plan.who, &old.name).await?;
    }
    Ok(())
}
