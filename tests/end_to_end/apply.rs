//! Does a policy get to the role that it is for, and can that be undone? IAM is moto's, in a Python
//! that `TRAILWRIGHT_TEST_PYTHON` names (`.ci/run` sees to that).

use serde_json::{Value, json};
use trailwright_tests::trail::{ROLE, delivery, record};
use trailwright_tests::{Iam, Lab, Outcome, Server};

use crate::lab;

fn lab_of_reader() -> Lab {
    let lab = lab();
    lab.write("logs/a.json", delivery(&[record(1)]));
    lab.ingest("logs");
    lab
}

/// The file that `apply` says it wrote.
fn record_of(done: &Outcome) -> String {
    let (_, rest) = done.stderr.split_once("trailwright rollback ").unwrap();
    rest.split(' ').next().unwrap().to_owned()
}

const ALICE: &str = "arn:aws:iam::111122223333:user/alice";
const WIDE: &str = "arn:aws:iam::111122223333:policy/wide";
const OURS: &str = "arn:aws:iam::111122223333:policy/Trailwright-reader";

#[test]
fn without_yes_it_only_says_what_it_would_do() {
    let Some(mut iam) = Iam::start() else { return };
    let lab = lab_of_reader();
    let before = iam.state();
    iam.apply(&lab, &["--replace"])
        .status(0)
        .says("replayed: 1 of 1")
        .says("nothing was changed; --yes does it")
        .stdout(&format!(
            "plan for {ROLE}\n\
             \x20 create and attach {OURS}\n\
             \x20 detach            {WIDE}\n\
             \x20 delete inline     extra\n\
             \x20 + s3:GetObject on arn:aws:s3:::logs/a.txt\n\
             \x20 - s3:* on *\n\
             \x20 - sqs:* on *\n\
             \x20 grants nothing that the present policies do not\n\
             \x20 takes away what 2 statements of the present policies grant beyond it\n"
        ));
    assert_eq!(iam.state(), before);
    assert_eq!(std::fs::read_dir(lab.path("")).unwrap().count(), 2);
}

#[test]
fn a_policy_is_attached_in_place_of_all_others_and_rolled_back() {
    let Some(mut iam) = Iam::start() else { return };
    let lab = lab_of_reader();
    let before = iam.state();
    let done = iam
        .apply(&lab, &["--replace", "--yes", "--keep", "kept"])
        .status(0);
    let after = iam.state();
    assert_eq!(after["attached"], json!(["Trailwright-reader"]));
    assert_eq!(after["inline"], json!({}));
    let expected = lab
        .trailwright(["policy", "lake", "--principal", ROLE])
        .status(0)
        .json();
    assert_eq!(iam.ask("document Trailwright-reader"), expected);

    // Once more changes nothing.
    iam.apply(&lab, &["--replace"]).status(0).stdout(&format!(
        "plan for {ROLE}\n\
         \x20 is there          {OURS}\n\
         \x20 grants nothing that the present policies do not\n\
         \x20 the present policies grant nothing beyond it\n"
    ));
    let file = record_of(&done);
    iam.run(&lab, &["rollback", &file])
        .status(0)
        .says("nothing was changed")
        .stdout_has("had the inline policy extra");
    assert_eq!(iam.state(), after);
    iam.run(&lab, &["rollback", &file, "--yes"])
        .status(0)
        .stdout_has(&format!("attached {WIDE}"))
        .stdout_has("put back the inline policy extra")
        .stdout_has(&format!("deleted {OURS}"));
    assert_eq!(iam.state(), before);
    iam.run(&lab, &["rollback", &file, "--yes"])
        .status(0)
        .stdout_has("all was as it had been");
}

#[test]
fn a_policy_that_is_there_gets_a_version_and_is_set_back_to_the_one_before() {
    let Some(mut iam) = Iam::start() else { return };
    let lab = lab_of_reader();
    iam.apply(&lab, &["--yes"]).status(0);
    assert_eq!(
        iam.state()["attached"],
        json!(["Trailwright-reader", "wide"])
    );
    let first = iam.state();
    let other = json!({"bucketName": "logs", "key": "b.txt"});
    lab.write(
        "more/b.json",
        delivery(&[record(2).with("requestParameters", other)]),
    );
    lab.ingest("more");
    let done = iam.apply(&lab, &["--yes"]).status(0).stdout_has("update ");
    let versions = &iam.state()["policies"]["Trailwright-reader"];
    assert_eq!(versions.as_array().unwrap().len(), 2);
    assert_eq!(versions[1][0], "*");
    iam.run(&lab, &["rollback", &record_of(&done), "--yes"])
        .status(0)
        .stdout_has("back to version v1")
        .stdout_has("deleted version v2");
    assert_eq!(iam.state(), first);
}

