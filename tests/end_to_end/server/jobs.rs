//! Jobs outlive the server, run beside each other and end once.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use trailwright_tests::trail::{ROLE, record};
use trailwright_tests::{Lab, Server};

use super::{ended, lab_of, lab_of_reader, order, start};

fn job(server: &Server, id: &str) -> Value {
    server.until(&format!("/api/v1/jobs/{id}"), ended)
}

fn kept(lab: &Lab, id: &str) -> Value {
    let text = std::fs::read_to_string(lab.path(&format!("lake/jobs/{id}.job.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_job_outlives_the_server() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &[]);
    let id = start(&server);
    let before = job(&server, &id);
    assert_eq!(before["status"], "SUCCEEDED");
    assert_eq!(
        before["found"]["policy"]["proof"]["requests"],
        before["found"]["policy"]["proof"]["allowed"],
    );
    assert_eq!(server.stop(), Some(0));
    let server = Server::start(&lab, &[]);
    assert_eq!(job(&server, &id), before);
    // Its client token still stands for it.
    let token = json!({"policyGenerationDetails": {"principalArn": ROLE}, "clientToken": "one"});
    let ask = |server: &Server| {
        let answer = server.ask("PUT", "/policy/generation", &token.to_string());
        answer.status(200).json()["jobId"].take()
    };
    let first = ask(&server);
    server.kill();
    assert_eq!(ask(&Server::start(&lab, &[])), first);
}

/// A job as a server leaves it that is killed while the job runs.
fn leave_unfinished(lab: &Lab, attempts: u32) -> String {
    let id = "0b0c3a0e-4d0a-4f0e-9a52-1f6f6a0d3a11";
    let job = json!({
        "jobId": id,
        "status": "IN_PROGRESS",
        "startedOn": "2026-11-24T09:00:00Z",
        "order": {"principalArn": ROLE, "trails": []},
        "attempts": attempts,
    });
    lab.write(&format!("lake/jobs/{id}.job.json"), job.to_string());
    id.to_owned()
}

#[test]
fn a_job_that_a_crash_broke_off_is_resumed() {
    let lab = lab_of_reader();
    let id = leave_unfinished(&lab, 1);
    let server = Server::start(&lab, &[]);
    assert_eq!(job(&server, &id)["status"], "SUCCEEDED");
    assert_eq!(kept(&lab, &id)["attempts"], 2);
}

/// The states of jobs as they are on disk.
fn states(lab: &Lab) -> Vec<String> {
    let files = std::fs::read_dir(lab.path("lake/jobs")).unwrap();
    files
        .map(|file| file.unwrap().path())
        .filter(|path| path.to_str().unwrap().ends_with(".job.json"))
        .map(|path| {
            let job: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            job["status"].as_str().unwrap().to_owned()
        })
        .collect()
}

fn all_succeeded(server: &Server, number: usize) {
    let all = |list: &Value| list["jobs"].as_array().unwrap().iter().all(ended);
    let list = server.until("/api/v1/jobs", all);
    let jobs = list["jobs"].as_array().unwrap();
    assert_eq!(jobs.len(), number);
    assert!(
        jobs.iter().all(|job| job["status"] == "SUCCEEDED"),
        "{list}"
    );
}

#[test]
fn a_server_that_is_killed_in_the_midst_of_jobs_goes_on_with_them() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &["--jobs", "2"]);
    for _ in 0..60 {
        start(&server);
    }
    let one = |list: &Value| list["jobs"].as_array().unwrap().iter().any(ended);
    server.until("/api/v1/jobs", one);
    server.kill();
    let left = states(&lab);
    assert!(left.contains(&"IN_PROGRESS".to_owned()), "{left:?}");
    all_succeeded(&Server::start(&lab, &[]), 60);
}

#[test]
fn a_server_that_is_stopped_in_order_holds_it_against_no_job() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &["--jobs", "1"]);
    for _ in 0..12 {
        start(&server);
    }
    assert_eq!(server.stop(), Some(0));
    // More often than a job is begun that breaks the server.
    for _ in 0..4 {
        assert_eq!(Server::start(&lab, &["--jobs", "1"]).stop(), Some(0));
    }
    all_succeeded(&Server::start(&lab, &["--jobs", "1"]), 12);
}

