//! Which principals does a batch take?

use std::str::FromStr;

use clap::ValueEnum;
use trailwright_engine::arn::wildcard;
use trailwright_engine::time::TimeRange;

/// A condition on principals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Filter {
    Account(String),
    /// Pattern of an IAM path, `/ci/*`.
    Path(String),
    Kind(Kind),
    /// Seen at this time or later, in microseconds since the epoch.
    LastSeen(i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    Role,
    User,
}

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected account=ID, path=PATTERN, type=role, type=user or last-seen=TIME";
        let (key, value) = text.split_once('=').ok_or(expected)?;
        match key {
            "account" => Ok(Self::Account(value.to_owned())),
            "path" => Ok(Self::Path(value.to_owned())),
            "type" => Kind::from_str(value, true).map(Self::Kind),
            "last-seen" => {
                let range = TimeRange::parse(Some(value), None);
                let range = range.map_err(|error| format!("{error}; {}", error.hint()))?;
                Ok(Self::LastSeen(range.from.unwrap_or(i64::MIN)))
            }
            _ => Err(expected.to_owned()),
        }
    }
}

impl Filter {
    /// Whether the filter takes the role or user with this ARN.
    pub(super) fn takes(&self, principal: &str, last_seen: Option<i64>) -> bool {
        let mut fields = principal.splitn(6, ':').skip(4);
        let (account, resource) = (fields.next(), fields.next().unwrap_or_default());
        let (kind, name) = resource.split_once('/').unwrap_or((resource, ""));
        match self {
            Self::Account(wanted) => account == Some(wanted),
            Self::Path(pattern) => {
                let path = name.rsplit_once('/').map_or("", |(path, _)| path);
                let path = match path {
                    "" => "/".to_owned(),
                    path => format!("/{path}/"),
                };
                wildcard(pattern, &path)
            }
            Self::Kind(Kind::Role) => kind == "role",
            Self::Kind(Kind::User) => kind == "user",
            Self::LastSeen(from) => last_seen.is_some_and(|at| at >= *from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_takes_what_it_says() {
        let principal = "arn:aws:iam::111122223333:role/ci/prod/deploy";
        for (filter, expected) in [
            ("account=111122223333", true),
            ("account=444455556666", false),
            ("path=/ci/*", true),
            ("path=/ci/", false),
            ("path=/", false),
            ("type=role", true),
            ("type=user", false),
            ("last-seen=1970-01-02", true),
            ("last-seen=1970-01-03", false),
        ] {
            let takes =
                Filter::from_str(filter).map(|it| it.takes(principal, Some(86_400_000_000)));
            assert_eq!(takes, Ok(expected), "{filter}");
        }
        let plain = Filter::Path("/".to_owned());
        assert!(plain.takes("arn:aws:iam::1:user/alice", None));
        for wrong in ["role", "name=x", "type=group", "last-seen=then"] {
            assert!(Filter::from_str(wrong).is_err(), "{wrong}");
        }
    }
}