#[test]
fn a_policy_with_all_its_versions_loses_the_oldest_and_gets_it_back() {
    let Some(mut iam) = Iam::start() else { return };
    let lab = lab_of_reader();
    iam.ask("full Trailwright-reader");
    let before = iam.state();
    let done = iam.apply(&lab, &["--yes"]).status(0);
    let done = done.stdout_has(&format!("delete version    v1 of {OURS}, to make room"));
    let after = iam.state();
    let versions = after["policies"]["Trailwright-reader"].as_array().unwrap();
    assert_eq!(versions.len(), 5);
    assert_eq!(versions[4][0], "*");
    iam.run(&lab, &["rollback", &record_of(&done), "--yes"])
        .status(0)
        .stdout_has("put back version v1");
    // The oldest is the newest by now: a version does not get its number back.
    let mut rolled_back = iam.state();
    let versions = rolled_back["policies"]["Trailwright-reader"]
        .as_array_mut()
        .unwrap();
    versions.rotate_right(1);
    assert_eq!(rolled_back, before);
    let text = iam
        .run(&lab, &["rollback", &record_of(&done), "--yes"])
        .status(0);
    text.stdout_has("all was as it had been");
}

#[test]
fn more_policies_than_a_role_may_have_are_told_before_anything_is_changed() {
    let Some(mut iam) = Iam::start() else { return };
    let lab = lab_of_reader();
    let warning = "makes 11 managed policies: IAM takes 10, if the account's quota was not raised";
    iam.ask("crowd 8");
    let nine = iam.apply(&lab, &[]).status(0);
    assert!(!nine.stdout.contains("managed policies"), "{nine:?}");
    iam.ask("crowd 1");
    let before = iam.state();
    iam.apply(&lab, &[]).status(0).stdout_has(warning);
    // Those that go make room.
    let replacing = iam.apply(&lab, &["--replace"]).status(0);
    assert!(!replacing.stdout.contains("managed policies"));
    assert_eq!(iam.state(), before);
}

#[test]
fn a_policy_that_others_have_is_not_changed() {
    let Some(mut iam) = Iam::start() else { return };
    let lab = lab_of_reader();
    let before = iam.state();
    // Alice has it attached.
    iam.apply(&lab, &["--yes", "--name", "narrow"])
        .status(1)
        .says("1 others have it attached, and would get this policy, too")
        .says("hint: choose another name for it");
    assert_eq!(iam.state(), before);
}

#[test]
fn old_policies_are_detached_by_name_and_the_new_one_says_what_it_is() {
    let Some(mut iam) = Iam::start() else { return };
    let lab = lab_of_reader();
    let before = iam.state();
    iam.apply(&lab, &["--yes", "--detach", "extra", "--detach", "narrow"])
        .status(1)
        .says("has no policy of that name or ARN");
    assert_eq!(iam.state(), before);
    let more = [
        "--name",
        "mine",
        "--description",
        "by hand",
        "--tag",
        "team=logs",
    ];
    let done = iam
        .apply(&lab, &[&["--yes", "--detach", "extra"][..], &more].concat())
        .status(0)
        .stdout_has("delete inline     extra")
        .stdout_has(&format!("keep              {WIDE}"));
    let after = iam.state();
    assert_eq!(after["attached"], json!(["mine", "wide"]));
    assert_eq!(after["inline"], json!({}));
    let about = json!({"description": "by hand", "tags": {"team": "logs"}});
    assert_eq!(iam.ask("about mine"), about);
    iam.run(&lab, &["rollback", &record_of(&done), "--yes"])
        .status(0);
    assert_eq!(iam.state(), before);
}

