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
    assert_eq!(coverage["days"], expected);
    let account = &coverage["coverage"]["accounts"][0];
    assert_eq!(
        (&account["days"], &coverage["coverage"]["days"]),
        (&json!(2), &json!(31))
    );
    assert_eq!(
        account["missing"],
        json!([{"from": "2026-11-25", "to": "2026-12-23"}])
    );
    // Times are those of the command line, and a name that is wrong is not looked over.
    assert_eq!(
        get("principals?during=2026-11")["principals"][0]["events"],
        2
    );
    assert_eq!(get("principals?during=2025")["principals"], json!([]));
    for wrong in [
        "principals?form=2026",
        "principals?last=90d&from=2026",
        "activity",
        "coverage?last=soon",
    ] {
        let answer = server.ask("GET", &format!("/api/v1/{wrong}"), "");
        assert_eq!(answer.status, 400, "{wrong}: {answer:?}");
    }
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

/// The lines of the stream of events, behind its head.
fn listen(server: &Server, header: &str) -> impl Iterator<Item = String> + use<> {
    let mut stream = server.connect();
    let (host, token) = (server.address, &server.token);
    let request = format!(
        "GET /api/v1/events HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n{header}\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), "HTTP/1.1 200 OK");
    while !lines.next().unwrap().is_empty() {}
    lines
}

#[test]
fn who_listens_again_is_told_that_something_may_be_missed() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &[]);
    let mut lines = listen(&server, "");
    let id = start(&server);
    // Clients send the last of these when they come again.
    let told = lines.find_map(|line| Some(line.strip_prefix("id: ")?.to_owned()));
    assert_eq!(told.as_ref(), Some(&id));
    drop(lines);
    let mut lines = listen(&server, &format!("Last-Event-ID: {id}\r\n"));
    assert_eq!(
        lines.find(|it| it.starts_with("event: ")).unwrap(),
        "event: missed"
    );
}

#[test]
fn whoever_listens_hears_of_a_job_until_it_ends() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &[]);
    let mut lines = listen(&server, "");
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
    stages.dedup();
    let expected = [
        "waiting for its turn",
        "reading the activity",
        "writing the policy",
    ];
    assert_eq!(stages, expected);
    // A stream that stays open does not keep the server from stopping.
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn questions_that_have_a_name_are_listed_and_asked() {
    let refused = |id: u32| record(id).with("errorCode", "AccessDenied");
    let lab = lab_of(&[refused(1), refused(2), record(3)]);
    lab.write(
        "own/mine.sql",
        "-- Which events are there?\nSELECT event_name FROM events LIMIT 1",
    );
    let own = lab.path("own");
    let environment = [("TRAILWRIGHT_QUERIES", own.to_str().unwrap())];
    let server = Server::start_in(&lab, &[], &environment);
    let listed = server.ask("GET", "/api/v1/queries", "").status(200).json();
    let queries = listed["queries"].as_array().unwrap();
    assert_eq!(queries[0]["name"], "mine");
    let bursts = queries
        .iter()
        .find(|it| it["name"] == "denied-bursts")
        .unwrap();
    assert!(
        bursts["question"].as_str().unwrap().contains('?'),
        "{bursts}"
    );
    let least = &bursts["parameters"][1];
    assert_eq!(
        (&least["kind"], &least["default"]),
        (&json!("integer"), &json!("10"))
    );
    let name = least["name"].as_str().unwrap();

    let ask = |query: &str, body: Value| {
        server.ask(
            "POST",
            &format!("/api/v1/queries/{query}"),
            &body.to_string(),
        )
    };
    let asked = |least: Value| {
        let answer = ask("denied-bursts", json!({"parameters": {name: least}})).status(200);
        answer.json()["rows"].as_array().unwrap().len()
    };
    assert_eq!(
        (asked(json!(2)), asked(json!("2")), asked(json!(3))),
        (1, 1, 0)
    );
    let own = ask("mine", json!({})).status(200).json();
    assert_eq!(own["columns"], json!(["event_name"]));
    let early = json!({"range": {"during": "2025"}});
    assert_eq!(ask("mine", early).status(200).json()["rows"], json!([]));
    ask("nothing", json!({}))
        .status(404)
        .error("ResourceNotFoundException");
    for wrong in [
        json!({"parameters": {"most": 1}}),
        json!({"parameters": {name: "many"}}),
    ] {
        ask("denied-bursts", wrong)
            .status(400)
            .error("ValidationException");
    }
}

#[test]
fn the_log_has_a_line_of_json_for_each_request() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &["--log", "json"]);
    let answer = server.ask("GET", "/api/v1/principals?from=2020", "");
    let id = answer.header("x-amzn-requestid").unwrap().to_owned();
    // An answer that is none has one, too, and so has what is logged of the reason.
    let job = start(&server);
    server.until(&format!("/api/v1/jobs/{job}"), super::ended);
    lab.write(&format!("lake/jobs/{job}.found.json"), "{");
    let path = format!("/policy/generation/{job}");
    let failed = server.ask("GET", &path, "").status(500);
    let failed = failed.error("InternalServerException");
    assert!(!failed.body.contains("found.json"), "{failed:?}");
    let failed = failed.header("x-amzn-requestid").unwrap().to_owned();
    let unknown = server.raw("GET", "/nothing", &[], "").status(403);
    assert!(unknown.header("x-amzn-requestid").is_some(), "{unknown:?}");
    assert_eq!(server.stop(), Some(0));
    let log = std::fs::read_to_string(lab.path("server.log")).unwrap();
    let lines: Vec<Value> = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let of = |id: &str| -> Vec<&Value> {
        let lines = lines.iter().filter(|line| line["request_id"] == id);
        lines.collect()
    };
    let failed = of(&failed);
    let levels: Vec<&Value> = failed.iter().map(|line| &line["level"]).collect();
    assert_eq!(levels, ["ERROR", "INFO"], "{log}");
    let line = of(&id)[0];
    assert_eq!(line["path"], "/api/v1/principals");
    assert_eq!(line["method"], "GET");
    assert!(
        line["status"].is_u64() && line["milliseconds"].is_u64(),
        "{line}"
    );
}
