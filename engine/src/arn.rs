//! What are the parts of an Amazon Resource Name, and what does a pattern cover?

use std::fmt;
use std::str::FromStr;

/// An Amazon Resource Name, perhaps with wildcards.
///
/// ```
/// # use trailwright_engine::Arn;
/// let bucket: Arn = "arn:aws:s3:::logs/*".parse()?;
/// assert!(bucket.matches(&"arn:aws:s3:::logs/2026/a.gz".parse()?));
/// # Ok::<(), trailwright_engine::arn::ArnError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: String,
    /// Service, as ARNs name it.
    pub service: String,
    /// Region; empty for global resources.
    pub region: String,
    /// Account; empty where the resource's name alone is unique.
    pub account: String,
    /// Everything behind the fifth colon.
    pub resource: String,
}

/// A text that is no ARN.
#[derive(Debug, thiserror::Error)]
#[error("expected an ARN (arn:partition:service:region:account:resource), got `{0}`")]
pub struct ArnError(String);

impl FromStr for Arn {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, ArnError> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next().map(ToOwned::to_owned);
        match (next(), next(), next(), next(), next(), next()) {
            (
                Some(arn),
                Some(partition),
                Some(service),
                Some(region),
                Some(account),
                Some(resource),
            ) if arn == "arn" && !partition.is_empty() && !service.is_empty() => Ok(Self {
                partition,
                service,
                region,
                account,
                resource,
            }),
            _ => Err(ArnError(text.to_owned())),
        }
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            partition,
            service,
            region,
            account,
            resource,
        } = self;
        write!(f, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

impl Arn {
    /// Whether this pattern covers `other`. `*` and `?` stay within one of the first five
    /// fields; in the resource they cross `/` and `:`.
    pub fn matches(&self, other: &Self) -> bool {
        wildcard(&self.partition, &other.partition)
            && wildcard(&self.service, &other.service)
            && wildcard(&self.region, &other.region)
            && wildcard(&self.account, &other.account)
            && wildcard(&self.resource, &other.resource)
    }
}

/// Whether `pattern`, with `*` and `?`, covers the whole of `text`.
pub fn wildcard(pattern: &str, text: &str) -> bool {
    // Remembers the last star and tries a longer match for it when the rest fails: linear in
    // practice, never exponential.
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&byte) if byte == b'?' || Some(&byte) == text.get(t) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((star_p, star_t)) => {
                    star = Some((star_p, star_t + 1));
                    p = star_p + 1;
                    t = star_t + 1;
                }
                None => return false,
            },
        }
    }
    pattern
        .get(p..)
        .is_none_or(|rest| rest.iter().all(|&byte| byte == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_comes_back_as_it_was() -> Result<(), ArnError> {
        for text in [
            "arn:aws:s3:::bucket/key:with:colons",
            "arn:aws-cn:lambda:cn-north-1:111122223333:function:f:prod",
        ] {
            assert_eq!(text.parse::<Arn>()?.to_string(), text);
        }
        Ok(())
    }

    #[test]
    fn a_wildcard_covers_what_it_should() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abbbc", true),
            ("a*c", "abbb", false),
            ("a?c", "abc", true),
            ("*a*b*", "xxaxxbxx", true),
            ("abc", "abcd", false),
        ] {
            assert_eq!(wildcard(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_bare_word_is_no_arn() {
        assert!("bucket".parse::<Arn>().is_err());
        assert!("arn:aws:s3".parse::<Arn>().is_err());
    }
}
