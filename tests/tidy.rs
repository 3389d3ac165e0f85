//! Does the repository keep to its own rules?

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use trailwright_tests::fixture;

/// Each crate with those it may depend on, and those that its tests may use besides.
const EDGES: [(&str, &[&str], &[&str]); 6] = [
    ("engine", &[], &["tests"]),
    ("ingest", &["engine"], &["tests"]),
    ("sql", &["engine"], &["tests"]),
    ("cli", &["engine", "ingest", "sql"], &["tests"]),
    ("tests", &[], &["engine"]),
    (
        "benchmarks",
        &["engine", "ingest", "sql", "cli", "tests"],
        &[],
    ),
];

/// What the pure crate must never see: storage, SQL, a runtime, a clock of its own.
const NOT_IN_ENGINE: [&str; 8] = [
    "datafusion",
    "deltalake",
    "object_store",
    "parquet",
    "reqwest",
    "tokio",
    "uuid",
    "walkdir",
];

/// Lines above which a source file holds a second idea.
const MAX_LINES: usize = 600;

/// Source files that may be longer, each with its reason.
const LONG_FILES: [(&str, &str); 0] = [];

fn read(path: impl AsRef<Path>) -> String {
    let path = fixture::root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn manifest(folder: &str) -> toml::Table {
    read(format!("{folder}/Cargo.toml")).parse().unwrap()
}

/// The package called `name` in its manifest lies in this folder of the workspace.
fn folder_of(package: &str) -> Option<&str> {
    match package {
        "trailwright" => Some("cli"),
        _ => package.strip_prefix("trailwright-"),
    }
}

/// Names in a table of dependencies.
fn dependencies(manifest: &toml::Table, table: &str) -> Vec<String> {
    let table = manifest.get(table).and_then(toml::Value::as_table);
    table.into_iter().flat_map(|t| t.keys().cloned()).collect()
}

/// Files of the crates that end in `end`.
fn sources(end: &str) -> Vec<PathBuf> {
    let crates = EDGES
        .iter()
        .map(|(folder, ..)| fixture::root().join(folder));
    crates.flat_map(|folder| files(&folder, end)).collect()
}

fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            found.extend(files(&path, end));
        } else if path.extension().is_some_and(|e| e == end) {
            found.push(path);
        }
    }
    found
}

#[test]
fn crates_depend_one_way() {
    for (folder, allowed, in_tests) in EDGES {
        let manifest = manifest(folder);
        for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for package in dependencies(&manifest, table) {
                let Some(other) = folder_of(&package) else {
                    continue;
                };
                let in_test = table == "dev-dependencies" && in_tests.contains(&other);
                assert!(
                    allowed.contains(&other) || in_test,
                    "{folder} must not depend on {other} ({table})"
                );
            }
        }
        assert!(
            !manifest.contains_key("target"),
            "{folder}: not looked at here"
        );
    }
}

#[test]
fn the_edges_name_every_crate() {
    let root: toml::Table = read("Cargo.toml").parse().unwrap();
    let members = root["workspace"]["members"].as_array().unwrap();
    let members: BTreeSet<&str> = members.iter().filter_map(toml::Value::as_str).collect();
    assert_eq!(members, EDGES.iter().map(|(folder, ..)| *folder).collect());
}

#[test]
fn the_engine_is_pure() {
    for table in ["dependencies", "build-dependencies"] {
        for package in dependencies(&manifest("engine"), table) {
            assert!(!NOT_IN_ENGINE.contains(&package.as_str()), "{package}");
        }
    }
}

#[test]
fn versions_are_pinned_once() {
    for (folder, ..) in EDGES {
        let manifest = manifest(folder);
        for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for package in dependencies(&manifest, table) {
                let shared = manifest[table][&package].get("workspace").is_some();
                assert!(shared, "{folder}: `{package}` belongs into the workspace");
            }
        }
        let lints = manifest["lints"].get("workspace");
        assert!(lints.is_some(), "{folder}: lints of the workspace");
    }
}

#[test]
fn every_module_opens_with_its_question() {
    for path in sources("rs") {
        let text = read(&path);
        assert!(text.starts_with("//! "), "{}: no `//!`", path.display());
    }
}

#[test]
fn no_source_file_is_long() {
    let long: BTreeSet<&str> = LONG_FILES.iter().map(|(path, _)| *path).collect();
    for path in sources("rs").into_iter().chain(sources("sql")) {
        let lines = read(&path).lines().count();
        let name = path.strip_prefix(fixture::root()).unwrap();
        let excused = long.contains(name.to_str().unwrap());
        assert!(lines <= MAX_LINES || excused, "{}: {lines}", path.display());
    }
}

#[test]
fn the_architecture_names_every_crate() {
    let text = read("ARCHITECTURE.md");
    for (folder, ..) in EDGES {
        let name = manifest(folder)["package"]["name"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(text.contains(&format!("`{folder}`")), "folder `{folder}`");
        assert!(text.contains(&format!("`{name}`")), "crate `{name}`");
    }
}

#[test]
fn files_that_the_architecture_names_exist() {
    let text = read("ARCHITECTURE.md");
    let roots: Vec<String> = EDGES.iter().map(|(f, ..)| format!("{f}/")).collect();
    for name in text.split('`').skip(1).step_by(2) {
        if roots.iter().any(|root| name.starts_with(root)) && !name.contains([' ', '*', '{']) {
            assert!(fixture::root().join(name).exists(), "`{name}`");
        }
    }
}

/// What cargo would build, a line for each package with its features.
fn packages(arguments: &[&str]) -> BTreeSet<String> {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--prefix=none"])
        .args(["--format={p} [{f}]"])
        .args(arguments)
        .current_dir(fixture::root())
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&tree.stderr);
    assert!(tree.status.success(), "cargo tree: {error}");
    let lines = String::from_utf8(tree.stdout).unwrap();
    let lines = lines.lines().map(|line| line.trim_end_matches(" (*)"));
    lines
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn running_and_testing_build_dependencies_once() {
    let to_run = packages(&["--edges=normal"]);
    let to_test = packages(&["--edges=normal,dev", "--workspace"]);
    let twice: Vec<_> = to_run.difference(&to_test).collect();
    assert!(
        twice.is_empty(),
        "tests give these other features, so that `cargo run` builds them and all above them anew; \
         name the features in cli/Cargo.toml: {twice:?}"
    );
}

#[test]
fn the_example_in_the_readme_is_the_one_that_runs() {
    let example = read("cli/examples/embed.rs");
    let (_, code) = example.split_once("\n\n").unwrap();
    let shown = format!("```rust\n{code}```\n");
    assert!(
        read("README.md").contains(&shown),
        "README.md lacks:\n{shown}"
    );
}

#[test]
fn every_fixture_has_a_source_and_a_licence() {
    for entry in fs::read_dir(fixture::logs()).unwrap() {
        let folder = entry.unwrap().path();
        assert!(folder.is_dir(), "{}: in no folder", folder.display());
        let source = read(folder.join("SOURCE.txt"));
        for line in ["repo: https://", "commit: ", "licence: "] {
            assert!(source.contains(line), "{}: no `{line}`", folder.display());
        }
        assert!(folder.join("LICENSE.upstream.txt").is_file());
        let name = folder.file_name().unwrap().to_str().unwrap();
        assert!(read("NOTICE").contains(name), "NOTICE lacks {name}");
    }
}