#[test]
fn a_client_token_gives_one_job_however_often_it_is_sent_at_once() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &[]);
    let order = json!({"policyGenerationDetails": {"principalArn": ROLE}, "clientToken": "one"});
    let order = order.to_string();
    let ids: BTreeSet<String> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| server.ask("PUT", "/policy/generation", &order).status(200)))
            .collect();
        let answers = clients.into_iter().map(|it| it.join().unwrap().json());
        answers
            .map(|it| it["jobId"].as_str().unwrap().to_owned())
            .collect()
    });
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(states(&lab).len(), 1);
}

#[test]
fn a_job_that_breaks_the_server_again_and_again_fails_with_a_reason() {
    let lab = lab_of_reader();
    let id = leave_unfinished(&lab, 3);
    let server = Server::start(&lab, &[]);
    let job = job(&server, &id);
    assert_eq!(job["status"], "FAILED");
    let message = job["jobError"]["message"].as_str().unwrap();
    assert!(message.contains("the server ended 3 times"), "{message}");
}

#[test]
fn what_is_no_job_stops_nothing() {
    let lab = lab_of_reader();
    lab.write("lake/jobs/half.job.json", "{\"jobId\": \"ha");
    lab.write("lake/jobs/other.txt", "notes");
    let server = Server::start(&lab, &[]);
    let id = start(&server);
    assert_eq!(job(&server, &id)["status"], "SUCCEEDED");
    assert!(lab.path("lake/jobs/half.job.json").exists());
    let log = std::fs::read_to_string(lab.path("server.log")).unwrap();
    assert!(log.contains("half.job.json"), "{log}");
}

#[test]
fn a_lake_has_one_server() {
    let lab = lab_of_reader();
    let _server = Server::start(&lab, &[]);
    lab.trailwright(["serve", "lake", "--port", "0"])
        .status(1)
        .says("error: another server has the jobs in")
        .says("hint: stop it, or serve another lake");
}

#[test]
fn many_jobs_run_and_wait_and_can_be_canceled() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &["--jobs", "1"]);
    let ids: Vec<String> = (0..20).map(|_| start(&server)).collect();
    // The last one waits for the others, so that it is there to be canceled.
    let path = format!("/policy/generation/{}", ids[19]);
    server.ask("PUT", &path, "").status(200);
    server.ask("PUT", &path, "").status(200);
    assert_eq!(job(&server, &ids[19])["status"], "CANCELED");
    for id in &ids[..19] {
        assert_eq!(job(&server, id)["status"], "SUCCEEDED");
    }
    assert_eq!(job(&server, &ids[19])["status"], "CANCELED");
    assert_eq!(kept(&lab, &ids[19])["status"], "CANCELED");
    let listed = server
        .ask("GET", "/policy/generation?maxResults=4", "")
        .json();
    assert_eq!(listed["policyGenerations"].as_array().unwrap().len(), 4);
    assert!(listed["nextToken"].is_string());
}

#[test]
fn who_used_nothing_gets_a_reason_and_no_policy() {
    let lab = lab_of(&[record(1).with("errorCode", "AccessDenied")]);
    let server = Server::start(&lab, &[]);
    let job = job(&server, &start(&server));
    assert_eq!(job["status"], "FAILED");
    assert_eq!(job["jobError"]["code"], "RESOURCE_NOT_FOUND_ERROR");
    let message = job["jobError"]["message"].as_str().unwrap();
    assert!(message.contains("there is no policy to write"), "{message}");
}