#[test]
fn a_user_gets_a_policy_and_its_old_ones_back() {
    let Some(mut iam) = Iam::start() else { return };
    let lab = lab();
    let identity =
        json!({"type": "IAMUser", "arn": ALICE, "accountId": "111122223333", "userName": "alice"});
    lab.write(
        "logs/a.json",
        delivery(&[record(1).with("userIdentity", identity)]),
    );
    lab.ingest("logs");
    let before = iam.state();
    let args = [
        "apply",
        "lake",
        "--principal",
        ALICE,
        "--endpoint-url",
        &iam.url,
        "--yes",
        "--replace",
    ];
    let done = iam.run(&lab, &args).status(0);
    let after = iam.state();
    assert_eq!(
        after["user"],
        json!({"attached": ["Trailwright-alice"], "inline": {}})
    );
    assert_eq!(after["attached"], before["attached"]);
    iam.run(&lab, &["rollback", &record_of(&done), "--yes"])
        .status(0);
    assert_eq!(iam.state(), before);
}

#[test]
fn a_policy_that_is_not_proven_or_not_filled_in_is_not_applied() {
    let Some(mut iam) = Iam::start() else { return };
    let lab = lab();
    let role = json!({"roleName": "app"});
    let look = record(1).calls("iam.amazonaws.com", "GetRole");
    lab.write(
        "logs/a.json",
        delivery(&[look.with("requestParameters", role)]),
    );
    lab.ingest("logs");
    let before = iam.state();
    let apply = |more: &[&str]| {
        let style = [
            "--style",
            "access-analyzer",
            "--set",
            "Account=111122223333",
        ];
        iam.apply(&lab, &[&style[..], more].concat())
    };
    apply(&["--yes"])
        .status(1)
        .says("placeholder `${RoleNameWithPath}` has no value")
        .says("hint: give it one: --set RoleNameWithPath=VALUE");
    apply(&["--yes", "--set", "RoleNameWithPath=other"])
        .status(1)
        .says("the policy would refuse 1 of 1 requests that were seen, first iam:GetRole on arn:aws:iam::111122223333:role/app");
    apply(&["--set", "RoleNameWithPath=app"])
        .status(0)
        .stdout_has("+ iam:GetRole on arn:aws:iam::111122223333:role/app");
    assert_eq!(iam.state(), before);
}

#[test]
fn what_iam_refuses_half_way_can_be_put_back() {
    let Some(mut iam) = Iam::start() else { return };
    // Two documents; the second is there with all its versions.
    let object = |n: u32| json!({"bucketName": "logs", "key": format!("{n}/{}", "x".repeat(60))});
    let records = (0..120).map(|n| record(n).with("requestParameters", object(n)));
    let lab = lab();
    lab.write("logs/a.json", delivery(&records.collect::<Vec<_>>()));
    lab.ingest("logs");
    iam.ask("full Trailwright-reader-2");
    let mut before = iam.state();
    // Whichever step fails.
    for step in [
        "create_policy 0",
        "attach_role_policy 0",
        "delete_policy_version 0",
        "create_policy_version 0",
        "attach_role_policy 1",
        "detach_role_policy 0",
        "delete_role_policy 0",
    ] {
        iam.ask(&format!("refuse {step}"));
        let done = iam
            .apply(&lab, &["--yes", "--replace"])
            .status(1)
            .says("error: stopped half-way")
            .says("LimitExceeded")
            .says("hint: put all back as it was: trailwright rollback ");
        iam.ask("allow");
        iam.run(&lab, &["rollback", &record_of(&done), "--yes"])
            .status(0);
        let mut after = iam.state();
        // A version that had to go comes back as the newest.
        for state in [&mut before, &mut after] {
            let versions = state["policies"]["Trailwright-reader-2"].as_array_mut();
            versions.unwrap().sort_by_key(Value::to_string);
        }
        assert_eq!(after, before, "{step}");
    }
}

