//! Are questions answered, in every form, and nothing but questions?

use std::collections::BTreeMap;

use serde_json::Value;
use trailwright_tests::trail::{delivery, record};
use trailwright_tests::{Lab, Outcome};

use crate::{lab, lab_with};

/// Rows of text, however they were written.
type Rows = Vec<Vec<String>>;

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn of_objects(objects: &[Value], columns: &[&str]) -> Rows {
    objects
        .iter()
        .map(|row| columns.iter().map(|name| text(&row[*name])).collect())
        .collect()
}

fn of_table(table: &str) -> Rows {
    let lines = table.lines().filter(|line| line.starts_with('|'));
    lines
        .skip(1)
        .map(|line| {
            let cells = line.trim_matches('|').split('|');
            cells.map(|cell| cell.trim().to_owned()).collect()
        })
        .collect()
}

/// Plain cells only: no quotes, no commas in them.
fn of_csv(csv: &str) -> Rows {
    let lines = csv.lines().skip(1);
    lines
        .map(|line| line.split(',').map(ToOwned::to_owned).collect())
        .collect()
}

#[test]
fn every_form_gives_the_same_answer() {
    let lab = lab_with("invictus");
    let columns = ["principal", "service", "action", "calls", "via_service"];
    let query = "SELECT principal, service, action, sum(calls) AS calls, via_service \
        FROM activity WHERE outcome = 'allowed' GROUP BY 1, 2, 3, 5 ORDER BY 1, 2, 3, 5";
    let answer = |form: &str| {
        let args = ["sql", "lake", query, "--output", form];
        lab.trailwright(args).status(0).says_nothing()
    };
    let ndjson = of_objects(&answer("ndjson").ndjson(), &columns);
    assert!(ndjson.len() > 100, "{} rows", ndjson.len());
    let json = answer("json").json();
    assert_eq!(of_objects(json.as_array().unwrap(), &columns), ndjson);
    assert_eq!(of_csv(&answer("csv").stdout), ndjson);
    let table = answer("table").stdout;
    assert_eq!(of_table(&table), ndjson);
    assert!(table.ends_with(&format!("{} rows\n", ndjson.len())));
}

#[test]
fn every_form_has_something_to_say_of_no_rows() {
    let lab = lab_with("umccr-cloudtrail-parquet");
    let query = "SELECT event_id, event_name FROM events WHERE 1 = 0";
    for (form, expected) in [
        ("csv", "event_id,event_name\n"),
        ("json", "[]\n"),
        ("ndjson", ""),
    ] {
        lab.trailwright(["sql", "lake", query, "-o", form])
            .status(0)
            .stdout(expected);
    }
    let table = lab.trailwright(["sql", "lake", query]).status(0).stdout;
    assert!(table.contains("event_name") && table.ends_with("0 rows\n"));
}

#[test]
fn activity_adds_up_to_the_events() {
    let lab = lab_with("invictus");
    let events: BTreeMap<String, Value> = lab
        .sql("SELECT principal, count(*) AS n FROM events GROUP BY 1")
        .iter()
        .map(|row| (text(&row["principal"]), row["n"].clone()))
        .collect();
    // An event that needed two permissions has two rows in `permissions`.
    let seen = "SELECT principal, count(DISTINCT event_id) AS n FROM permissions GROUP BY 1";
    for row in lab.sql(seen) {
        assert_eq!(row["n"], events[&text(&row["principal"])]);
    }
    let calls = lab.value("SELECT sum(calls) FROM activity");
    assert_eq!(calls, lab.value("SELECT count(*) FROM permissions"));
}

#[test]
fn short_forms_of_other_engines_mean_what_they_mean_there() {
    let lab = lab_with("umccr-cloudtrail-parquet");
    for (short, long) in [
        (
            "FROM events ORDER BY event_id",
            "SELECT * FROM events ORDER BY event_id",
        ),
        (
            "SELECT event_name, count(*) AS n FROM events GROUP BY ALL ORDER BY ALL",
            "SELECT event_name, count(*) AS n FROM events GROUP BY 1 ORDER BY 1, 2",
        ),
        (
            "SELECT event_name || '' FROM events UNION SELECT 'A' ORDER BY ALL DESC",
            "SELECT event_name || '' FROM events UNION SELECT 'A' ORDER BY 1 DESC",
        ),
        (
            "SELECT * EXCLUDE (data_events_of, events) FROM days ORDER BY ALL",
            "SELECT account, aws_region, day FROM days ORDER BY 1, 2, 3",
        ),
    ] {
        let rows = lab.sql(short);
        assert!(!rows.is_empty(), "{short}");
        assert_eq!(rows, lab.sql(long), "{short}");
    }
}

