//! Packs the reference tables of `reference/` for the binary, and puts a mark on the mapping.

use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// Each becomes `$OUT_DIR/<name>.z`, to be unpacked when it is first asked for.
const TABLES: &[&str] = &[
    "services",
    "actions",
    "resource_types",
    "condition_keys",
    "operations",
    "pass_role",
    "event_sources",
    "event_exceptions",
    "not_permissions",
    "member_aliases",
    "id_prefixes",
    "passed_to",
    "via_services",
    "action_types",
    "sibling_services",
    "tag_on_create",
    "opaque_members",
    "invisible_actions",
];

/// What decides which permissions an event needs and how it ended: if any of it changes, so may
/// the answer, and what was stored of it is out of date.
const MAPPING: &[&str] = &[
    "reference",
    "src/activity.rs",
    "src/permission.rs",
    "src/permission",
    "src/reference.rs",
    "src/reference",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let mut mark = FNV_OFFSET;
    for path in MAPPING {
        println!("cargo::rerun-if-changed={path}");
        mark = hash_files(Path::new(path), mark)?;
    }
    println!("cargo::rustc-env=TRAILWRIGHT_MAPPING={mark:016x}");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    for table in TABLES {
        let path = format!("reference/{table}.tsv");
        let text = fs::read(&path).map_err(|error| format!("cannot read `{path}`: {error}"))?;
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&text)?;
        fs::write(out.join(format!("{table}.z")), encoder.finish()?)?;
    }
    Ok(())
}

/// The start of an FNV-1a hash, and what it is multiplied with.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

fn hash_files(path: &Path, mut mark: u64) -> Result<u64, Box<dyn Error>> {
    if path.is_dir() {
        let mut entries: Vec<PathBuf> = fs::read_dir(path)?
            .map(|entry| Ok(entry?.path()))
            .collect::<std::io::Result<_>>()?;
        entries.sort();
        for entry in entries {
            mark = hash_files(&entry, mark)?;
        }
        return Ok(mark);
    }
    let counts = path
        .extension()
        .is_some_and(|end| end == "rs" || end == "tsv");
    if counts {
        for byte in fs::read(path)? {
            mark = (mark ^ u64::from(byte)).wrapping_mul(FNV_PRIME);
        }
    }
    Ok(mark)
}
