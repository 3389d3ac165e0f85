//! How are numbers, times, names and notices shown?

use maud::{Markup, html};
use trailwright_engine::time;

use super::fields::link;

/// Microseconds of a day.
pub(super) const DAY: i64 = 86_400_000_000;

/// A number with its thousands apart.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with what it counts.
pub(super) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A time to the minute, as in `2026-11-24 09:30`, with the whole of it for who looks closer.
pub(super) fn when(time: Option<&str>) -> Markup {
    html! {
        @match time {
            Some(time) => {
                time.when datetime=(time) title=(time) {
                    (time.chars().take(16).map(|it| if it == 'T' { ' ' } else { it }).collect::<String>())
                }
            }
            None => span.dim { "–" }
        }
    }
}

/// A day since the epoch, as in `2026-11-24`.
pub(super) fn day_text(day: i64) -> String {
    time::to_text(day.saturating_mul(DAY))
        .chars()
        .take(10)
        .collect()
}

/// What went wrong, and what to do.
pub(super) fn alert(message: &str, hint: Option<&str>) -> Markup {
    html! {
        div.alert role="alert" {
            p class=[message.contains('\n').then_some("mono")] { (message) }
            @if let Some(hint) = hint { p.hint { (hint) } }
        }
    }
}

/// Where there is nothing to show: why, and what to do.
pub(super) fn empty(message: &str, hint: Markup) -> Markup {
    html! {
        div.empty {
            p { (message) }
            p.hint { (hint) }
        }
    }
}

/// The name in an ARN, without the kind: `app` of `arn:aws:iam::1:role/team/app`.
pub(super) fn name_of(principal: &str) -> &str {
    let resource = principal.splitn(6, ':').nth(5).unwrap_or(principal);
    match resource.split_once('/') {
        Some((_, name)) if !name.is_empty() => name,
        _ => resource,
    }
}

/// The same without its path, for lists: `app`.
fn short_name(principal: &str) -> &str {
    if !principal.starts_with("arn:") {
        return principal;
    }
    let name = name_of(principal);
    match name.rsplit_once('/') {
        Some((_, last)) if !last.is_empty() => last,
        _ => name,
    }
}

/// The account in an ARN.
pub(super) fn account_of(principal: &str) -> Option<&str> {
    let account = principal.split(':').nth(4)?;
    (principal.starts_with("arn:") && !account.is_empty()).then_some(account)
}

/// What CloudTrail calls an identity, in words.
pub(super) fn kind(principal_type: &str) -> &str {
    match principal_type {
        "AssumedRole" | "Role" => "role",
        "IAMUser" => "user",
        "Root" => "root",
        "FederatedUser" => "federated user",
        "AWSService" => "service",
        "AWSAccount" => "account",
        "WebIdentityUser" => "web identity",
        "SAMLUser" => "SAML user",
        "IdentityCenterUser" => "Identity Center user",
        other => other,
    }
}

/// An action, which breaks behind its service where a line is short.
pub(super) fn action(name: &str) -> Markup {
    html! {
        code {
            @match name.split_once(':') {
                Some((service, name)) => { (service) ":" wbr; (name) }
                None => (name),
            }
        }
    }
}

/// A principal's name, with a link to its page.
pub(super) fn principal(arn: &str) -> Markup {
    html! {
        a.name href=(link("/principal", "arn", arn)) title=(arn) { (short_name(arn)) }
    }
}

/// Rows of all the lists of a page that are shown at once.
const LISTED: usize = 200;

/// Rows that each of several lists shows, so that the page stays light: all if there are few.
pub(super) fn share(rows: usize, lists: usize) -> usize {
    match rows <= LISTED {
        true => rows,
        false => (LISTED / lists.max(1)).max(5),
    }
}

/// Values that can be chosen from a list. Where there are more, one is typed: nobody finds one among
/// thousands, and the page stays light.
pub(super) const CHOICES: usize = 200;

/// A choice of one value of several.
pub(super) fn select(
    name: &str,
    label: &str,
    chosen: Option<&str>,
    any: &str,
    values: &[(String, String)],
) -> Markup {
    let unknown = chosen.filter(|it| values.iter().all(|(value, _)| value != it));
    if values.len() > CHOICES {
        return html! {
            div.field {
                label for={ "f-" (name) } { (label) }
                input id={ "f-" (name) } name=(name) value=[chosen] placeholder={ "One of " (count(values.len() as u64)) }
                    size="16" autocomplete="off" spellcheck="false";
            }
        };
    }
    html! {
        div.field {
            label for={ "f-" (name) } { (label) }
            select id={ "f-" (name) } name=(name) {
                option value="" { (any) }
                @if let Some(unknown) = unknown {
                    option value=(unknown) selected { (unknown) }
                }
                @for (value, shown) in values {
                    option value=(value) selected[chosen == Some(value)] { (shown) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_read_at_a_glance() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(counted(1, "call", "calls"), "1 call");
        assert_eq!(name_of("arn:aws:iam::1:role/team/app"), "team/app");
        assert_eq!(name_of("arn:aws:iam::1:root"), "root");
        assert_eq!(short_name("arn:aws:iam::1:role/team/app"), "app");
        assert_eq!(short_name("a/b"), "a/b");
        assert_eq!(name_of("ec2.amazonaws.com"), "ec2.amazonaws.com");
        assert_eq!(account_of("arn:aws:iam::1:root"), Some("1"));
        assert_eq!(account_of("a:b:c:d:e:f"), None);
        assert_eq!(day_text(19_548), "2023-07-10");
    }
}
