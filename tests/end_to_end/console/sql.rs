//! Does the page of queries read, and nothing but read?

use serde_json::json;
use trailwright_tests::Server;
use trailwright_tests::trail::record;

use super::{MARKUP, Visitor, lab_of, shows};

/// The address of a query.
fn ask(query: &str) -> String {
    let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    format!("/sql?q={query}")
}

#[test]
fn a_query_is_answered_with_its_rows_in_pages_and_as_files() {
    let records: Vec<_> = (1..=250).map(record).collect();
    let lab = lab_of(&records);
    let server = Server::start(&lab, &[]);
    let visitor = Visitor::of(&server);
    let query = ask("SELECT right(event_id, 3) AS id, 1 AS one FROM events ORDER BY id");
    let first = visitor.get(&query).status(200).body;
    shows(&first, "Rows 1 to 100");
    shows(&first, "<td>001</td>");
    let last = visitor.get(&format!("{query}&page=3")).status(200).body;
    shows(&last, "Rows 201 to 250");
    shows(&last, "<td>250</td>");
    assert!(!last.contains("rel=\"next\""));

    let file = query.replace("/sql?", "/sql/download?");
    let csv = visitor.get(&format!("{file}&format=csv")).status(200);
    assert_eq!(
        csv.header("content-disposition"),
        Some("attachment; filename=\"answer.csv\"")
    );
    assert!(csv.body.starts_with("id,one\n001,1\n"), "{}", csv.body);
    assert_eq!(csv.body.lines().count(), 251);
}

#[test]
fn a_query_can_only_read() {
    let lab = lab_of(&[record(1)]);
    let server = Server::start(&lab, &[]);
    let visitor = Visitor::of(&server);
    for query in [
        "DROP TABLE events",
        "CREATE VIEW v AS SELECT 1",
        "COPY events TO '/tmp/x.csv'",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
        "SET datafusion.execution.batch_size = 1",
        "SELECT 1; SELECT 2",
    ] {
        let page = visitor.get(&ask(query)).status(200).body;
        assert!(page.contains("role=\"alert\""), "{query}");
        let file = ask(query).replace("/sql?", "/sql/download?");
        visitor.get(&file).status(400);
    }
    let page = visitor.get(&ask("SELECT servic FROM activity")).body;
    shows(&page, "did you mean `service`?");
}

#[test]
fn what_a_query_answers_is_text() {
    let agent = record(1).with("userAgent", json!(MARKUP));
    let lab = lab_of(&[agent]);
    let server = Server::start(&lab, &[]);
    let visitor = Visitor::of(&server);
    let query =
        ask("SELECT user_agent AS \"<b>name</b>\", 1 AS n FROM events UNION ALL SELECT '<i>', 2");
    let page = visitor.get(&format!("{query}&row=1")).status(200).body;
    shows(&page, "&lt;script&gt;");
    shows(&page, "&lt;b&gt;name");
    for tag in ["<script>", "<img", "<b>", "<i>"] {
        assert!(!page.contains(tag));
    }
}

#[test]
fn a_question_with_a_name_takes_its_values_from_the_page() {
    let lab = lab_of(&[record(1).with(
        "userIdentity",
        json!({
            "type": "IAMUser",
            "arn": "arn:aws:iam::111122223333:user/ann",
            "accountId": "111122223333",
            "accessKeyId": "AKIAEXAMPLE",
        }),
    )]);
    let server = Server::start(&lab, &[]);
    let visitor = Visitor::of(&server);
    let waits = visitor.get("/sql?name=access-key").status(200).body;
    assert!(!waits.contains("role=\"alert\"") && !waits.contains("Answer"));
    let found = visitor
        .get("/sql?name=access-key&p.key=AKIAEXAMPLE&run=1")
        .status(200)
        .body;
    shows(&found, "user/ann");
    let none = visitor
        .get("/sql?name=access-key&p.key=%27+OR+1%3D1+--&run=1")
        .status(200)
        .body;
    shows(&none, "found nothing");
    let wrong = visitor
        .get("/sql?name=denied-bursts&p.least=many")
        .status(200)
        .body;
    shows(&wrong, "is to be of type integer, got `many`");
}
