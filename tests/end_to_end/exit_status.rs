//! Does the exit status tell how it went, and is there always a next step?

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use trailwright_tests::fixture;
use trailwright_tests::trail::{delivery, record};

use crate::{lab, lab_with};

#[test]
fn help_and_version_are_no_errors() {
    let lab = lab();
    for args in [vec!["--help"], vec!["help", "ingest"], vec!["--version"]] {
        let done = lab.trailwright(args).status(0);
        assert!(done.stdout.contains("trailwright") && done.stderr.is_empty());
    }
    let help = lab.trailwright(["--help"]).stdout;
    assert!(help.contains("Exit status: 0 all well"), "{help}");
}

#[test]
fn wrong_usage_is_1_and_says_what_would_be_right() {
    let lab = lab();
    for args in [
        vec!["frob"],
        vec!["ingest"],
        vec!["ingest", "lake"],
        vec!["sql", "lake"],
        vec!["policy", "lake"],
        vec!["sql", "lake", "SELECT 1", "--output", "xml"],
        vec!["ingest", "lake", "logs", "--threads", "0"],
        vec!["export", "lake", "--frob"],
    ] {
        let done = lab.trailwright(&args).status(1).stdout("").says("error: ");
        assert!(
            done.stderr.contains("Usage: ") || done.stderr.contains("--help"),
            "{done}"
        );
    }
    lab.trailwright::<&str>([]).status(1).says("Usage: ");
}

#[test]
fn a_lake_that_is_not_there_is_1_and_is_not_made() {
    let lab = lab();
    for args in [
        vec!["sql", "nowhere", "SELECT 1"],
        vec!["principals", "nowhere"],
        vec!["policy", "nowhere", "--principal", "x"],
        vec!["export", "nowhere"],
    ] {
        lab.trailwright(args)
            .status(1)
            .stdout("")
            .says("error: no lake at `nowhere`")
            .says("hint: make one with: trailwright ingest nowhere");
    }
    assert!(!lab.path("nowhere").exists());
}

#[test]
fn a_source_that_is_not_there_is_1_and_makes_no_lake() {
    let lab = lab();
    lab.trailwright(["ingest", "lake", "nowhere"])
        .status(1)
        .says("error: cannot read source `nowhere`")
        .says("hint: ");
    lab.write("empty/README.md", "no log");
    lab.trailwright(["ingest", "lake", "empty"])
        .status(1)
        .says("error: no log files in `empty`")
        .says("hint: ");
    assert!(!lab.path("lake").exists());
}

#[test]
fn a_lake_that_cannot_be_written_is_1() {
    let lab = lab();
    lab.write("file", "not a folder");
    lab.write("logs/a.json", delivery(&[record(1)]));
    lab.trailwright(["ingest", "file/lake", "logs"])
        .status(1)
        .says("error: cannot use `file/lake` as a lake")
        .says("hint: ");
}

#[test]
fn a_time_that_is_none_is_1() {
    let lab = lab_with("umccr-cloudtrail-parquet");
    for command in [
        vec!["sql", "lake", "SELECT 1"],
        vec!["principals", "lake"],
        vec!["policy", "lake", "--principal", "x"],
        vec!["export", "lake"],
    ] {
        for end in ["--from", "--to"] {
            lab.trailwright(command.iter().copied().chain([end, "yesterday-ish"]))
                .status(1)
                .stdout("")
                .says("error: expected a date, a time or a range of them, got `yesterday-ish`")
                .says("hint: write 2026, 2026-11, 2026-11-24");
        }
    }
}

#[test]
fn rejects_are_2_and_a_clean_run_is_0() {
    let lab = lab();
    let broken = fixture::folder("aws-cloudtrail-processing-library");
    let done = lab.trailwright(["ingest".as_ref(), "lake".as_ref(), broken.as_os_str()]);
    let done = done.status(2);
    assert!(
        done.tally("rejected") > 0 && done.tally("new") > 0,
        "{done}"
    );
    lab.ingest(fixture::folder("umccr-cloudtrail-parquet"));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let lab = lab_with("invictus");
    let everything = "SELECT * FROM events";
    for args in [
        vec!["export", "lake"],
        vec!["export", "lake", "--format", "json"],
        vec!["sql", "lake", everything],
        vec!["sql", "lake", everything, "-ocsv"],
        vec!["sql", "lake", everything, "-ojson"],
        vec!["sql", "lake", everything, "-ondjson"],
    ] {
        let mut command = lab.command(&args);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let done = child.wait_with_output().unwrap();
        assert!(!line.is_empty());
        assert_eq!(String::from_utf8_lossy(&done.stderr), "", "{args:?}");
        assert_eq!(done.status.code(), Some(0), "{args:?}");
    }
}

#[test]
fn a_summary_that_nobody_reads_stops_nothing() {
    let lab = lab();
    lab.write("logs/a.json", delivery(&[record(1)]));
    let mut command = lab.command(["ingest", "lake", "logs"]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(lab.value("SELECT count(*) FROM events"), 1);
}
