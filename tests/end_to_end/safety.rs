//! Can SQL be given to strangers?

use std::time::{Duration, Instant};

use trailwright_tests::Lab;

use crate::lab_with;

fn lab() -> Lab {
    lab_with("umccr-cloudtrail-parquet")
}

#[test]
fn no_statement_changes_or_reads_anything_but_the_lake() {
    let lab = lab();
    lab.write("secret.csv", "a,b\n1,2\n");
    lab.write("secret.parquet", "no");
    let before = lab.sql("SELECT count(*) AS n FROM events");
    for statement in [
        "DROP TABLE events",
        "DROP VIEW activity",
        "DROP SCHEMA public CASCADE",
        "CREATE TABLE x AS SELECT 1",
        "CREATE OR REPLACE TABLE events AS SELECT 1",
        "CREATE VIEW x AS SELECT 1",
        "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
        "CREATE EXTERNAL TABLE x STORED AS PARQUET LOCATION 's3://bucket/x'",
        "CREATE FUNCTION f() RETURNS INT RETURN 1",
        "CREATE DATABASE x",
        "CREATE SCHEMA x",
        "INSERT INTO events SELECT * FROM events",
        "INSERT INTO activity SELECT * FROM activity",
        "DELETE FROM events",
        "UPDATE events SET event_name = 'x'",
        "TRUNCATE TABLE events",
        "MERGE INTO events USING calls ON false WHEN NOT MATCHED THEN INSERT VALUES (1)",
        "COPY (SELECT 1) TO 'out.csv'",
        "COPY events TO 'out' STORED AS PARQUET",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO 'out.csv'",
        "EXPLAIN ANALYZE INSERT INTO events SELECT * FROM events",
        "SET datafusion.execution.batch_size = 1",
        "SET datafusion.catalog.information_schema = false",
        "RESET datafusion.execution.batch_size",
        "PREPARE p AS SELECT 1",
        "BEGIN",
        "COMMIT",
        "VACUUM events",
        "SELECT * FROM 'secret.csv'",
        "SELECT * FROM \"secret.csv\"",
        "SELECT * FROM \"secret.parquet\"",
        "SELECT * FROM \"/etc/passwd\"",
        "SELECT * FROM 'file:///etc/passwd'",
        "SELECT * FROM read_csv('secret.csv')",
        "SELECT * FROM read_parquet('secret.parquet')",
        "SELECT * FROM parquet_metadata('secret.parquet')",
        "SELECT load_extension('x')",
        "SELECT pg_read_file('/etc/passwd')",
        "WITH RECURSIVE t AS (SELECT 'x' AS s UNION ALL SELECT s || s FROM t) SELECT count(*) FROM t",
        "SELECT repeat('x', 2000000000)",
        "SELECT lpad('x', 2000000000)",
        "SELECT array_repeat('x', 2000000000)",
        "SELECT range(1, 20000000000)",
    ] {
        lab.trailwright(["sql", "lake", statement])
            .status(1)
            .says("error: ")
            .says("hint: ")
            .stdout("");
    }
    for file in ["out.csv", "out"] {
        assert!(!lab.path(file).exists(), "{file}");
    }
    assert_eq!(lab.sql("SELECT count(*) AS n FROM events"), before);
}

#[test]
fn hostile_queries_end_in_an_error_and_not_in_a_crash() {
    let lab = lab();
    let nested = format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000));
    let sum = format!("SELECT 1{}", " + 1".repeat(20_000));
    let allowed = format!("SELECT 1{}", " + 1".repeat(600));
    let unions = format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(600));
    let casts = format!("SELECT 1{}", "::INT".repeat(600));
    let list = format!("SELECT 1 WHERE 1 IN (1{})", ", 1".repeat(20_000));
    let not = format!("SELECT {} true", "NOT ".repeat(20_000));
    let subqueries = format!(
        "{}SELECT 1{}",
        "SELECT * FROM (".repeat(500),
        ")".repeat(500)
    );
    let long = format!("SELECT '{}'", "x".repeat(2 << 20));
    for query in [
        nested.as_str(),
        &sum,
        &allowed,
        &unions,
        &casts,
        &list,
        &not,
        &subqueries,
        &long,
        "SELECT '",
        "SELECT \u{0}",
        "SELECT \"",
        "/*",
        "SELECT $1",
        "SELECT $nobody",
        "SELECT ?",
        "SELECT 1/0",
        "SELECT CAST('x' AS INT)",
        "SELECT 99999999999999999999999999999999999999999999",
        "SELECT * FROM events, events",
        "EXPLAIN EXPLAIN SELECT 1",
        "DESCRIBE SELECT",
        "SELECT iam_actions()",
        "SELECT json_get()",
        "SELECT 1 -> 'a'",
        "SELECT request_parameters -> true FROM events",
        "SELECT arn_service(1, 2)",
    ] {
        let mut command = lab.command(["sql", "lake", "-f", "query.sql"]);
        lab.write("query.sql", query);
        let done = command.output().unwrap();
        let stderr = String::from_utf8_lossy(&done.stderr);
        let shown: String = query.chars().take(60).collect();
        // An answer is fine as well; a signal or a panic is not.
        assert!(
            matches!(done.status.code(), Some(0 | 1)),
            "{shown}: {:?} {stderr}",
            done.status
        );
        assert!(!stderr.contains("panicked"), "{shown}: {stderr}");
        assert!(
            stderr.len() < 4_000,
            "{shown}: {} bytes of error",
            stderr.len()
        );
    }
}

