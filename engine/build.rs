//! Packs the reference tables of `reference/` for the binary.

use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

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
    "opaque_members",
    "invisible_actions",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=reference");
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