#[test]
fn a_trail_stands_for_the_accounts_that_it_delivers() {
    let other = json!({"bucketName": "logs", "key": "other.txt"});
    let lab = lab_of(&[
        record(1),
        record(2)
            .with("requestParameters", other)
            .with("recipientAccountId", "444455556666"),
    ]);
    let trail = |name: &str| format!("arn:aws:cloudtrail:eu-west-1:111122223333:trail/{name}");
    let narrow = format!("{}=444455556666", trail("narrow"));
    let all = format!("{}=*", trail("wide"));
    let server = Server::start(&lab, &["--trail", &narrow, "--trail", &all]);
    let of = |name: &str, region: &str| {
        let order = json!({
            "policyGenerationDetails": {"principalArn": ROLE},
            "cloudTrailDetails": {
                "trails": [{"cloudTrailArn": trail(name), "regions": [region]}],
                "accessRole": ROLE,
                "startTime": "2026-01-01T00:00:00Z",
            },
        });
        let answer = server
            .ask("PUT", "/policy/generation", &order.to_string())
            .status(200);
        job(&server, answer.json()["jobId"].as_str().unwrap())
    };
    let resources = |name: &str| {
        let job = of(name, "eu-west-1");
        let resource = &job["found"]["policy"]["documents"][0]["Statement"][0]["Resource"];
        assert!(!resource.is_null(), "{job}");
        resource.clone()
    };
    assert_eq!(resources("narrow"), "arn:aws:s3:::logs/other.txt");
    let both = json!(["arn:aws:s3:::logs/a.txt", "arn:aws:s3:::logs/other.txt"]);
    assert_eq!(resources("wide"), both);
    for (name, region, reason) in [
        (
            "other",
            "eu-west-1",
            "trail/other` is not known; known are ",
        ),
        (
            "wide",
            "us-east-1",
            "the lake has no events from 2026-01-01T00:00:00Z in those accounts and regions",
        ),
    ] {
        let failed = of(name, region);
        assert_eq!(failed["jobError"]["code"], "RESOURCE_NOT_FOUND_ERROR");
        let message = failed["jobError"]["message"].as_str().unwrap();
        assert!(message.contains(reason), "{message}");
    }
    // A server that was told of no trail takes each for the whole lake.
    drop(server);
    let server = Server::start(&lab, &[]);
    let order = json!({
        "policyGenerationDetails": {"principalArn": ROLE},
        "cloudTrailDetails": {
            "trails": [{"cloudTrailArn": trail("any")}],
            "accessRole": ROLE,
            "startTime": "2026-01-01T00:00:00Z",
        },
    });
    let answer = server
        .ask("PUT", "/policy/generation", &order.to_string())
        .status(200);
    let job = job(&server, answer.json()["jobId"].as_str().unwrap());
    let resource = &job["found"]["policy"]["documents"][0]["Statement"][0]["Resource"];
    assert_eq!(*resource, both);
}

#[test]
fn jobs_are_forgotten_after_their_days() {
    let lab = lab_of_reader();
    let id = "5a3f6d0e-2f64-4a5c-8d2c-4dd0a4a3a0a1";
    let job = json!({
        "jobId": id,
        "status": "FAILED",
        "startedOn": "2020-01-01T00:00:00Z",
        "completedOn": "2020-01-01T00:00:01Z",
        "order": {"principalArn": ROLE, "trails": []},
    });
    let file = format!("lake/jobs/{id}.job.json");
    lab.write(&file, job.to_string());
    let server = Server::start(&lab, &["--keep-jobs", "0"]);
    server
        .ask("GET", &format!("/api/v1/jobs/{id}"), "")
        .status(200);
    assert_eq!(server.stop(), Some(0));
    let server = Server::start(&lab, &[]);
    server
        .ask("GET", &format!("/api/v1/jobs/{id}"), "")
        .status(404);
    assert!(!lab.path(&file).exists());
}

#[test]
fn a_job_is_forgotten_when_its_days_are_over_though_nobody_lists_jobs() {
    let lab = lab_of_reader();
    let id = "5a3f6d0e-2f64-4a5c-8d2c-4dd0a4a3a0a2";
    let ended = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(24 * 3600 - 8);
    let job = json!({
        "jobId": id,
        "status": "CANCELED",
        "startedOn": ended,
        "completedOn": ended,
        "order": {"principalArn": ROLE, "trails": []},
    });
    lab.write(&format!("lake/jobs/{id}.job.json"), job.to_string());
    let server = Server::start(&lab, &["--keep-jobs", "1"]);
    // Eight seconds are left of its day.
    server.until_status(&format!("/api/v1/jobs/{id}"), 404);
    server
        .ask("GET", &format!("/policy/generation/{id}"), "")
        .status(400);
}

#[test]
fn a_request_that_is_wrong_says_where() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &[]);
    let refused = |body: &str| {
        let answer = server.ask("PUT", "/policy/generation", body).status(400);
        answer.error("ValidationException").json()
    };
    let answer = refused("{");
    assert_eq!(answer["reason"], "cannotParse");
    let answer = refused(&json!({"policyGenerationDetails": {"principalArn": 7}}).to_string());
    assert_eq!(
        answer["fieldList"][0]["name"],
        "policyGenerationDetails.principalArn"
    );
    let answer = refused(&order("arn:aws:iam::111122223333:root"));
    assert_eq!(answer["reason"], "fieldValidationFailed");
    let answer = refused(&json!({}).to_string());
    let message = answer["message"].as_str().unwrap();
    assert!(message.contains("policyGenerationDetails"), "{message}");
    server
        .ask("GET", "/policy/nothing", "")
        .status(404)
        .error("UnknownOperationException");
    server.ask("DELETE", "/policy/generation", "").status(405);
}
