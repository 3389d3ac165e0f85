//! In which partition, region and account did a call happen?

use crate::permission::call::CallInfo;

/// What every ARN of the call's own account and region begins with.
#[derive(Debug, Clone, Copy)]
pub(in crate::permission) struct Place<'a> {
    pub(in crate::permission) partition: &'a str,
    pub(in crate::permission) region: &'a str,
    pub(in crate::permission) account: &'a str,
}

impl<'a> Place<'a> {
    pub(in crate::permission) fn of(info: &CallInfo<'a>) -> Self {
        let call = info.call;
        let region = call.aws_region.filter(|region| !region.is_empty());
        let of_principal = call.principal.and_then(|arn| arn.split(':').nth(4));
        let account = call
            .account
            .or(of_principal)
            .filter(|account| !account.is_empty());
        Self {
            partition: partition(region.unwrap_or_default()),
            region: region.unwrap_or("*"),
            account: account.unwrap_or("*"),
        }
    }
}

/// The partition that a region belongs to.
fn partition(region: &str) -> &'static str {
    const PARTITIONS: [(&str, &str); 7] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-isob-", "aws-iso-b"),
        ("us-isof-", "aws-iso-f"),
        ("us-iso-", "aws-iso"),
        ("eu-isoe-", "aws-iso-e"),
        ("eusc-", "aws-eusc"),
    ];
    PARTITIONS
        .iter()
        .find(|(start, _)| region.starts_with(start))
        .map_or("aws", |(_, partition)| partition)
}
