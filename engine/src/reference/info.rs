//! How old is the reference, what was it made from, and how much does it hold?

use super::load;

/// How old the reference is, what it was made from, how much it holds.
#[derive(Debug)]
pub struct Info {
    /// The day that AWS's documentation was read, as `YYYY-MM-DD`.
    pub date: &'static str,
    /// The packages that the tables were made from.
    pub packages: Vec<Package>,
    /// How many services there are.
    pub services: usize,
    /// How many actions.
    pub actions: usize,
    /// How many resource types.
    pub resource_types: usize,
    /// How many condition keys.
    pub condition_keys: usize,
    /// How many events that IAM checks under another name than their own.
    pub exceptions: usize,
}

/// A package that the tables were made from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Package {
    /// Its name in its registry.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Its license, as an SPDX identifier.
    pub license: &'static str,
}

const SOURCES: &str = include_str!("../../reference/SOURCES.toml");

impl Info {
    /// The day that AWS's documentation was read, without unpacking any table.
    pub fn reference_date() -> &'static str {
        let mut pairs = SOURCES.lines().filter_map(|line| line.split_once(" = "));
        pairs
            .find(|&(key, _)| key == "reference_date")
            .map_or("", |(_, date)| date)
    }

    pub(super) fn read() -> Info {
        Info {
            date: Self::reference_date(),
            packages: SOURCES
                .split("[[package]]")
                .skip(1)
                .map(Package::read)
                .collect(),
            services: load::SERVICES.lines().count(),
            actions: load::ACTIONS.lines().count(),
            resource_types: load::RESOURCE_TYPES.lines().count(),
            condition_keys: load::CONDITION_KEYS.lines().count(),
            exceptions: load::EVENT_EXCEPTIONS.lines().count(),
        }
    }
}

impl Package {
    /// The file is ours and plain, so that its lines can be read without a parser of TOML.
    fn read(text: &'static str) -> Package {
        let mut package = Package::default();
        for (key, value) in text.lines().filter_map(|line| line.split_once(" = ")) {
            let value = value.trim_matches('"');
            match key {
                "name" => package.name = value,
                "version" => package.version = value,
                "licence" => package.license = value,
                _ => {}
            }
        }
        package
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::fmt::Write as _;

    use sha2::{Digest as _, Sha256};

    use crate::reference::Reference;

    #[test]
    fn the_reference_knows_its_origin() {
        let info = Reference::bundled().info();
        assert_eq!(info.date.len(), "2026-01-31".len());
        assert!(
            info.packages
                .iter()
                .any(|it| it.name == "botocore" && it.license == "Apache-2.0")
        );
        assert!(info.services > 400 && info.actions > 20_000 && info.condition_keys > 1_000);
    }

    #[test]
    fn the_tables_have_the_checksums_of_their_sources() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("reference");
        let sources = std::fs::read_to_string(folder.join("SOURCES.toml")).unwrap();
        let (_, tables) = sources.split_once("\n[tables]\n").unwrap();
        assert_eq!(tables.lines().count(), 8);
        for (table, digest) in tables.lines().filter_map(|line| line.split_once(" = ")) {
            let bytes = std::fs::read(folder.join(table.trim_matches('"'))).unwrap();
            let mut hex = String::new();
            for byte in Sha256::digest(bytes) {
                write!(hex, "{byte:02x}").unwrap();
            }
            assert_eq!(digest.trim_matches('"'), hex, "{table} was changed by hand");
        }
    }
}