#[test]
fn a_range_has_its_bounds() {
    let lab = lab();
    let times = [
        "2026-10-31T23:59:59Z",
        "2026-11-01T00:00:00Z",
        "2026-11-01T23:59:59.999Z",
        "2026-11-02T00:00:00Z",
        "2026-12-01T00:00:00Z",
    ];
    let mut records: Vec<_> = (1..).zip(times).map(|(id, at)| record(id).at(at)).collect();
    records.push(record(9).without("eventTime"));
    lab.write("logs/a.json", delivery(&records));
    lab.ingest("logs");
    for (range, expected) in [
        (vec![], 6),
        (vec!["--from", "2026-11-01"], 4),
        (vec!["--to", "2026-11-01"], 3),
        (vec!["--from", "2026-11-01", "--to", "2026-11-01"], 2),
        (vec!["--from", "2026-11", "--to", "2026-11"], 3),
        (vec!["--to", "2026-11-02T00:00:00Z"], 3),
        (vec!["--from", "2026-11-02T00:00:00Z"], 2),
        (
            vec![
                "--from",
                "2026-11-01T01:00+01:00",
                "--to",
                "2026-11-01T01:00:01+01:00",
            ],
            1,
        ),
        (vec!["--from", "2027-01"], 0),
    ] {
        assert_eq!(count_in(&lab, &range), expected, "{range:?}");
    }
}

fn count_in(lab: &Lab, range: &[&str]) -> u64 {
    // The views keep to the range as the table does.
    let query = "SELECT count(*) AS n, (SELECT sum(calls) FROM activity) AS calls FROM events";
    let args = ["sql", "lake", query, "-o", "ndjson"];
    let row = lab.trailwright(args.iter().chain(range)).status(0).ndjson();
    let n = row[0]["n"].as_u64().unwrap();
    assert_eq!(row[0]["calls"].as_u64().unwrap_or(0), n);
    n
}

#[test]
fn nothing_but_queries_is_run() {
    let lab = lab_with("umccr-cloudtrail-parquet");
    for statement in [
        "DROP TABLE events",
        "DROP VIEW activity",
        "CREATE TABLE x AS SELECT 1",
        "CREATE VIEW x AS SELECT 1",
        "INSERT INTO events SELECT * FROM events",
        "DELETE FROM events",
        "UPDATE events SET event_name = 'x'",
        "COPY (SELECT 1) TO 'out.csv'",
        "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
        "SET datafusion.execution.batch_size = 1",
    ] {
        lab.trailwright(["sql", "lake", statement])
            .status(1)
            .says("error: ")
            .says("hint: ")
            .stdout("");
    }
    assert!(!lab.path("out.csv").exists());
    assert_eq!(lab.value("SELECT count(*) FROM events"), 20);
}

#[test]
fn no_file_but_the_lake_is_read() {
    let lab = lab_with("umccr-cloudtrail-parquet");
    lab.write("secret.csv", "a,b\n1,2\n");
    for query in [
        "SELECT * FROM 'secret.csv'",
        "SELECT * FROM read_csv('secret.csv')",
        "SELECT * FROM \"secret.csv\"",
    ] {
        lab.trailwright(["sql", "lake", query]).status(1).stdout("");
    }
}

#[test]
fn a_query_that_cannot_be_answered_is_told_where_and_what_was_perhaps_meant() {
    let lab = lab_with("umccr-cloudtrail-parquet");
    for (query, said) in [
        (
            "SELEC 1",
            "error: expected: an SQL statement, found: SELEC at line 1, column 1\n  SELEC 1\n  ^\n\
             hint: the tables are events, calls, permissions",
        ),
        (
            "SELECT event_nam FROM events",
            "error: no column `event_nam` at line 1, column 8\n  SELECT event_nam FROM events\n         ^^^^^^^^^\nhint: did you mean `event_name`?",
        ),
        (
            "SELECT 1\nFROM activty",
            "error: no table `activty` at line 2, column 6\n  FROM activty\n       ^^^^^^^\n\
             hint: did you mean `activity`?",
        ),
        (
            "SELECT ip_in_rang(source_ip_address, '10.0.0.0/8') FROM events",
            "error: no function `ip_in_rang` at line 1, column 8",
        ),
        (
            "SELECT ip_in_range(source_ip_address, '10.0.0/8') FROM events",
            "expected a range of addresses such as 10.0.0.0/8, got `10.0.0/8`",
        ),
        ("SELECT sum(event_name) FROM events", "sum"),
        ("SELECT principal, count(*) FROM events", "group by"),
        ("DESCRIBE nope", "error: no table `nope`"),
    ] {
        let told = lab.trailwright(["sql", "lake", query]).status(1).stdout("");
        assert!(
            told.stderr.to_lowercase().contains(&said.to_lowercase()),
            "{query}: {told}"
        );
        assert!(!told.stderr.contains("datafusion"), "{told}");
    }
    for nothing in ["", " ; ", "-- nothing"] {
        // A comment looks like an option: `--` ends them.
        lab.trailwright(["sql", "lake", "--", nothing])
            .status(1)
            .says("error: there is no query");
    }
}

