//! Does the server speak to AWS's own clients, and to nobody who must not be heard?

mod api;
mod attacks;
mod clients;
mod jobs;
mod moves;
mod policies;
mod stop;
mod tell;

use serde_json::{Value, json};
use trailwright_tests::Lab;
use trailwright_tests::trail::{ROLE, Record, delivery, record};

use crate::lab;

/// A lake in which the role reads an object, looks at a role and does what no rule knows.
fn lab_of_reader() -> Lab {
    let role = json!({"roleName": "app"});
    lab_of(&[
        record(1),
        record(2).calls("sqs.amazonaws.com", "FrobQueue"),
        record(3)
            .calls("iam.amazonaws.com", "GetRole")
            .with("requestParameters", role),
    ])
}

fn lab_of(records: &[Record]) -> Lab {
    let lab = lab();
    lab.write("logs/a.json", delivery(records));
    lab.ingest("logs");
    lab
}

/// The body of a StartPolicyGeneration for `principal`, over all of the lake.
fn order(principal: &str) -> String {
    json!({"policyGenerationDetails": {"principalArn": principal}}).to_string()
}

/// Starts a policy generation for the role; its id.
fn start(server: &trailwright_tests::Server) -> String {
    let answer = server
        .ask("PUT", "/policy/generation", &order(ROLE))
        .status(200);
    answer.json()["jobId"].as_str().unwrap().to_owned()
}

fn ended(job: &Value) -> bool {
    job["status"] != "IN_PROGRESS"
}
