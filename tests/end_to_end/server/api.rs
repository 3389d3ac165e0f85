//! Our own API: principals, activity, coverage, policies, SQL, jobs and their notices.

use std::io::{BufRead, BufReader, Write};

use serde_json::{Value, json};
use trailwright_tests::Server;
use trailwright_tests::trail::{ROLE, record};

use super::{lab_of, lab_of_reader, start};

#[test]
fn it_tells_who_is_there_what_they_did_and_what_is_covered() {
    let later = record(3).at("2026-12-24T09:30:00Z");
    let lab = lab_of(&[record(1), record(2), later]);
    let server = Server::start(&lab, &[]);
    let get = |path: &str| {
        server
            .ask("GET", &format!("/api/v1/{path}"), "")
            .status(200)
            .json()
    };
    let principals = get("principals");
    assert_eq!(principals["principals"][0]["principal"], ROLE);
    assert_eq!(principals["principals"][0]["events"], 3);
    assert_eq!(principals["principals"][0]["takesPolicy"], true);
    assert_eq!(get("principals?to=2026-11")["principals"][0]["events"], 2);
    let activity = get(&format!("activity?principal={ROLE}"));
    let first = &activity["activity"][0];
    assert_eq!(first["action"], "s3:GetObject");
    assert_eq!(first["resource"], "arn:aws:s3:::logs/a.txt");
    assert_eq!(first["count"], 3);
    let coverage = get("coverage");
    let expected = json!([
        {"account": "111122223333", "region": "eu-west-1", "day": "2026-11-24", "events": 2},
        {"account": "111122223333", "region": "eu-west-1", "day": "2026-12-24", "events": 1},
    ]);
    assert_eq!(coverage["coverage"], expected);
    let wrong = server
        .ask("GET", "/api/v1/principals?from=yesterweek", "")
        .status(400);
    assert!(wrong.body.contains("yesterweek"), "{wrong:?}");
    let nobody = server
        .ask("GET", "/api/v1/activity?principal=read", "")
        .status(404);
    assert!(nobody.body.contains("did you mean"), "{nobody:?}");
}

#[test]
fn a_policy_comes_with_its_evidence_and_its_proof() {
    let denied = record(2)
        .calls("s3.amazonaws.com", "DeleteObject")
        .with("errorCode", "AccessDenied");
    let role = record(3)
        .calls("iam.amazonaws.com", "GetRole")
        .with("requestParameters", json!({"roleName": "app"}));
    let lab = lab_of(&[record(1), denied, role]);
    let server = Server::start(&lab, &[]);
    let ask = |body: Value| server.ask("POST", "/api/v1/policies", &body.to_string());
    let answer = ask(json!({"principal": ROLE})).status(200).json();
    let expected = lab
        .trailwright(["policy", "lake", "--principal", ROLE])
        .status(0)
        .json();
    assert_eq!(answer["documents"], json!([expected]));
    assert_eq!(answer["proof"]["allowed"], answer["proof"]["requests"]);
    assert_eq!(
        answer["denied"],
        json!([{"what": "s3:DeleteObject", "count": 1}])
    );
    let evidence = answer["evidence"].as_array().unwrap();
    let got = evidence
        .iter()
        .find(|it| it["action"] == "s3:GetObject")
        .unwrap();
    assert_eq!(got["sampleEventId"], "00000000-0000-4000-8000-000000000001");
    assert_eq!(got["resourceOrigin"], "event");
    let styled = ask(json!({"principal": ROLE, "style": "access-analyzer"})).status(200);
    assert!(styled.body.contains("${"), "{styled:?}");
    ask(json!({"principal": ROLE, "style": "baroque"})).status(400);
    ask(json!({"principal": ROLE, "from": "someday"})).status(400);
    ask(json!({"principal": ROLE, "from": "2027-01"})).status(404);
}

#[test]
fn sql_is_answered_as_rows_up_to_a_limit() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &[]);
    let ask = |query: &str| {
        let body = json!({"query": query}).to_string();
        server.ask("POST", "/api/v1/sql", &body).status(200).json()
    };
    let answer = ask("SELECT event_name, count(*) AS n FROM events GROUP BY 1 ORDER BY 1");
    let expected = json!({
        "columns": ["event_name", "n"],
        "rows": [
            {"event_name": "FrobQueue", "n": 1},
            {"event_name": "GetObject", "n": 1},
            {"event_name": "GetRole", "n": 1},
        ],
        "truncated": false,
    });
    assert_eq!(answer, expected);
    let many = "SELECT * FROM generate_series(1, 100000)";
    let answer = ask(many);
    assert_eq!(answer["rows"].as_array().unwrap().len(), 10_000);
    assert_eq!(answer["truncated"], true);
    assert_eq!(ask("SELECT 1 AS a WHERE false")["columns"], json!(["a"]));
}

#[test]
fn whoever_listens_hears_of_a_job_until_it_ends() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &[]);
    let mut stream = server.connect();
    let (host, token) = (server.address, &server.token);
    let request = format!(
        "GET /api/v1/events HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), "HTTP/1.1 200 OK");
    while !lines.next().unwrap().is_empty() {}
    let id = start(&server);
    let mut stages = Vec::new();
    for line in &mut lines {
        let Some(data) = line.strip_prefix("data: ") else {
            continue;
        };
        let job: Value = serde_json::from_str(data).unwrap();
        assert_eq!(job["jobId"], id.as_str());
        if job["status"] == "SUCCEEDED" {
            break;
        }
        stages.push(job["stage"].as_str().unwrap().to_owned());
    }
    assert_eq!(stages, ["reading the activity", "writing the policy"]);
    // A stream that stays open does not keep the server from stopping.
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn the_description_names_what_is_there() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &[]);
    let document = server
        .ask("GET", "/api/v1/openapi.json", "")
        .status(200)
        .json();
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 9, "{}", paths.len());
    for (path, operations) in paths {
        let path = format!("/api/v1{}", path.replace("{jobId}", "nothing"));
        if path.ends_with("/events") {
            continue;
        }
        for method in operations.as_object().unwrap().keys() {
            let answer = server.ask(&method.to_uppercase(), &path, "{}");
            let known = answer.header("x-amzn-errortype") != Some("UnknownOperationException");
            assert!(known, "{method} {path}: {answer:?}");
        }
    }
}

#[test]
fn the_log_has_a_line_of_json_for_each_request() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &["--log", "json"]);
    let answer = server.ask("GET", "/api/v1/principals?from=2020", "");
    let id = answer.header("x-amzn-requestid").unwrap().to_owned();
    assert_eq!(server.stop(), Some(0));
    let log = std::fs::read_to_string(lab.path("server.log")).unwrap();
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let line = lines
        .into_iter()
        .find(|line| line["request_id"] == id.as_str())
        .unwrap();
    assert_eq!(line["path"], "/api/v1/principals");
    assert_eq!(line["method"], "GET");
    assert!(
        line["status"].is_u64() && line["milliseconds"].is_u64(),
        "{line}"
    );
}
