//! What a server answers while its lake moves.

use serde_json::{Value, json};
use trailwright_tests::Server;
use trailwright_tests::trail::{ROLE, delivery, record};

use super::{ended, lab_of, start};

#[test]
fn what_is_ingested_beside_a_server_is_answered_from_then_on() {
    let lab = lab_of(&[record(1)]);
    let server = Server::start(&lab, &[]);
    let get = |path: &str| {
        server
            .ask("GET", &format!("/api/v1/{path}"), "")
            .status(200)
            .json()
    };
    let counted = || {
        let body = json!({"query": "SELECT count(*) AS n FROM events"}).to_string();
        let answer = server.ask("POST", "/api/v1/sql", &body).status(200).json();
        answer["rows"][0]["n"].as_u64().unwrap()
    };
    let policy = || -> Value {
        let id = start(&server);
        let job = server.until(&format!("/api/v1/jobs/{id}"), ended);
        job["found"]["policy"]["documents"][0]["Statement"][0]["Resource"].clone()
    };
    assert_eq!(get("principals")["principals"][0]["events"], 1);
    assert_eq!(counted(), 1);
    assert_eq!(policy(), "arn:aws:s3:::logs/a.txt");

    let other = json!({"bucketName": "logs", "key": "b.txt"});
    let more = [record(2)
        .with("requestParameters", other)
        .at("2026-11-26T09:30:00Z")];
    lab.write("logs/b.json", delivery(&more));
    lab.ingest("logs");
    assert_eq!(get("principals")["principals"][0]["events"], 2);
    assert_eq!(
        get(&format!("activity?principal={ROLE}"))["activity"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(get("coverage")["days"].as_array().unwrap().len(), 2);
    assert_eq!(counted(), 2);
    assert_eq!(
        policy(),
        json!(["arn:aws:s3:::logs/a.txt", "arn:aws:s3:::logs/b.txt"])
    );

    // What leaves the lake is gone as well.
    lab.trailwright(["lake", "retain", "lake", "--days", "1"])
        .status(0);
    assert_eq!(counted(), 0);
    assert_eq!(get("principals")["principals"], json!([]));
}
