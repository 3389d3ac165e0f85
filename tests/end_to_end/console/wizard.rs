//! Does the way from a principal to its policy hold, without any script?

use std::time::{Duration, Instant};

use serde_json::json;
use trailwright_tests::trail::{ROLE, record};
use trailwright_tests::{Lab, Server};

use super::{MARKUP, Visitor, lab_of, shows};

/// The role reads an object and does what no rule knows; somebody writes a bucket's policy for it.
pub(super) fn lab_of_reader() -> Lab {
    lab_of(&[
        record(1),
        record(2).calls("sqs.amazonaws.com", "FrobQueue"),
        record(3)
            .calls("iam.amazonaws.com", "GetRole")
            .with("requestParameters", json!({"roleName": "app"})),
        record(4)
            .calls("s3.amazonaws.com", "DeleteBucket")
            .with("errorCode", "AccessDenied"),
    ])
}

/// Generates the policy of the role; the path of its job.
fn generated(visitor: &Visitor<'_>, form: &str) -> String {
    let started = visitor.post("/generate", form).status(303);
    let job = started.header("location").unwrap().to_owned();
    let begun = Instant::now();
    loop {
        let page = visitor.get(&job).status(200).body;
        if page.contains("Review the policy") {
            return job;
        }
        assert!(page.contains("http-equiv=\"refresh\""), "{page}");
        assert!(begun.elapsed() < Duration::from_secs(60), "{page}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub(super) fn generated_for_role(visitor: &Visitor<'_>) -> String {
    generated(visitor, &format!("principal={ROLE}"))
}

#[test]
fn the_whole_way_is_walked_by_forms_and_links() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &[]);
    let visitor = Visitor::of(&server);
    let job = generated_for_role(&visitor);

    let review = visitor.get(&format!("{job}/review")).status(200).body;
    shows(&review, "<code>s3:<wbr>GetObject</code>");
    shows(&review, "<code>FrobQueue</code>");
    shows(&review, "s3:DeleteBucket");
    let evidence = visitor.get(&format!("{job}/evidence?action=s3:GetObject"));
    let evidence = evidence.status(200).body;
    shows(&evidence, "<code>arn:aws:s3:::logs/a.txt</code>");
    shows(&evidence, "00000000-0000-4000-8000-000000000001");

    let menu = visitor.get(&format!("{job}/actions?service=sqs&q=receive"));
    shows(&menu.status(200).body, "value=\"sqs:ReceiveMessage\"");
    let state = "add=sqs:ReceiveMessage&set.QueueName=jobs,mail&set.Region=eu-west-1&set.Account=111122223333";
    let review = visitor.get(&format!("{job}/review?{state}")).status(200);
    shows(&review.body, "Added by hand");

    let text = visitor
        .get(&format!("{job}/customize?{state}"))
        .status(200)
        .body;
    shows(&text, "arn:aws:sqs:eu-west-1:111122223333:jobs");
    shows(&text, "arn:aws:sqs:eu-west-1:111122223333:mail");
    shows(&text, "No findings.");

    let proof = visitor
        .get(&format!("{job}/proof?{state}"))
        .status(200)
        .body;
    shows(&proof, "2 of 2 allowed");

    let finish = visitor
        .get(&format!("{job}/finish?{state}"))
        .status(200)
        .body;
    shows(&finish, "2 of 2");
    for (format, has) in [
        ("json", "\"s3:GetObject\""),
        ("yaml", "s3:GetObject"),
        ("terraform", "aws_iam_policy"),
        ("cloudformation", "AWS::IAM::ManagedPolicy"),
    ] {
        let file = visitor.get(&format!("{job}/download?{state}&format={format}"));
        let file = file.status(200);
        assert!(
            file.body.contains(has) && file.body.contains(":jobs"),
            "{file:?}"
        );
        let disposition = file.header("content-disposition").unwrap();
        assert!(
            disposition.starts_with("attachment; filename=\"policy"),
            "{disposition}"
        );
    }
}

#[test]
fn an_edited_text_is_what_counts_from_then_on() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &[]);
    let visitor = Visitor::of(&server);
    let job = generated_for_role(&visitor);
    let edit = |text: &str| {
        let text: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let kept = visitor.post(
            &format!("{job}/customize"),
            &format!("document={text}&go=proof"),
        );
        kept.status(303).header("location").unwrap().to_owned()
    };
    let policy = visitor
        .get(&format!("{job}/download?format=json"))
        .status(200)
        .body;
    // What was not edited is no draft.
    assert_eq!(edit(&policy), format!("{job}/proof"));

    let narrower = edit(&policy.replace("logs/a.txt", "logs/b.txt"));
    assert!(
        narrower.starts_with(&format!("{job}/proof?draft=")),
        "{narrower}"
    );
    let proof = visitor.get(&narrower).status(200).body;
    shows(&proof, "1 of 2 allowed");
    shows(&proof, "<code>arn:aws:s3:::logs/a.txt</code>");
    let file = narrower.replace("/proof?", "/download?");
    assert!(visitor.get(&file).status(200).body.contains("logs/b.txt"));

    let broken = edit("{\"Version\": \"2012-10-17\", \"Statement\": [}");
    shows(
        &visitor.get(&broken).status(200).body,
        "document 1 is no policy",
    );
    visitor
        .get(&broken.replace("/proof?", "/download?"))
        .status(400);
    let text = visitor
        .get(&broken.replace("/proof?", "/customize?"))
        .status(200)
        .body;
    shows(&text, "JSON_SYNTAX_ERROR");

    // A draft of another name is none, wherever the name would lead.
    for name in ["00000000-0000-4000-8000-000000000000", "..%2F..%2Fx", "x"] {
        visitor
            .get(&format!("{job}/proof?draft={name}"))
            .status(404);
    }
}

