//! Policies through our own API are those of `trailwright policy`, with all that is said of them.

use serde_json::{Value, json};
use trailwright_tests::trail::{ROLE, Record, record};
use trailwright_tests::{Lab, Response, Server};

use super::{ended, lab_of};

fn object(id: u32, key: &str) -> Record {
    let object = json!({"bucketName": "logs", "key": key});
    record(id)
        .with("requestParameters", object)
        .with("sourceIPAddress", "192.0.2.7")
}

/// The role reads several objects, lists a bucket and does what no rule knows.
fn lab_of_many() -> Lab {
    let list = json!({"bucketName": "logs", "prefix": "2026/"});
    let denied = object(8, "secret.txt").with("errorCode", "AccessDenied");
    lab_of(&[
        object(1, "2026/a.txt"),
        object(2, "2026/b.txt"),
        object(3, "2026/c.txt"),
        object(4, "2026/d.txt").at("2026-12-24T09:30:00Z"),
        record(5)
            .calls("s3.amazonaws.com", "ListObjects")
            .with("requestParameters", list),
        record(6).calls("sqs.amazonaws.com", "FrobQueue"),
        denied,
    ])
}

fn post(server: &Server, path: &str, body: &Value) -> Response {
    server.ask("POST", &format!("/api/v1/{path}"), &body.to_string())
}

