//! Does the README tell the truth?

use std::fs;
use std::path::Path;
use std::process::Command;

use trailwright_tests::fixture;

use crate::lab;

#[test]
fn the_embed_example_ingests_asks_and_writes_a_policy() {
    // Cargo builds a package's examples with its tests.
    let program = Path::new(env!("CARGO_BIN_EXE_trailwright"));
    let example = program.parent().unwrap().join("examples/embed");
    let lab = lab();
    let output = Command::new(&example)
        .arg(fixture::folder("invictus"))
        .arg(lab.path("lake"))
        .arg("arn:aws:iam::123837392027:role/stratus-red-team-ec2-steal-credentials-role")
        .output()
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(stdout.contains("| ec2 "), "{stdout}");
    assert!(
        stdout.contains("\"ssm:UpdateInstanceInformation\""),
        "{stdout}"
    );
    assert_eq!(lab.value("SELECT count(*) FROM events"), 2_900);
}

#[test]
fn the_first_command_prints_the_policy_that_is_shown() {
    let readme = fs::read_to_string(fixture::root().join("README.md")).unwrap();
    let mut commands = readme
        .lines()
        .filter_map(|l| l.strip_prefix("cargo run -- "));
    let args: Vec<&str> = commands.next().unwrap().split(' ').collect();
    let lab = lab();
    let done = lab
        .command(args)
        .current_dir(fixture::root())
        .output()
        .unwrap();
    let policy = String::from_utf8(done.stdout).unwrap();
    assert!(policy.starts_with('{'), "{policy}");
    assert!(readme.contains(&policy), "README.md lacks:\n{policy}");
}
