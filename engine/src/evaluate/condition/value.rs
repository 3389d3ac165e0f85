//! How does a value of a request compare with one of a policy?

use std::cmp::Ordering;
use std::net::IpAddr;

use ipnet::IpNet;

use super::Unreadable;
use crate::arn::Arn;
use crate::pattern::{NotAnArn, Pattern, Piece, Resolve};
use crate::policy::Test;
use crate::time::TimeRange;

/// Whether `value` is as the policy wants it. A variable that the request has no value for is
/// like nothing.
pub(in crate::evaluate) fn compare(
    test: Test,
    value: &str,
    wanted: &[Piece<'_>],
    resolve: Resolve<'_>,
) -> Result<bool, Unreadable> {
    let Some(text) = text(wanted, resolve) else {
        return Ok(false);
    };
    match test {
        Test::StringEquals | Test::BinaryEquals => Ok(value == text),
        Test::StringEqualsIgnoreCase => Ok(value.to_lowercase() == text.to_lowercase()),
        Test::StringLike => {
            Ok(Pattern::text(wanted, resolve).is_some_and(|pattern| pattern.matches(value)))
        }
        Test::Arn => {
            value.parse::<Arn>().map_err(|_| Unreadable)?;
            match Pattern::arn(wanted, resolve) {
                None => Ok(false),
                Some(Err(NotAnArn)) => Err(Unreadable),
                Some(Ok(pattern)) => Ok(pattern.matches(value)),
            }
        }
        Test::Numeric(comparison) => {
            let order = number(value)?.partial_cmp(&number(&text)?);
            Ok(comparison.holds(order.unwrap_or(Ordering::Equal)))
        }
        Test::Date(comparison) => Ok(comparison.holds(instant(value)?.cmp(&instant(&text)?))),
        Test::Bool => Ok(boolean(value)? == boolean(&text)?),
        Test::IpAddress => {
            let address: IpAddr = value.parse().map_err(|_| Unreadable)?;
            Ok(network(&text)?.contains(&address))
        }
        // Asks whether there is a value, not what it is: decided before it comes to values.
        Test::Null => Err(Unreadable),
    }
}

/// The text with its variables replaced.
fn text(wanted: &[Piece<'_>], resolve: Resolve<'_>) -> Option<String> {
    let mut text = String::new();
    for piece in wanted {
        match piece {
            Piece::Text(part) => text.push_str(part),
            Piece::Sign(sign) => text.push(*sign),
            Piece::Variable(variable) => text.push_str(&resolve(variable)?),
        }
    }
    Some(text)
}

/// Digits with a sign and a point, no exponent and no words such as `inf`.
pub(crate) fn number(text: &str) -> Result<f64, Unreadable> {
    let plain = |sign: char| sign.is_ascii_digit() || matches!(sign, '+' | '-' | '.');
    if !text.chars().all(plain) {
        return Err(Unreadable);
    }
    text.parse().map_err(|_| Unreadable)
}

pub(crate) fn boolean(text: &str) -> Result<bool, Unreadable> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Unreadable),
    }
}

/// A network; a single address is one of its own.
pub(crate) fn network(text: &str) -> Result<IpNet, Unreadable> {
    let single = || text.parse::<IpAddr>().map(IpNet::from).ok();
    text.parse::<IpNet>().ok().or_else(single).ok_or(Unreadable)
}

/// Microseconds since the epoch, of an ISO 8601 date or time or of seconds since the epoch.
pub(crate) fn instant(text: &str) -> Result<i64, Unreadable> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let iso = match (digits, text.len()) {
        (true, 4) => format!("{text}-01-01"),
        (true, _) => {
            let seconds: i64 = text.parse().map_err(|_| Unreadable)?;
            return seconds.checked_mul(1_000_000).ok_or(Unreadable);
        }
        (false, _) => text.to_owned(),
    };
    let range = TimeRange::parse(Some(&iso), None).map_err(|_| Unreadable)?;
    range.from.ok_or(Unreadable)
}