#[test]
fn a_query_that_takes_too_long_is_stopped() {
    let lab = lab();
    let started = Instant::now();
    let endless = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b \
        WHERE a.value * b.value % 7 = 8";
    lab.trailwright(["sql", "lake", endless, "--timeout", "1"])
        .status(1)
        .says("error: the query took longer than 1s and was stopped")
        .says("hint: ask for less");
    assert!(started.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_query_that_wants_too_much_memory_is_refused_and_spills_before() {
    let lab = lab();
    // A sort of more than the memory goes to disk, and says so in its plan.
    let sorted = "SELECT max(r) AS r FROM (SELECT row_number() OVER (ORDER BY -value, md5('x')) AS r \
        FROM generate_series(1, 2000000))";
    let bounded = |query: &str, memory: &str, form: &str| {
        lab.trailwright(["sql", "lake", query, "--memory", memory, "-o", form])
    };
    bounded(sorted, "40", "csv")
        .status(0)
        .stdout("r\n2000000\n");
    let plan = |memory: &str| {
        let explained = format!("EXPLAIN ANALYZE {sorted}");
        let plan = bounded(&explained, memory, "json").status(0).stdout;
        let spills = plan.split("spill_count=").skip(1).map(|rest| {
            let digits = rest.split(|c: char| !c.is_ascii_digit()).next();
            digits.unwrap().parse::<u64>().unwrap()
        });
        spills.sum::<u64>()
    };
    assert!(plan("40") > 0);
    assert_eq!(plan("2000"), 0);
    // What cannot go to disk is refused.
    let joined = "SELECT count(*) FROM generate_series(1, 3000000) a \
        JOIN generate_series(1, 3000000) b ON a.value = b.value";
    bounded(joined, "16", "csv")
        .status(1)
        .says("error: the query needs more memory than it may have");
}

#[test]
fn rows_are_limited() {
    let lab = lab();
    let rows = lab.trailwright([
        "sql",
        "lake",
        "SELECT event_id FROM events",
        "--limit",
        "3",
        "-o",
        "csv",
    ]);
    assert_eq!(rows.status(0).stdout.lines().count(), 4);
    // A table that nobody would read to its end says that there is more.
    let many = "SELECT * FROM generate_series(1, 20000)";
    let table = lab.trailwright(["sql", "lake", many]).status(0);
    assert!(table.stdout.contains("10000 rows"), "{}", table.stderr);
    table.says("there are more than these 10,000 rows");
    let all = lab
        .trailwright(["sql", "lake", many, "-o", "csv"])
        .status(0)
        .says_nothing();
    assert_eq!(all.stdout.lines().count(), 20_001);
}

#[test]
fn a_log_cannot_command_the_terminal() {
    use trailwright_tests::trail::{delivery, record};
    let lab = crate::lab();
    let agent = "\u{1b}]0;owned\u{7}\u{1b}[2J";
    lab.write(
        "logs/a.json",
        delivery(&[record(1).with("userAgent", agent)]),
    );
    lab.ingest("logs");
    for form in ["table", "markdown"] {
        let shown = lab.trailwright(["sql", "lake", "SELECT user_agent FROM events", "-o", form]);
        let shown = shown.status(0).stdout;
        assert!(
            !shown.contains('\u{1b}') && !shown.contains('\u{7}'),
            "{shown:?}"
        );
        assert!(shown.contains("u{1b}"), "{shown:?}");
    }
    // As data it is what it was.
    assert_eq!(lab.value("SELECT user_agent FROM events"), agent);
}
