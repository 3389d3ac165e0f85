//! In which forms do answers come?

use std::fs::File;
use std::process::Stdio;

use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::lab_with;

const QUERY: &str =
    "SELECT event_source, count(*) AS calls FROM events GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 2";

#[test]
fn a_table_for_documents_and_files_for_programs() {
    let lab = lab_with("umccr-cloudtrail-parquet");
    let rows = lab.sql(QUERY);
    let (source, calls) = (rows[0]["event_source"].as_str().unwrap(), &rows[0]["calls"]);
    let markdown = lab
        .trailwright(["sql", "lake", QUERY, "-o", "markdown"])
        .status(0)
        .stdout;
    assert!(
        markdown.starts_with(&format!(
            "| event_source | calls |\n| --- | ---: |\n| {source} | {calls} |\n"
        )),
        "{markdown}"
    );
    lab.trailwright(["sql", "lake", QUERY, "-o", "parquet", "--out", "a.parquet"])
        .status(0)
        .stdout("");
    let file = SerializedFileReader::new(File::open(lab.path("a.parquet")).unwrap()).unwrap();
    assert_eq!(file.metadata().file_metadata().num_rows(), 2);
    lab.trailwright(["sql", "lake", QUERY, "-o", "arrow", "--out", "a.arrow"])
        .status(0);
    let file =
        arrow::ipc::reader::FileReader::try_new(File::open(lab.path("a.arrow")).unwrap(), None);
    let batches: Vec<_> = file.unwrap().map(Result::unwrap).collect();
    assert_eq!(
        batches
            .iter()
            .map(arrow::array::RecordBatch::num_rows)
            .sum::<usize>(),
        2
    );
    // A query that fails leaves no file behind.
    lab.trailwright([
        "sql",
        "lake",
        "SELECT 1/0",
        "-o",
        "parquet",
        "--out",
        "b.parquet",
    ])
    .status(1);
    for name in ["b.parquet", "b.parquet.part"] {
        assert!(!lab.path(name).exists());
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let lab = lab_with("umccr-cloudtrail-parquet");
    for form in ["csv", "ndjson", "json", "table"] {
        let many = "SELECT * FROM generate_series(1, 200000)";
        let mut command = lab.command(["sql", "lake", many, "-o", form]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let done = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&done.stderr), "", "{form}");
        assert_eq!(done.status.code(), Some(0), "{form}");
    }
}

#[test]
fn a_pager_gets_the_answer() {
    let lab = lab_with("umccr-cloudtrail-parquet");
    let with = |pager: &str| {
        let mut command = lab.command(["sql", "lake", QUERY, "--pager"]);
        command.env("PAGER", pager).output().unwrap()
    };
    let paged = String::from_utf8(with("cat").stdout).unwrap();
    assert!(
        paged.contains("event_source") && paged.contains("2 rows"),
        "{paged}"
    );
    assert_eq!(with("true").status.code(), Some(0));
    let missing = with("no-such-pager -x");
    assert!(
        String::from_utf8_lossy(&missing.stderr)
            .contains("cannot run the pager `no-such-pager -x`")
    );
}

#[test]
fn connect_says_how_others_open_the_lake() {
    let lab = lab_with("umccr-cloudtrail-parquet");
    let all = lab.trailwright(["connect", "lake"]).status(0).stdout;
    for piece in [
        "delta_scan('/",
        "USING DELTA LOCATION 'file:///",
        "'table_type' = 'DELTA'",
        "DeltaTable(\"/",
    ] {
        assert!(all.contains(piece), "{piece} in {all}");
    }
    let duckdb = lab
        .trailwright(["connect", "lake", "--engine", "duckdb"])
        .status(0)
        .stdout;
    assert!(duckdb.contains("DuckDB") && !duckdb.contains("Spark"));
    let files = lab
        .trailwright(["connect", "lake", "--files"])
        .status(0)
        .stdout;
    assert!(files.lines().count() > 0);
    for file in files.lines() {
        assert!(std::path::Path::new(file).is_file(), "{file}");
    }
}