/// What `trailwright policy` writes into a folder with these arguments, by the names of files.
fn typed(lab: &Lab, folder: &str, more: &[&str]) -> Vec<(String, String)> {
    let args = ["policy", "lake", "--principal", ROLE, "--out", folder];
    lab.trailwright(args.iter().chain(more)).status(0);
    let mut files: Vec<(String, String)> = std::fs::read_dir(lab.path(folder))
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, std::fs::read_to_string(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn what_is_sent_gives_what_is_typed() {
    let lab = lab_of_many();
    let server = Server::start(&lab, &[]);
    let queue = "arn:aws:sqs:eu-west-1:111122223333:q";
    let add = format!("sqs:SendMessage={queue}");
    let cases: [(&str, Value, &[&str]); 7] = [
        ("plain", json!({}), &[]),
        (
            "compact",
            json!({"writing": {"style": "compact", "threshold": 2}}),
            &["--style", "compact", "--threshold", "2"],
        ),
        (
            "filled",
            json!({"writing": {"style": "access-analyzer", "set": {"BucketName": ["logs", "more"], "ObjectName": "*"}}}),
            &[
                "--style",
                "access-analyzer",
                "--set",
                "BucketName=logs",
                "--set",
                "BucketName=more",
                "--set",
                "ObjectName=*",
            ],
        ),
        (
            "narrow",
            json!({"writing": {"conditions": ["source-ip", "s3-prefix"]}, "format": "yaml"}),
            &["--condition", "source-ip,s3-prefix", "--format", "yaml"],
        ),
        (
            "added",
            json!({"writing": {"add": ["sts:GetCallerIdentity", {"action": "sqs:SendMessage", "resources": [queue]}]}, "format": "terraform"}),
            &[
                "--add",
                "sts:GetCallerIdentity",
                "--add",
                &add,
                "--format",
                "terraform",
            ],
        ),
        (
            "inline",
            json!({"writing": {"target": "role"}, "format": "cloudformation"}),
            &["--target", "role", "--format", "cloudformation"],
        ),
        (
            "november",
            json!({"range": {"during": "2026-11"}}),
            &["--during", "2026-11"],
        ),
    ];
    for (folder, mut body, args) in cases {
        let files = typed(&lab, folder, args);
        body["principal"] = json!(ROLE);
        let answer = post(&server, "policies", &body).status(200).json();
        let file = |name: &str| {
            let found = files.iter().find(|(own, _)| own == name);
            serde_json::from_str::<Value>(&found.unwrap().1).unwrap()
        };
        assert_eq!(answer["evidence"], file("evidence.json"), "{folder}");
        assert_eq!(answer["proof"], file("proof.json"), "{folder}");
        assert_eq!(answer["unmapped"], file("unmapped.json"), "{folder}");
        let policies = files
            .iter()
            .filter(|(name, _)| name.starts_with("policy"))
            .map(|(name, text)| json!({"name": name, "text": text}));
        let policies: Vec<Value> = policies.collect();
        assert_eq!(answer["files"], json!(policies), "{folder}");
        assert_eq!(answer["proof"]["holds"], true);
        assert_eq!(
            answer["size"]["statements"],
            answer["documents"][0]["Statement"]
                .as_array()
                .unwrap()
                .len()
        );
    }
}

#[test]
fn a_job_can_be_asked_for_any_policy() {
    let lab = lab_of_many();
    let server = Server::start(&lab, &[]);
    let writing = json!({"style": "compact", "threshold": 2, "conditions": ["source-ip"]});
    let body = json!({"principal": ROLE, "range": {"during": "2026"}, "writing": writing, "clientToken": "one"});
    let started = post(&server, "jobs", &body).status(200).json();
    assert_eq!(started["status"], "IN_PROGRESS");
    assert_eq!(
        post(&server, "jobs", &body).status(200).json()["jobId"],
        started["jobId"]
    );
    let other = json!({"principal": ROLE, "clientToken": "one"});
    post(&server, "jobs", &other)
        .status(409)
        .error("ConflictException");
    let id = started["jobId"].as_str().unwrap();
    let job = server.until(&format!("/api/v1/jobs/{id}"), ended);
    let found = &job["found"]["policy"];
    let mut at_once = post(
        &server,
        "policies",
        &json!({"principal": ROLE, "range": {"during": "2026"}, "writing": writing}),
    )
    .status(200)
    .json();
    at_once.as_object_mut().unwrap().remove("files");
    assert_eq!(*found, at_once);
    assert_eq!(found["writing"]["conditions"], json!(["source-ip"]));
    // AWS's operation tells the same job.
    let answer = server
        .ask("GET", &format!("/policy/generation/{id}"), "")
        .status(200)
        .json();
    let policy = answer["generatedPolicyResult"]["generatedPolicies"][0]["policy"]
        .as_str()
        .unwrap();
    let policy: Value = serde_json::from_str(policy).unwrap();
    assert_eq!(policy, found["documents"][0]);
    for wrong in [
        json!({"principal": ROLE, "writing": {"style": "access-analyzer", "conditions": ["mfa"]}}),
        json!({"principal": ROLE, "writing": {"add": ["s3:Nope"]}}),
        json!({"principal": ROLE, "writing": {"tone": "warm"}}),
        json!({"principal": ROLE, "range": {"last": "90d", "from": "2026"}}),
        json!({"principal": ROLE, "range": {"since": "2026"}}),
        json!({}),
    ] {
        let answer = post(&server, "jobs", &wrong).status(400);
        answer.error("ValidationException");
    }
    let delete = |id: &str| server.ask("DELETE", &format!("/api/v1/jobs/{id}"), "");
    delete(id).status(400);
    delete("nothing")
        .status(404)
        .error("ResourceNotFoundException");
}

#[test]
fn documents_that_somebody_changed_are_proven_written_and_compared() {
    let lab = lab_of_many();
    let server = Server::start(&lab, &[]);
    let body = json!({"principal": ROLE});
    let policy = post(&server, "policies", &body).status(200).json();
    let prove = |documents: Value| {
        post(
            &server,
            "proofs",
            &json!({"principal": ROLE, "documents": documents}),
        )
    };
    let whole = prove(policy["documents"].clone()).status(200).json();
    assert_eq!(whole["proof"], policy["proof"]);
    assert_eq!(whole["size"], policy["size"]);
    // As an editor sends it: text, with less in it.
    let less = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::logs/2026/*"}]}"#;
    let proof = &prove(json!([less])).status(200).json()["proof"];
    assert_eq!(
        (&proof["holds"], &proof["requests"]),
        (&json!(false), &json!(5))
    );
    let refused = json!([{"action": "s3:ListBucket", "resource": "arn:aws:s3:::logs"}]);
    assert_eq!(proof["refused"], refused);
    let wrong = prove(json!([
        "{\"Version\": \"2012-10-17\", \"Statement\": [{}]}"
    ]))
    .status(400);
    assert_eq!(wrong.json()["fieldList"][0]["name"], "documents[0]");
    prove(json!([])).status(400);

    let files = post(
        &server,
        "files",
        &json!({"principal": ROLE, "documents": [less], "format": "terraform", "description": "by hand"}),
    );
    let files = files.status(200).json();
    assert_eq!(files["files"][0]["name"], "policy.tf");
    let text = files["files"][0]["text"].as_str().unwrap();
    assert!(
        text.contains("by hand") && text.contains("logs/2026/*"),
        "{text}"
    );

    let present =
        json!({"name": "present", "document": less.replace("s3:GetObject", "s3:*Object")});
    let diff = post(
        &server,
        "diffs",
        &json!({"principal": ROLE, "policies": [present]}),
    );
    let diff = diff.status(200).json();
    let actions = diff["actions"].as_array().unwrap();
    let state = |action: &str| {
        let found = actions.iter().find(|it| it["action"] == action);
        found.unwrap()["state"].clone()
    };
    assert_eq!(state("s3:GetObject"), "used");
    assert_eq!(state("s3:ListBucket"), "notGranted");
    assert_eq!(state("s3:PutObject"), "invisible");
    assert!(diff["tightened"]["Statement"].is_array(), "{diff}");
}

#[test]
fn who_used_nothing_gets_no_document_but_what_is_known() {
    let lab = lab_of(&[record(1).with("errorCode", "AccessDenied")]);
    let server = Server::start(&lab, &[]);
    let answer = post(&server, "policies", &json!({"principal": ROLE}))
        .status(200)
        .json();
    assert_eq!(answer["documents"], json!([]));
    assert_eq!(answer["files"], json!([]));
    assert_eq!(
        answer["evidence"]["denied"],
        json!([{"what": "s3:GetObject", "count": 1}])
    );
    // No data is not no use.
    let early = json!({"principal": ROLE, "range": {"during": "2025"}});
    let none = post(&server, "policies", &early)
        .status(404)
        .error("ResourceNotFoundException");
    assert!(
        none.body
            .contains("that is no sign that nothing was used; it has events from 2026-11-24"),
        "{none:?}"
    );
    let root = json!({"principal": "arn:aws:iam::111122223333:role/nobody"});
    post(&server, "policies", &root).status(404);
}