#[test]
fn several_queries_are_answered_in_turn() {
    let lab = lab_with("umccr-cloudtrail-parquet");
    let expected = "a\n1\nb\n2\n";
    lab.write(
        "two.sql",
        "SELECT 1 AS a; -- one; not two\nSELECT 2 AS b;\n",
    );
    for args in [
        vec!["sql", "lake", "SELECT 1 AS a; SELECT 2 AS b", "-o", "csv"],
        vec![
            "sql",
            "lake",
            "-c",
            "SELECT 1 AS a",
            "-c",
            "SELECT 2 AS b",
            "-o",
            "csv",
        ],
        vec!["sql", "lake", "-f", "two.sql", "-o", "csv"],
    ] {
        lab.trailwright(args).status(0).stdout(expected);
    }
    // Standard input is read where nothing is typed.
    let mut command = lab.command(["sql", "lake", "-o", "csv"]);
    command.stdin(std::fs::File::open(lab.path("two.sql")).unwrap());
    let done = command.output().unwrap();
    assert_eq!(String::from_utf8(done.stdout).unwrap(), expected);
}

#[test]
fn a_script_may_hold_the_commands_of_the_prompt() {
    let lab = lab_with("umccr-cloudtrail-parquet");
    let ask = |script: &str| {
        lab.write("script.sql", script);
        let mut command = lab.command(["sql", "lake"]);
        command.stdin(std::fs::File::open(lab.path("script.sql")).unwrap());
        Outcome::of(command.output().unwrap())
    };
    let script = "-- in two forms\n.output csv\nSELECT 1 AS a;\n.timer on\n.output ndjson\nSELECT\n2 AS b;\n.quit\nnonsense;";
    let done = ask(script).status(0).stdout("a\n1\n{\"b\":2}\n");
    assert!(done.stderr.contains(" s)\n"), "{done:?}");
    ask(".output csv\nSELECT 1 AS a;\n.outputs csv\nSELECT 2;")
        .status(1)
        .stdout("a\n1\n")
        .says("error: no command `.outputs`: .help lists them");
    ask(".tables").status(0).stdout_has("activity ");
}

#[test]
fn describe_says_what_each_column_holds() {
    let lab = lab_with("umccr-cloudtrail-parquet");
    for table in [
        "events",
        "calls",
        "permissions",
        "activity",
        "principals",
        "services",
        "denied",
        "unmapped",
        "days",
        "coverage",
    ] {
        let columns = lab.sql(&format!("DESCRIBE {table}"));
        assert!(columns.len() > 3, "{table}");
        for column in &columns {
            let doc = column["description"].as_str().unwrap_or_default();
            assert!(!doc.is_empty(), "{table}: {column}");
        }
        // What is described is what there is.
        let rows = lab.trailwright([
            "sql",
            "lake",
            &format!("SELECT * FROM {table} LIMIT 1"),
            "-o",
            "csv",
        ]);
        let rows = rows.status(0);
        let header = rows
            .stdout
            .lines()
            .next()
            .unwrap()
            .split(',')
            .map(ToOwned::to_owned);
        let described = columns.iter().map(|column| text(&column["column_name"]));
        assert_eq!(
            header.collect::<Vec<_>>(),
            described.collect::<Vec<_>>(),
            "{table}"
        );
    }
    assert_eq!(
        lab.sql("SHOW TABLES")
            .iter()
            .filter(|t| t["table_schema"] == "public")
            .count(),
        10
    );
}

#[test]
fn describe_names_every_column_with_the_type_other_engines_see() {
    let lab = lab_with("umccr-cloudtrail-parquet");
    let columns = lab.sql("DESCRIBE events");
    // The partition's column is in the path, not in the files.
    let columns = columns.iter().filter(|c| c["column_name"] != "event_month");
    let types = columns.map(|c| text(&c["data_type"]));
    let types: std::collections::BTreeSet<String> = types.collect();
    let expected = ["Boolean", "Timestamp(µs, \"UTC\")", "Utf8"];
    assert_eq!(
        types.iter().map(String::as_str).collect::<Vec<_>>(),
        expected
    );
}