#[test]
fn an_account_that_does_not_know_the_role_is_left_alone() {
    let Some(iam) = Iam::start() else { return };
    let lab = lab();
    let other = "arn:aws:iam::444455556666:role/reader";
    let identity = json!({
        "type": "AssumedRole",
        "arn": "arn:aws:sts::444455556666:assumed-role/reader/session",
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": other}},
    });
    lab.write(
        "logs/a.json",
        delivery(&[record(1).with("userIdentity", identity)]),
    );
    lab.ingest("logs");
    let args = [
        "apply",
        "lake",
        "--principal",
        other,
        "--endpoint-url",
        &iam.url,
        "--yes",
    ];
    iam.run(&lab, &args)
        .status(1)
        .says(&format!("the account has {ROLE} by that name"))
        .says("hint: see whether the credentials are those of the right account");
    // Nor is anything done by default: IAM must be named.
    lab.trailwright(["apply", "lake", "--principal", ROLE, "--yes"])
        .status(1)
        .says("--endpoint-url");
}

#[test]
fn the_server_applies_the_policy_of_a_job_and_rolls_it_back() {
    let Some(mut iam) = Iam::start() else { return };
    let lab = lab_of_reader();
    let server = iam.server(&lab);
    let order = json!({"policyGenerationDetails": {"principalArn": ROLE}});
    let answer = server.ask("PUT", "/policy/generation", &order.to_string());
    let id = answer.status(200).json()["jobId"]
        .as_str()
        .unwrap()
        .to_owned();
    let ended = |job: &Value| job["status"] != "IN_PROGRESS";
    server.until(&format!("/api/v1/jobs/{id}"), ended);
    let post = |path: &str, body: Value| server.ask("POST", path, &body.to_string());

    let before = iam.state();
    let planned = post("/api/v1/apply", json!({"jobId": id, "replace": true})).status(200);
    let planned = planned.json();
    let plan = planned["plan"].as_str().unwrap().to_owned();
    assert!(
        plan.contains(&format!("detach            {WIDE}")),
        "{plan}"
    );
    let steps = json!([
        {"action": "create and attach", "what": OURS},
        {"action": "detach", "what": WIDE},
        {"action": "delete inline", "what": "extra"},
    ]);
    assert_eq!(planned["steps"], steps);
    let difference = json!({
        "added": ["s3:GetObject on arn:aws:s3:::logs/a.txt"],
        "removed": ["s3:* on *", "sqs:* on *"],
    });
    assert_eq!(planned["difference"], difference);
    assert_eq!(planned["proof"]["holds"], true);
    assert_eq!(iam.state(), before);

    let confirmed = json!({"jobId": id, "replace": true, "confirm": true});
    let applied = post("/api/v1/apply", confirmed).status(200).json();
    assert_eq!(applied["plan"], plan.as_str());
    assert_eq!(iam.state()["attached"], json!(["Trailwright-reader"]));
    let record = &applied["record"];
    let undone = post("/api/v1/rollback", json!({"record": record})).status(200);
    assert_eq!(undone.json()["done"].as_array().unwrap().len(), 4);
    assert_eq!(iam.state(), before);

    // Documents that somebody changed are proven first.
    let document = |resource: &str| json!([{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource}]}]);
    let changed = |resource: &str| {
        let more = json!({"jobId": id, "name": "mine", "description": "mine", "tags": {"a": "b"}, "confirm": true});
        let mut body = more.clone();
        body["documents"] = document(resource);
        post("/api/v1/apply", body)
    };
    let refused = changed("arn:aws:s3:::other/*").status(400);
    assert!(
        refused.body.contains("would refuse 1 of 1 requests"),
        "{refused:?}"
    );
    changed("arn:aws:s3:::${BucketName}/*").status(400);
    assert_eq!(iam.state(), before);
    let record = changed("arn:aws:s3:::logs/*").status(200).json()["record"].take();
    assert_eq!(iam.ask("document mine"), document("arn:aws:s3:::logs/*")[0]);
    post("/api/v1/rollback", json!({"record": record})).status(200);
    assert_eq!(iam.state(), before);

    for record in ["../jobs/lock", "rollback-nothing.json", ""] {
        post("/api/v1/rollback", json!({"record": record})).status(400);
    }
    post("/api/v1/apply", json!({"jobId": "nothing"})).status(400);
    drop(server);
    let server = Server::start(&lab, &[]);
    let refused = server.ask("POST", "/api/v1/apply", &json!({"jobId": id}).to_string());
    assert!(refused.status(400).body.contains("--iam-endpoint-url"));
}
