//! What does the path of a delivery tell of it?
//!
//! `AWSLogs/[o-org/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/FILE`, and where folders are lost, the
//! name `ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHMMZ_ID.json.gz`.

/// What lies under a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Events, or we cannot tell.
    Events,
    /// Digest files.
    Digest,
    /// What other services deliver into the same bucket.
    OtherService,
}

/// What a path tells, as far as it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ObjectKey<'a> {
    pub(crate) account: Option<&'a str>,
    pub(crate) kind: Kind,
    pub(crate) region: Option<&'a str>,
    /// `2026-11-24`, `2026-11`, `2026` or nothing.
    pub(crate) date: String,
}

impl<'a> ObjectKey<'a> {
    /// Reads the `path` of a file or of a folder.
    pub(crate) fn parse(path: &'a str) -> Self {
        let mut key = Self {
            account: None,
            kind: Kind::Events,
            region: None,
            date: String::new(),
        };
        let mut parts = path.split('/').filter(|part| !part.is_empty());
        if parts.any(|part| part == "AWSLogs") {
            key.read_folders(parts);
        } else {
            if path.split('/').any(|part| part == "CloudTrail-Digest") {
                key.kind = Kind::Digest;
            }
            key.read_name(path.rsplit('/').next().unwrap_or_default());
        }
        key
    }

    fn read_folders(&mut self, parts: impl Iterator<Item = &'a str>) {
        let mut parts = parts.peekable();
        parts.next_if(|part| part.starts_with("o-"));
        self.account = parts.next_if(|part| is_digits(part, 12));
        if self.account.is_none() {
            return;
        }
        self.kind = match parts.next() {
            Some("CloudTrail-Digest") => Kind::Digest,
            Some(kind) if !kind.starts_with("CloudTrail") => Kind::OtherService,
            _ => Kind::Events,
        };
        self.region = parts.next_if(|part| is_region(part));
        if self.region.is_none() {
            return;
        }
        for digits in [4, 2, 2] {
            let Some(part) = parts.next_if(|part| is_digits(part, digits)) else {
                return;
            };
            if !self.date.is_empty() {
                self.date.push('-');
            }
            self.date.push_str(part);
        }
    }

    fn read_name(&mut self, name: &'a str) {
        let mut parts = name.split('_');
        let (account, kind, region, time) =
            (parts.next(), parts.next(), parts.next(), parts.next());
        self.account = account.filter(|part| is_digits(part, 12));
        if self.account.is_none() || !kind.is_some_and(|kind| kind.starts_with("CloudTrail")) {
            self.account = None;
            return;
        }
        if kind == Some("CloudTrail-Digest") {
            self.kind = Kind::Digest;
        }
        self.region = region.filter(|part| is_region(part));
        let day = time.and_then(|time| time.get(..8));
        if let Some(day) = day.filter(|day| is_digits(day, 8)) {
            let part = |range| day.get(range).unwrap_or_default();
            self.date = format!("{}-{}-{}", part(0..4), part(4..6), part(6..8));
        }
    }
}

fn is_digits(part: &str, count: usize) -> bool {
    part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_region(part: &str) -> bool {
    part.contains('-')
        && part
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(path: &str) -> String {
        let key = ObjectKey::parse(path);
        let [account, region] = [key.account, key.region].map(Option::unwrap_or_default);
        format!("{:?} {account} {region} {}", key.kind, key.date)
    }

    #[test]
    fn a_path_tells_what_it_holds() {
        for (path, expected) in [
            (
                "logs/AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11/24/x.json.gz",
                "Events 111122223333 eu-west-1 2026-11-24",
            ),
            (
                "AWSLogs/o-abcd/111122223333/CloudTrail-Insight/us-gov-west-1/2026/11",
                "Events 111122223333 us-gov-west-1 2026-11",
            ),
            ("AWSLogs/o-abcd", "Events   "),
            (
                "AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026",
                "Digest 111122223333 eu-west-1 2026",
            ),
            (
                "AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/11/24",
                "OtherService 111122223333 eu-west-1 2026-11-24",
            ),
            (
                "flat/111122223333_CloudTrail_us-east-1_20230710T1220Z_WMiH.json.gz",
                "Events 111122223333 us-east-1 2023-07-10",
            ),
            ("flat/2026/11/24/other.json", "Events   "),
        ] {
            assert_eq!(show(path), expected, "{path}");
        }
    }
}