#[test]
fn the_policy_is_compared_with_the_present_one() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &[]);
    let visitor = Visitor::of(&server);
    let job = generated_for_role(&visitor);
    let present = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["s3:GetObject", "ec2:RunInstances"], "Resource": "*"},
    ]});
    let present: String =
        url::form_urlencoded::byte_serialize(present.to_string().as_bytes()).collect();
    let kept = visitor
        .post(&format!("{job}/present"), &format!("policy={present}"))
        .status(303);
    let page = visitor
        .get(kept.header("location").unwrap())
        .status(200)
        .body;
    shows(&page, "Used, and not granted today: 1 action");
    shows(&page, "Granted today, never used: 1 action");
    shows(&page, "Granted today, and used: 1 action");
    shows(&page, "The present policies grant more than the new one");
    let kept = visitor
        .post(&format!("{job}/present"), "policy=%7B")
        .status(303);
    let page = visitor
        .get(kept.header("location").unwrap())
        .status(200)
        .body;
    shows(&page, "is no policy");
}

#[test]
fn findings_are_told_while_a_text_is_typed() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &[]);
    let visitor = Visitor::of(&server);
    let job = generated_for_role(&visitor);
    let text = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": format!("s3:{MARKUP}"), "Resource": "*"},
    ]});
    let text: String = url::form_urlencoded::byte_serialize(text.to_string().as_bytes()).collect();
    let piece = visitor
        .post(&format!("{job}/findings"), &format!("document={text}"))
        .status(200)
        .body;
    shows(&piece, "INVALID_ACTION");
    assert!(
        !piece.contains("<script>") && !piece.contains("<html"),
        "{piece}"
    );
}

#[test]
fn what_cannot_be_generated_is_said_on_the_form() {
    let lab = lab_of_reader();
    let server = Server::start(&lab, &[]);
    let visitor = Visitor::of(&server);
    for (form, told) in [
        ("principal=", "no role or user is named"),
        ("principal=ec2.amazonaws.com", "a service acts by trust"),
        (&*format!("principal={ROLE}&from=soon"), "got `soon`"),
        (&*format!("principal={ROLE}&when=exact"), "no date is given"),
        (
            &*format!("principal={ROLE}&when=all&to=2026"),
            "there are dates beside another span",
        ),
    ] {
        shows(&visitor.post("/generate", form).status(200).body, told);
    }
    let started = visitor.post(
        "/generate",
        "principal=arn:aws:iam::111122223333:role/nobody",
    );
    let job = started.status(303).header("location").unwrap().to_owned();
    let begun = Instant::now();
    loop {
        let page = visitor.get(&job).status(200).body;
        if page.contains("There is no policy") {
            shows(&page, "is not in the lake");
            shows(&page, "Change and try again");
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{page}");
        std::thread::sleep(Duration::from_millis(50));
    }
    visitor.get(&format!("{job}/review")).status(409);
    visitor.get("/jobs/none").status(404);
    shows(&visitor.get("/jobs").status(200).body, "failed");
}

#[test]
fn a_span_is_chosen_or_typed_to_the_day() {
    let lab = lab_of(&[
        record(1),
        record(2)
            .at("2026-10-01T09:30:00Z")
            .calls("s3.amazonaws.com", "ListBuckets"),
    ]);
    let server = Server::start(&lab, &[]);
    let visitor = Visitor::of(&server);
    let form = visitor.get("/generate").status(200).body;
    shows(&form, "value=\"2026-10-26\"");
    shows(&form, "Last 30 days");
    let policy = |form: &str| {
        let job = generated(&visitor, &format!("principal={ROLE}&{form}"));
        visitor.get(&format!("{job}/download")).status(200).body
    };
    for (form, objects, buckets) in [
        ("when=all&from=&to=", true, true),
        ("when=2026-10-26&from=&to=", true, false),
        ("when=exact&from=&to=2026-10-31", false, true),
        ("when=exact&from=2026-09-30&to=2026-11-24", true, true),
    ] {
        let policy = policy(form);
        assert_eq!(policy.contains("s3:GetObject"), objects, "{form}");
        assert_eq!(policy.contains("s3:ListAllMyBuckets"), buckets, "{form}");
    }
}

#[test]
fn accounts_and_regions_cut_the_logs_down() {
    let lab = lab_of(&[
        record(1),
        record(2)
            .with("awsRegion", "us-east-1")
            .calls("s3.amazonaws.com", "ListBuckets"),
    ]);
    let server = Server::start(&lab, &[]);
    let visitor = Visitor::of(&server);
    let job = generated(
        &visitor,
        &format!("principal={ROLE}&region=us-east-1&account=111122223333"),
    );
    let policy = visitor.get(&format!("{job}/download")).status(200).body;
    assert!(policy.contains("s3:ListAllMyBuckets"), "{policy}");
    assert!(!policy.contains("s3:GetObject"), "{policy}");
}
