//! Which ARNs does an event spell out, and how are names written into a policy?

use crate::permission::call::CallInfo;

/// The longest ARN that AWS makes. What is longer is no ARN, and costly to compare.
const MAX_ARN: usize = 2_048;

/// ARNs that the event spells out: in `resources`, and as values of the request. Without
/// repetitions, in a stable order.
pub(super) fn named(info: &CallInfo<'_>) -> Vec<String> {
    let in_request = info.request().arns().map(|member| member.value.to_string());
    let mut arns: Vec<String> = info
        .resource_arns()
        .iter()
        .cloned()
        .chain(in_request)
        .collect();
    for arn in &mut arns {
        // The ARN of a log group may be given as the pattern of what is in it.
        if let Some(bare) = arn.strip_suffix(":*") {
            *arn = bare.to_owned();
        }
    }
    arns.retain(|arn| arn.len() <= MAX_ARN && !arn.contains("HIDDEN_DUE_TO"));
    arns.sort();
    arns.dedup();
    arns
}

/// A literal ARN as IAM reads it in a policy. A `*` at its end was put there by us, for all that
/// begins so.
pub(super) fn escaped(arn: &str) -> String {
    if !arn.contains(['*', '?', '$']) {
        return arn.to_owned();
    }
    let (body, tail) = match arn.strip_suffix("/*") {
        Some(body) => (body, "/*"),
        None => (arn, ""),
    };
    let mut parts = body.splitn(6, ':');
    let mut escaped: Vec<String> = parts.by_ref().take(5).map(ToOwned::to_owned).collect();
    escaped.extend(parts.next().map(escaped_name));
    escaped.join(":") + tail
}

/// A literal name as IAM reads it in a policy: `*`, `?` and `$` would be wildcards and variables.
pub(super) fn escaped_name(name: &str) -> String {
    if !name.contains(['*', '?', '$']) {
        return name.to_owned();
    }
    let mut escaped = String::with_capacity(name.len() + 4);
    for sign in name.chars() {
        match sign {
            '*' | '?' | '$' => escaped.extend(['$', '{', sign, '}']),
            other => escaped.push(other),
        }
    }
    escaped
}
